import { describe, expect, it } from '@jest/globals';
import { TABLE_ROWS_MAX } from './limits.js';
import { Output } from './output.js';
import { writeTable } from './table.js';
import { Sink } from './testing/run-rnx.js';

const plain = (text: string): string => text;

async function table(rows: readonly (readonly string[])[], terminal: boolean): Promise<string[]> {
  const sink = new Sink();
  const out = new Output(sink, new AbortController());
  const columns = [{ head: 'NAME' }, { head: 'N', align: 'right' as const }];
  async function* all() {
    yield* rows;
  }
  await writeTable(out, columns, all(), { terminal, bold: plain, dim: plain });
  await out.end();
  return sink.text.split('\n');
}

describe('writeTable', () => {
  it('lays columns out on a terminal', async () => {
    expect(
      await table(
        [
          ['long name', '1'],
          ['b', '23'],
        ],
        true,
      ),
    ).toEqual(['NAME        N', 'long name   1', 'b          23', '']);
  });

  it('separates cells by tabs for a pipe', async () => {
    expect(await table([['a', '1']], false)).toEqual(['NAME\tN', 'a\t1', '']);
  });

  it('shows the heads alone when there is no row', async () => {
    expect(await table([], false)).toEqual(['NAME\tN', '']);
    expect((await table([], true))[0]).toContain('NAME');
  });

  it('writes long tables in blocks, none lost', async () => {
    const rows = Array.from({ length: TABLE_ROWS_MAX * 2 + 1 }, (_, index) => [`row-${index}`, '1']);
    const lines = await table(rows, true);
    expect(lines.filter((line) => line.startsWith('row-'))).toHaveLength(rows.length);
    expect(lines.filter((line) => line.startsWith('NAME'))).toHaveLength(3);
    expect(await table(rows, false)).toHaveLength(rows.length + 2);
  });
});
