import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError, problemLine } from './config-error.js';
import { printable, quoted, shownKey } from './printable.js';
import { checkText, warningLines } from './testing/check-text.js';

/** Escape codes, ends of lines, no-break and zero-width spaces, marks and overrides of direction, a lone surrogate. */
const ODD = [
  ...['\u0000', '\u001b[31m', '\n', '\r', '\t', '\u007f', '\u0085', '\u009b', '\u00a0', '\u00ad', '\u200b'],
  ...['\u200e', '\u202a', '\u202e', '\u2028', '\u2066', '\u2069', '\u3000', '\ufeff', '\ud800', '\u{e0041}'],
];
const NOT_PRINTED = /[^\P{C}]|[^\P{Z} ]/u;

describe('printable', () => {
  it.each([
    ['grpc_socket', 'grpc_socket'],
    ['Größe 名 😀', 'Größe 名 😀'],
    ['\u001b[31mred\nline', '"\\u001b[31mred\\nline"'],
    ['a\u202eb', '"a\\u202eb"'],
    ['\u{e0041}', '"\\udb40\\udc41"'],
    ['password:\n x', 'password:***'],
  ])('shows the key %j as %s', (key, shown) => {
    expect(shownKey(key)).toBe(shown);
  });

  it('gives a JSON string of the same text', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...ODD))), (parts) => {
        const text = parts.join('');
        expect(JSON.parse(quoted(text))).toBe(text);
        expect(quoted(text)).not.toMatch(NOT_PRINTED);
        expect(printable(text)).not.toMatch(NOT_PRINTED);
      }),
    );
  });
});

/** Every line and path that anybody may read about a file. */
async function linesAbout(yaml: string): Promise<readonly string[]> {
  const { problems, warnings, notBuilt, notes } = await checkText(yaml).catch((error: unknown) => {
    if (error instanceof ConfigError) return { ...error, warnings: [], notBuilt: [], notes: [] };
    throw error;
  });
  const all = [...problems, ...notBuilt];
  return [
    ...all.flatMap((problem) => [problemLine(problem), problem.path]),
    ...warnings.flatMap(({ message, path }) => [message, path]),
    ...notes,
  ];
}

it.each(ODD)('nothing that does not print is in a message or a path: %j', async (odd) => {
  const key = `a${odd}b`;
  const lines: string[] = [];
  for (const file of [
    { persist: { [key]: 1 } },
    { persist: { writer: { [key]: 1, [`queue_mb${odd}`]: 1 } } },
    { [key]: {}, [`${odd}storage`]: {} },
    { joblet: {}, [`${odd}storage`]: {}, server: { [`node_id${odd}`]: 1 } },
    { persist: { storage: { cloudwatch: { metric_dimensions: { [`${odd}é`]: 'v', [odd]: 1 } } } } },
    { persist: { storage: { type: `loca${odd}l`, base_dir: { [odd]: 1 }, s3: { bucket: odd } } } },
    { logging: { level: odd, format: [odd] }, state: { backend: `loca${odd}` } },
  ]) {
    lines.push(...(await linesAbout(JSON.stringify(file))));
  }
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => NOT_PRINTED.test(line))).toEqual([]);
});

it.each(['%FOO\u202e\n---\na: 1', 'a: !x\u202e b', 'a: *x\u202e', 'a: !y%1b\u009b b'])(
  'nor in what the parser says: %j',
  async (yaml) => {
    const lines = await linesAbout(yaml);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => NOT_PRINTED.test(line))).toEqual([]);
  },
);

it('a key with escape codes and a line is one line', async () => {
  expect(await warningLines(String.raw`persist: {"\e[31mred\e[0m\nFAKE error line": 1}`)).toEqual([
    String.raw`1:11: unknown key persist."\u001b[31mred\u001b[0m\nFAKE error line" is ignored`,
  ]);
});
