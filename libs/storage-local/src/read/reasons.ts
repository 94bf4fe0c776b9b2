/** In gaps of rows whose ordinals may not be those that they were written with; followed by the file. */
export const COME_LAST = 'rows without ordinals do not fit in between and come last';
export const ARE_COPIES = 'rows that are there twice are given once';
export const ARE_OTHERS = 'rows have ordinals that belong to other rows, and are left out';

export function ordinalsAreGuess(rows: number): string {
  return `a header is damaged, the ordinals of ${rows} rows are a guess`;
}
export const NOT_IN_ANY_FILE = 'rows with these ordinals are in no file';
