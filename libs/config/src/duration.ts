const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;

/** What `parseDuration` takes. */
export const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;

/** Milliseconds of `500ms`, `5s`, `1.5m` or, as Go writes it, `1h30m0s`; the text must match DURATION. */
export function parseDuration(text: string): number {
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(PART)) totalMs += Number(amount) * UNIT_MS[unit];
  return totalMs;
}

/** The shortest text that `parseDuration` turns into the same number: `5s` for 5000. */
export function formatDuration(ms: number): string {
  const unit = ms === 0 ? 's' : (['h', 'm', 's'].find((name) => ms % UNIT_MS[name] === 0) ?? 'ms');
  return `${ms / UNIT_MS[unit]}${unit}`;
}
