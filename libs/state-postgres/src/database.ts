import { Pool, type ClientBase, type QueryConfig, type QueryResult } from 'pg';
import { isConnectionLost, RolledBack } from './errors.js';
import { CONNECT_TIMEOUT_MS } from './limits.js';
import type { Statement } from './statements.js';

export interface DatabaseOptions {
  readonly url: string;
  readonly connectionsMax: number;
  readonly answerTimeoutMs: number;
}

export interface StatementResult<Row> {
  readonly rows: readonly Row[];
  /** Of the rows that it has written, or read. */
  readonly count: number;
  /** It was tried twice, and nobody knows whether it ran the first time. */
  readonly isRepeated: boolean;
}

/** Runs statements of a transaction. */
export type RunStatement = <Row extends object>(statement: Statement) => Promise<StatementResult<Row>>;

/** A pool of connections. Rejects with the errors of pg. */
export class Database {
  private readonly pool: Pool;
  readonly answerTimeoutMs: number;

  constructor({ url, connectionsMax, answerTimeoutMs }: DatabaseOptions) {
    this.answerTimeoutMs = answerTimeoutMs;
    this.pool = new Pool({
      connectionString: url,
      max: connectionsMax,
      application_name: 'joblet-state',
      keepAlive: true,
      connectionTimeoutMillis: Math.min(CONNECT_TIMEOUT_MS, answerTimeoutMs),
      query_timeout: answerTimeoutMs,
    });
    // The pool replaces an idle connection that breaks; whether the server is gone, the next statement finds out.
    this.pool.on('error', () => undefined);
  }

  /**
   * Runs a statement that may run twice: when its connection breaks, as all do when the server restarts, it is tried once
   * more on another one.
   */
  async run<Row extends object>(statement: Statement): Promise<StatementResult<Row>> {
    try {
      return resultOf(await this.pool.query<Row>(queryOf(statement)), false);
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
    }
    return resultOf(await this.pool.query<Row>(queryOf(statement)), true);
  }

  /** Commits what the body does, or nothing of it: RolledBack when its connection breaks before. Not tried again. */
  async transaction<T>(body: (run: RunStatement) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    // A connection that breaks between two statements tells the next one.
    const onError = (): void => undefined;
    client.on('error', onError);
    let isFailed = true;
    let isCommitting = false;
    try {
      // A network that is cut would leave its locks there for hours.
      await client.query(`BEGIN; SET LOCAL idle_in_transaction_session_timeout = ${this.answerTimeoutMs}`);
      const result = await body((statement) => runIn(client, statement));
      isCommitting = true;
      await client.query('COMMIT');
      isFailed = false;
      return result;
    } catch (error) {
      throw !isCommitting && isConnectionLost(error) ? new RolledBack(error) : error;
    } finally {
      client.removeListener('error', onError);
      // One that failed is closed: the server then rolls back, whatever state it is in.
      client.release(isFailed);
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }
}

async function runIn<Row extends object>(
  client: ClientBase,
  statement: Statement,
): Promise<StatementResult<Row>> {
  return resultOf(await client.query<Row>(queryOf(statement)), false);
}

/** pg takes lists that it may change. */
function queryOf({ name, text, values = [] }: Statement): QueryConfig {
  return name === undefined ? { text, values: [...values] } : { name, text, values: [...values] };
}

function resultOf<Row extends object>(result: QueryResult<Row>, isRepeated: boolean): StatementResult<Row> {
  return { rows: result.rows, count: result.rowCount ?? 0, isRepeated };
}
