import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

/** The URL of the same database with a new schema of its own, which is where a store then makes its tables. */
export async function withNewSchema(url: string): Promise<string> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`;
  await inDatabase(url, (client) => client.query(`CREATE SCHEMA ${schema}`));
  return `${url}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
}

/** Runs what a test does itself with the database. */
export async function inDatabase<T>(url: string, body: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await body(client);
  } finally {
    await client.end();
  }
}
