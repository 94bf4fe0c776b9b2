/** DynamoDB Local takes any, but the SDK wants some. */
export function useAnyCredentials(): void {
  process.env['AWS_ACCESS_KEY_ID'] = 'local';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'local';
}
