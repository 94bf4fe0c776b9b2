/** A fenced block of a page, as its reader has to treat it. */
export type Block =
  /** Saved as `file`: its name stands alone above the block. */
  | { readonly kind: 'listing'; readonly line: number; readonly file: string; readonly text: string }
  /** Typed as it stands. */
  | { readonly kind: 'script'; readonly line: number; readonly text: string }
  /** Typed command by command, each with what it prints. */
  | { readonly kind: 'session'; readonly line: number; readonly steps: readonly Step[] };

export interface Step {
  readonly command: string;
  readonly output: string;
}

const FENCE = /^```(\S*)\n(.*?)^```$/gms;

/** All blocks of the page, in order. Throws for one that is of no kind: it would escape the test. */
export function parseBlocks(page: string): Block[] {
  return [...page.matchAll(FENCE)].map(({ index, 1: language, 2: text }) => {
    const before = page.slice(0, index);
    const line = before.split('\n').length;
    const file = /\n`([\w.-]+)`\n\n$/.exec(before)?.[1];
    if (file !== undefined) return { kind: 'listing', line, file, text };
    if (language === 'sh') return { kind: 'script', line, text };
    if (language === 'console') return { kind: 'session', line, steps: parseSteps(text, line) };
    throw new Error(
      `line ${line}: a block of "${language}" without a file name above it; expected sh or console`,
    );
  });
}

function parseSteps(text: string, line: number): Step[] {
  const [before, ...steps] = text.split(/^\$ /m);
  if (before !== '') throw new Error(`line ${line + 1}: output without a command above it: ${before}`);
  return steps.map((step) => {
    const end = step.indexOf('\n');
    return { command: step.slice(0, end), output: step.slice(end + 1) };
  });
}
