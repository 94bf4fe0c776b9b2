import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError } from './config-error.js';
import { NESTING_MAX } from './limits.js';
import { parseYaml, type YamlDocument } from './yaml-document.js';

function messageOf(text: string): string {
  let document: YamlDocument;
  try {
    document = parseYaml(text, 'c.yml');
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`expected a ConfigError, got ${JSON.stringify(document.root)}`);
}

describe('parseYaml', () => {
  it.each([
    ['a: 1\n---\nb: 2\n', 'c.yml:2:1: found more than one document, expected valid YAML'],
    ['\ta: 1\n', 'c.yml:1:1: found a tab in the indentation (only spaces are allowed), expected valid YAML'],
    ['a: 1\nb: *x\n', 'c.yml:2:4: found alias *x without an anchor, expected valid YAML'],
    ['a: &x\n  b: [*x]\n', 'c.yml:2:7: found alias *x inside its own anchor, expected valid YAML'],
    ['<<: 3\n', 'c.yml: found Merge sources must be maps or map aliases, expected valid YAML'],
  ])('refuses %j', (text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  it('names every syntax error, one for each line', () => {
    expect(messageOf('a: {b: 1, b: 2}\na: [1\n').split('\n').length).toBeGreaterThan(1);
    expect(messageOf('a: "x" "y" "z"\n').split('\n')).toHaveLength(1);
  });

  it('reads on behind a key that is given twice, and takes the last', () => {
    const document = parseYaml('a: 1\nb: {c: 1, c: 2}\na: {d: 1}\n', 'c.yml');
    expect(document.problems).toMatchObject([
      { position: { line: 2, column: 11 }, found: 'the key c a second time', expected: 'each key once' },
      { position: { line: 3, column: 1 }, found: 'the key a a second time' },
    ]);
    expect(document.root).toEqual({ a: { d: 1 }, b: { c: 2 } });
    expect(document.position(['a', 'd'])).toEqual({ line: 3, column: 5 });
  });

  it('knows where merged keys are', () => {
    const document = parseYaml('a: &x {m: 0660}\nb: {<<: *x}\nc: {<<: [*x]}\n', 'c.yml');
    for (const key of ['b', 'c']) {
      expect(document.source([key, 'm'])).toBe('0660');
      expect(document.position([key, 'm'])).toEqual({ line: 1, column: 8 });
    }
  });

  it('does not expand alias bombs', () => {
    const tenOf = (name: string): string => `[${Array(10).fill(`*${name}`).join(',')}]`;
    const bomb = `a: &a [x]\nb: &b ${tenOf('a')}\nc: &c ${tenOf('b')}\nd: &d ${tenOf('c')}\n`;
    expect(messageOf(bomb)).toContain('Excessive alias count');
  });

  it.each(['[', '{a: ', '- ', '? '])('does not fall over nesting: %s', (opening) => {
    const column = opening.length * NESTING_MAX + 1;
    const message = `c.yml:1:${column}: found values that are nested too deeply, expected at most 100 levels`;
    expect(messageOf(opening.repeat(20_000))).toBe(message);
  });

  it('takes values that are nested as deeply as is allowed', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}x${']'.repeat(depth)}`;
    expect(parseYaml(nested(NESTING_MAX), 'c.yml').root).toBeDefined();
    expect(messageOf(nested(NESTING_MAX + 1))).toContain('nested too deeply');
  });

  it('knows where keys are, through aliases, or their nearest ancestor', () => {
    const document = parseYaml('a: &x\n  b:\n    c: 0x10\nd: *x\n', 'c.yml');
    expect(document.position(['a', 'b', 'c'])).toEqual({ line: 3, column: 5 });
    expect(document.position(['d', 'b', 'c'])).toEqual({ line: 3, column: 5 });
    expect(document.position(['a', 'b', 'no', 'no'])).toEqual({ line: 2, column: 3 });
    expect(document.position(['no'])).toBeUndefined();
    expect(document.source(['a', 'b', 'c'])).toBe('0x10');
    expect(document.source(['a', 'b'])).toBeUndefined();
    expect(document.source(['a', 'no'])).toBeUndefined();
  });

  it.each(['', '# only a comment\n', '---\n', 'null\n'])('takes %j as an empty file', (text) => {
    expect(parseYaml(text, 'c.yml').root).toBeUndefined();
  });

  it('either gives values or throws ConfigError, whatever the text', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '&x',
      '*x',
      '<<',
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      '!',
      '|',
      '#',
      '%',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          parseYaml(pieces.join(''), 'c.yml');
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
        }
      }),
    );
  });
});
