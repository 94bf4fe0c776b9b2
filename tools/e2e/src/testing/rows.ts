import type { LogLine } from '@joblet/client';

export async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const found: Row[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

export function texts(rows: readonly LogLine[]): string[] {
  return rows.map(({ content }) => Buffer.from(content).toString());
}
