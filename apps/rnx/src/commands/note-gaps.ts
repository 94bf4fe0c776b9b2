import { plural } from '../format.js';

/** Says on stderr that the answer is not all that there was. */
export function noteGaps(gaps: number | undefined, note: (line: string) => void): void {
  if (gaps) note(`${plural(gaps, 'piece')} missing here: dropped by the producer, damaged or rotated away`);
}
