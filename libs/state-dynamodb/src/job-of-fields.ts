import { applyCreate, newJob, StateStoreError, type Job } from '@joblet/state-store';

/**
 * The job with these fields (JSON by name), which nobody has checked: they come from attributes. One of the wrong type is
 * left out: a client could not read a list with such a job in it. Without a time of its own, a job was created when it
 * started, and updated when it ended.
 */
export function jobOfFields(fields: ReadonlyMap<string, string>, version: number): Job {
  const complete = new Map([...fields, ['version', String(version)]]);
  setDefault(complete, 'updatedAt', fields.get('endTime') ?? fields.get('startTime'));
  try {
    return jobOf(complete);
  } catch (error) {
    if (!(error instanceof StateStoreError) || error.code !== 'INVALID_JSON') throw error;
    return jobOf(new Map([...complete].filter(([name, text]) => isValid(name, text))));
  }
}

function setDefault(fields: Map<string, string>, name: string, text: string | undefined): void {
  if (!fields.has(name) && text !== undefined) fields.set(name, text);
}

function jobOf(fields: ReadonlyMap<string, string>): Job {
  // Time zero is what a job without any time is given: it comes first, and stays there.
  return applyCreate(undefined, newJob(jsonOf(fields)), 0, { restore: true }).job;
}

function isValid(name: string, text: string): boolean {
  try {
    newJob(
      jsonOf(
        new Map([
          ['uuid', '"any"'],
          [name, text],
        ]),
      ),
    );
    return true;
  } catch {
    return false;
  }
}

function jsonOf(fields: ReadonlyMap<string, string>): string {
  return `{${[...fields].map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`;
}
