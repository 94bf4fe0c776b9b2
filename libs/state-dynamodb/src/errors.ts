import { StateStoreError, type StateStoreErrorCode } from '@joblet/state-store';

/** Of DynamoDB's errors that blame the request, those that time or an operator mends. */
const UNAVAILABLE: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'KMSAccessDeniedException',
  'LimitExceededException',
  'MissingAuthenticationTokenException',
  'ProvisionedThroughputExceededException',
  'ReplicatedWriteConflictException',
  'RequestLimitExceeded',
  'ResourceInUseException',
  'ResourceNotFoundException',
  'ThrottlingException',
  'TransactionConflictException',
  'UnrecognizedClientException',
]);

const ITEM_TOO_LARGE = /item size/i;

interface SdkError extends Error {
  /** Whose fault it is, for what DynamoDB answered. */
  readonly $fault?: 'client' | 'server';
}

/** What a caller of the store gets for whatever the SDK throws. `what` names the request. */
export function toStateStoreError(error: unknown, what: string): StateStoreError {
  if (error instanceof StateStoreError) return error;
  const { name, message, $fault } = error as SdkError;
  const code = isBug(error) ? 'INTERNAL' : codeOf(name, message, $fault);
  // The message of a wrong signature has all headers, the session's token among them.
  const [firstLine] = String(message).split('\n');
  return new StateStoreError(code, `DynamoDB: ${what}: ${name}: ${firstLine}`, {
    cause: Object.assign(new Error(firstLine), { name }),
  });
}

/** The SDK was still trying. */
export function noAnswer(what: string, timeoutMs: number): StateStoreError {
  return new StateStoreError('UNAVAILABLE', `DynamoDB: ${what}: no answer in ${timeoutMs} ms`);
}

export function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function codeOf(name: string, message: string, fault: SdkError['$fault']): StateStoreErrorCode {
  if (name === 'ValidationException' && ITEM_TOO_LARGE.test(message)) return 'TOO_LARGE';
  // What DynamoDB did not answer is of the network.
  if (fault !== 'client' || UNAVAILABLE.has(name)) return 'UNAVAILABLE';
  return 'INTERNAL';
}

/** Of this package or the SDK; what the network does has another class. */
function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}
