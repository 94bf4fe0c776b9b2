/** Rows [from, to) of a list. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts rows into ranges of at most `bytesMax` bytes, unless a single row has more, and `rowsMax` rows; as few as can be, and
 * of about the same size, so that none is left with too little to compress well.
 */
export function cutRows(lengths: ArrayLike<number>, bytesMax: number, rowsMax: number): RowRange[] {
  const count = lengths.length;
  let total = 0;
  for (let row = 0; row < count; row++) total += lengths[row];
  const pieces = Math.max(1, Math.ceil(total / bytesMax), Math.ceil(count / rowsMax));
  // Rows may have no bytes: they fill nothing.
  const bytesGoal = Math.max(total / pieces, 1);
  const ranges: RowRange[] = [];
  let from = 0;
  let bytes = 0;
  for (let row = 0; row < count; row++) {
    const isFull = bytes + lengths[row] > bytesMax || row - from >= rowsMax || bytes >= bytesGoal;
    if (isFull && row > from) {
      ranges.push({ from, to: row });
      from = row;
      bytes = 0;
    }
    bytes += lengths[row];
  }
  if (count > from) ranges.push({ from, to: count });
  return ranges;
}
