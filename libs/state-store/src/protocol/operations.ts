export const OPERATIONS = ['create', 'update', 'delete', 'get', 'list', 'sync', 'ping'] as const;

export type Operation = (typeof OPERATIONS)[number];

export function isOperation(text: string): text is Operation {
  return OPERATIONS.some((operation) => operation === text);
}
