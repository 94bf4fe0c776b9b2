/** Both ends included. */
interface OrdinalRange {
  first: bigint;
  last: bigint;
}

/** A set of ordinals as ranges. Invariant: sorted, and between any two of them is a hole. */
export class OrdinalRanges {
  private readonly ranges: OrdinalRange[] = [];

  add(first: bigint, last: bigint): void {
    const index = this.indexFrom(first - 1n);
    let end = index;
    const joined = { first, last };
    for (; end < this.ranges.length && this.ranges[end].first <= last + 1n; end++) {
      const range = this.ranges[end];
      if (range.first < joined.first) joined.first = range.first;
      if (range.last > joined.last) joined.last = range.last;
    }
    if (end === index + 1) this.ranges[index] = joined;
    else this.ranges.splice(index, end - index, joined);
  }

  addAll(ordinals: BigUint64Array): void {
    for (let row = 0; row < ordinals.length;) {
      const first = ordinals[row];
      let last = first;
      while (++row < ordinals.length && ordinals[row] === last + 1n) last++;
      this.add(first, last);
    }
  }

  /** The lowest ordinals between the two that are not in the set; `max` at the most. */
  firstFree(after: bigint, before: bigint, max: number): BigUint64Array {
    const free: bigint[] = [];
    let index = this.indexFrom(after + 1n);
    for (let ordinal = after + 1n; ordinal < before && free.length < max;) {
      const range = this.ranges.at(index);
      if (range === undefined || ordinal < range.first) free.push(ordinal++);
      else {
        ordinal = range.last + 1n;
        index++;
      }
    }
    return BigUint64Array.from(free);
  }

  /** As `firstFree`, the highest ones; ascending as well. */
  lastFree(after: bigint, before: bigint, max: number): BigUint64Array {
    const free: bigint[] = [];
    let index = this.indexFrom(before) - 1;
    let ordinal = before - 1n;
    const above = this.ranges.at(index + 1);
    if (above && above.first <= ordinal) ordinal = above.first - 1n;
    while (ordinal > after && free.length < max) {
      const range = index < 0 ? undefined : this.ranges[index];
      if (range === undefined || ordinal > range.last) free.push(ordinal--);
      else {
        ordinal = range.first - 1n;
        index--;
      }
    }
    return BigUint64Array.from(free.reverse());
  }

  /** Of the first range that reaches up to the ordinal, or goes beyond it. */
  private indexFrom(ordinal: bigint): number {
    let low = 0;
    let high = this.ranges.length;
    // Most are added at the end.
    if (high > 0 && this.ranges[high - 1].last < ordinal) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ranges[middle].last < ordinal) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
