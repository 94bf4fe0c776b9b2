/** A pause that is doubled with each attempt (from 0) up to a most, and of which up to a half is left out at random. */
export function backOffMs(
  attempt: number,
  { firstMs, mostMs, random }: { firstMs: number; mostMs: number; random: () => number },
): number {
  return (Math.min(firstMs * 2 ** attempt, mostMs) * (1 + random())) / 2;
}
