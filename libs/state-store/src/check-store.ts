/** What every store has. */
const METHODS = ['create', 'get', 'update', 'delete', 'list', 'sync', 'healthCheck', 'close'] as const;

const CAPABILITIES = ['durable', 'atomicSync', 'ttl'] as const;

/**
 * What keeps a value from being a state store, each in a sentence; empty: it has the shape of one. For those who load a
 * store that somebody else wrote. A capability that the store does not name counts as false: it may be older.
 */
export function storeProblems(value: unknown): readonly string[] {
  if (!isObject(value)) return [`it is ${value === null ? 'null' : typeof value}, expected an object`];
  const problems: string[] = METHODS.filter((name) => typeof value[name] !== 'function').map(
    (name) => `${name} is ${typeof value[name]}, expected a method`,
  );
  if (typeof value[Symbol.asyncDispose] !== 'function') {
    problems.push('[Symbol.asyncDispose] is missing, expected a method that closes it');
  }
  const { supports } = value;
  if (!isObject(supports)) {
    problems.push(
      'supports is missing, expected an object such as { durable: true, atomicSync: true, ttl: false }',
    );
    return problems;
  }
  for (const name of CAPABILITIES) {
    const declared = supports[name];
    if (declared !== undefined && typeof declared !== 'boolean')
      problems.push(`supports.${name} is ${typeof declared}, expected a boolean`);
  }
  return problems;
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}
