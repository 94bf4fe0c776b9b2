/** A process as /proc/PID/stat has it. CPU times are in ticks (see TICKS_PER_SECOND). */
export interface ProcStat {
  readonly parent: number;
  readonly session: number;
  /** Its own time, in user and in kernel mode. */
  readonly ticks: number;
  /** Time of the children that it has waited for, and of theirs. */
  readonly childTicks: number;
  /** Tells it apart from a later process with the same id. */
  readonly startTime: string;
}

/** What a process, and the children that it has waited for, have read and written. */
export interface ProcIo {
  readonly readBytes: bigint;
  readonly writeBytes: bigint;
  readonly readOps: bigint;
  readonly writeOps: bigint;
}

/** Throws when the text is not what proc(5) says. */
export function parseStat(text: string): ProcStat {
  // The second field is the command's name in parentheses; it may itself have spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (field: number): number => {
    const value = Number(fields[field - 3]);
    if (Number.isSafeInteger(value)) return value;
    throw new Error(`field ${field} of /proc/PID/stat is ${fields[field - 3]}; expected a whole number`);
  };
  return {
    parent: number(4),
    session: number(6),
    ticks: number(14) + number(15),
    childTicks: number(16) + number(17),
    startTime: fields[22 - 3],
  };
}

/** Resident memory in bytes from /proc/PID/status; 0n for a process that has none any more. */
export function parseResidentBytes(text: string): bigint {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? 0n : BigInt(kib) * 1_024n;
}

/** From /proc/PID/io. Bytes are those that went to or came from a disk; operations are system calls. */
export function parseIo(text: string): ProcIo {
  const value = (name: string): bigint => BigInt(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return {
    readBytes: value('read_bytes'),
    writeBytes: value('write_bytes'),
    readOps: value('syscr'),
    writeOps: value('syscw'),
  };
}
