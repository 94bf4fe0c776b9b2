/**
 * Rows of one job and one kind in their wire form (serialised LogLine or Metric messages), both streams together, in the
 * order of their ordinals. All columns have the same length. Never changed once others can see it.
 */
export interface BlockRows {
  readonly bytes: Uint8Array;
  /** Row i is `bytes[starts[i], ends[i])`. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Unix nanoseconds; they override what the bytes say. */
  readonly timestamps: BigInt64Array;
  readonly ordinals: BigUint64Array;
}
