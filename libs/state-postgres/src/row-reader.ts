import type { Database } from './database.js';
import { READS_AT_ONCE, READ_ROWS_MAX } from './limits.js';
import type { JobRow } from './row.js';
import { readStatement } from './statements.js';

interface Waiting {
  readonly uuid: string;
  readonly resolve: (row: JobRow | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads rows by uuid. What is asked for while others are read becomes one statement: it costs little more than one row. */
export class RowReader {
  private readonly database: Database;
  private waiting: Waiting[] = [];
  private underWay = 0;

  constructor(database: Database) {
    this.database = database;
  }

  read(uuid: string): Promise<JobRow | undefined> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ uuid, resolve, reject });
      this.start();
    });
  }

  private start(): void {
    if (this.underWay >= READS_AT_ONCE || this.waiting.length === 0) return;
    this.underWay++;
    void this.run(this.waiting.splice(0, READ_ROWS_MAX)).then(() => {
      this.underWay--;
      this.start();
    });
  }

  private async run(asked: readonly Waiting[]): Promise<void> {
    try {
      const uuids = asked.map(({ uuid }) => uuid);
      const { rows } = await this.database.run<JobRow>(readStatement(uuids));
      const byUuid = new Map(rows.map((row) => [row.uuid, row]));
      for (const { uuid, resolve } of asked) resolve(byUuid.get(uuid));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }
}
