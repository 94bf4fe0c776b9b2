/** What would forge lines and colours in a log, or turn its text around: control and format characters, separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * An Error for whatever somebody else's code threw, so that it can be logged and shown: with a message of one line that
 * says something. A sane Error stays what it is.
 */
export function toError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error && thrown.message === messageOf(thrown) && typeof thrown.stack === 'string')
      return thrown;
  } catch {
    // A getter of it throws.
  }
  return new Error(messageOf(thrown), { cause: safely(() => String(thrown)) });
}

/** One line for a person; of several errors in one, all. */
export function messageOf(thrown: unknown): string {
  return safely(() => oneLine(textOf(thrown))) ?? 'something that cannot be shown was thrown';
}

function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error))
    return typeof thrown === 'string' ? thrown : `${typeof thrown} ${String(thrown)}`;
  if (thrown.message !== '') return thrown.message;
  if (thrown instanceof AggregateError && thrown.errors.length > 0)
    return thrown.errors.map(messageOf).join('; ');
  if (thrown.cause !== undefined) return messageOf(thrown.cause);
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.name;
}

function oneLine(text: string): string {
  return text.replaceAll(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  const short = JSON.stringify(character).slice(1, -1);
  return short === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : short;
}

function safely<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
