const SECONDS_BELOW = 100_000_000_000n;
const MILLIS_BELOW = 100_000_000_000_000n;
const MICROS_BELOW = 100_000_000_000_000_000n;

/**
 * Unix nanoseconds from a positive time whose unit only its size tells: below 10^11 seconds, below 10^14
 * milliseconds, below 10^17 microseconds, else nanoseconds. Older Joblet daemons send, and the Go service stores,
 * metric times in seconds although the field means nanoseconds. Zero and negative values are returned unchanged.
 */
export function normaliseTimestamp(timestamp: bigint): bigint {
  if (timestamp <= 0n || timestamp >= MICROS_BELOW) return timestamp;
  if (timestamp < SECONDS_BELOW) return timestamp * 1_000_000_000n;
  if (timestamp < MILLIS_BELOW) return timestamp * 1_000_000n;
  return timestamp * 1_000n;
}
