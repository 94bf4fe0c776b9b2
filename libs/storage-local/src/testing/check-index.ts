import { expect } from '@jest/globals';
import type { BlockIndex } from '../block-index/block-index.js';
import { METRIC_FIELDS, PARTS, type FieldSummary } from '../block-index/block-summary.js';
import type { NumberedRow, TestFile, TestRow } from './indexed-file.js';

/** That the index says of the first blocks of the file what their rows say. */
export async function checkIndex(
  index: BlockIndex,
  file: TestFile,
  literals: readonly Uint8Array[][],
): Promise<void> {
  const blocks = file.blocks.slice(0, index.length);
  let rowsBefore = 0;
  for (const [block, rows] of blocks.entries()) {
    const { offset, length, summary } = file.indexed[block];
    const of = expected(rows);
    expect(index.rowsBefore(block)).toBe(rowsBefore);
    rowsBefore += rows.length;
    expect({
      offset: index.offset(block),
      length: index.byteLength(block),
      rows: index.rows(block),
      firstOrdinal: index.firstOrdinal(block),
      lastOrdinal: index.lastOrdinal(block),
      timeMin: index.timeMin(block),
      timeMax: index.timeMax(block),
      contentBytes: index.contentBytes(block),
      memberCrc32c: index.memberCrc32c(block),
    }).toEqual({
      offset,
      length,
      rows: rows.length,
      firstOrdinal: of.firstOrdinal,
      lastOrdinal: of.lastOrdinal,
      timeMin: of.timeMin,
      timeMax: of.timeMax,
      contentBytes: of.contentBytes,
      memberCrc32c: summary.memberCrc32c,
    });
    expect(index.summary(block)).toEqual({
      ...of,
      memberCrc32c: summary.memberCrc32c,
      fields: file.stream === 0 ? fieldsOf(rows) : undefined,
    });
  }
  expect(index.rowsBefore(index.length)).toBe(rowsBefore);
  for (const wanted of literals) {
    const found = await index.blocksWith(wanted);
    expect([...found].sort((one, other) => one - other)).toEqual(found);
    const leftOut = matching(blocks, wanted).filter((block) => !found.includes(block));
    expect({ wanted, leftOut }).toEqual({ wanted, leftOut: [] });
  }
}

/** Blocks with a row that has all of these. */
export function matching(blocks: readonly TestRow[][], literals: readonly Uint8Array[]): number[] {
  return [...blocks.keys()].filter((block) =>
    blocks[block].some(({ content }) =>
      literals.every((literal) => Buffer.from(content).includes(Buffer.from(literal))),
    ),
  );
}

function expected(rows: readonly NumberedRow[]) {
  const partRows = new Uint32Array(PARTS);
  const partBytes = new Float64Array(PARTS);
  const partTimes = new BigInt64Array(2 * PARTS);
  for (let part = 0; part < PARTS; part++) {
    const of = rows.filter((_, row) => Math.floor((row * PARTS) / rows.length) === part);
    if (of.length === 0) continue;
    partRows[part] = of.length;
    partBytes[part] = of.reduce((sum, { content }) => sum + content.length, 0);
    const times = of.map(({ timestamp }) => timestamp).sort(byValue);
    partTimes[2 * part] = times[0];
    partTimes[2 * part + 1] = times[times.length - 1];
  }
  const times = rows.map(({ timestamp }) => timestamp).sort(byValue);
  return {
    rows: rows.length,
    firstOrdinal: rows[0].ordinal,
    lastOrdinal: rows[rows.length - 1].ordinal,
    timeMin: times[0],
    timeMax: times[times.length - 1],
    contentBytes: BigInt(partBytes.reduce((sum, bytes) => sum + bytes, 0)),
    partRows,
    partBytes,
    partTimes,
  };
}

function fieldsOf(rows: readonly TestRow[]): FieldSummary[] {
  const columns: (number | bigint)[][] = Array.from({ length: METRIC_FIELDS }, () => []);
  for (const { data } of rows) {
    if (!data) continue;
    const { cpuUsage, memoryUsage, gpuUsage, diskIo, networkIo } = data;
    const values = [cpuUsage, memoryUsage, gpuUsage];
    for (const [field, value] of values.entries()) columns[field].push(value);
    for (const [field, value] of Object.values(diskIo ?? {}).entries()) columns[3 + field].push(value);
    for (const [field, value] of Object.values(networkIo ?? {}).entries()) columns[7 + field].push(value);
  }
  return columns.map((values) => {
    if (values.length === 0) return { count: 0, min: 0, max: 0, sum: 0 };
    const sorted = [...values].sort(byValue);
    const sum = values.reduce((total, value) =>
      typeof total === 'bigint' && typeof value === 'bigint' ? total + value : Number(total) + Number(value),
    );
    return { count: values.length, min: sorted[0], max: sorted[sorted.length - 1], sum };
  });
}

function byValue(one: number | bigint, other: number | bigint): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
