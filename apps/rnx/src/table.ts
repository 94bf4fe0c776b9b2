import { TABLE_ROWS_MAX } from './limits.js';
import type { Output } from './output.js';
import type { Style } from './style.js';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
}

/**
 * Writes rows of cells: laid out in columns on a terminal; for a pipe one line for each row, cells separated by a tab,
 * with the same first line.
 */
export async function writeTable(
  out: Output,
  columns: readonly Column[],
  rows: AsyncIterable<readonly string[]>,
  { terminal, bold }: Style,
): Promise<void> {
  // Nothing is written before the first row is there: an error stands alone.
  const heads = columns.map(({ head }) => head);
  let block: (readonly string[])[] = [];
  let blocks = 0;
  const write = async (): Promise<void> => {
    const lines = terminal
      ? await layOut(columns, block, bold)
      : plain(blocks === 0 ? [heads, ...block] : block);
    await out.write(lines);
    block = [];
    blocks++;
  };
  const rowsMax = terminal ? TABLE_ROWS_MAX : 1;
  for await (const cells of rows) if (block.push(cells) === rowsMax) await write();
  if (block.length > 0 || blocks === 0) await write();
}

function plain(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.join('\t')}\n`).join('');
}

const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((part) => [part, '']),
);

async function layOut(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  bold: Style['bold'],
): Promise<string> {
  const { default: Table } = await import('cli-table3');
  const table = new Table({
    head: columns.map(({ head }) => bold(head)),
    colAligns: columns.map(({ align = 'left' }) => align),
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((cells) => [...cells]));
  return `${table.toString()}\n`;
}
