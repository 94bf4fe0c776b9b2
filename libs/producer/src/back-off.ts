/**
 * How long to wait before attempt `attempt` (from 0): exponential back-off with full jitter, a random time below
 * min(cap, base * 2^attempt) (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function fullJitterMs(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** attempt);
}
