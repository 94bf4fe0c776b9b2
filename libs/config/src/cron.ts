import { CronPattern } from 'croner';
import * as z from 'zod';

const ALLOWED = 'five cron fields (minute, hour, day, month, weekday) such as 0 2 * * *';

/** When something is done again and again: five fields, in UTC. */
export function cronSchedule(fallback: string, about: string) {
  return z
    .string(ALLOWED)
    .refine(isCronSchedule, ALLOWED)
    .prefault(fallback)
    .meta({ description: about, kind: 'cron, five fields, UTC' });
}

/** Only what every cron has: croner's nicknames (@daily) and its seconds and years are left out. */
function isCronSchedule(value: string): boolean {
  if (value.trim().split(/\s+/).length !== 5 || value.includes('?')) return false;
  try {
    new CronPattern(value, 'UTC', { mode: '5-part' });
    return true;
  } catch {
    return false;
  }
}
