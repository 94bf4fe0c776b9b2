import { mkdtemp, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPersistClient, type PersistClient } from '@joblet/client';
import { connected, ServiceProcess } from './service-process.js';

export { CHILD_ENV } from './service-process.js';

export const PERSIST = fileURLToPath(new URL('../../../../apps/persist/bin/persist.js', import.meta.url));

/** A data directory and a real persist on it. */
export class PersistProcess extends ServiceProcess {
  readonly ipcSocket: string;
  readonly grpcSocket: string;
  private readonly clients: PersistClient[] = [];

  private constructor(directory: string) {
    super(directory, { name: 'persist', path: PERSIST });
    this.ipcSocket = join(directory, 'data/run/persist-ipc.sock');
    this.grpcSocket = join(directory, 'data/run/persist-grpc.sock');
  }

  static async create(settings: Record<string, unknown> = {}): Promise<PersistProcess> {
    const persist = new PersistProcess(await mkdtemp(join(tmpdir(), 'joblet-persist-')));
    await persist.configure(settings);
    return persist;
  }

  /** JSON is YAML too. */
  async configure(settings: Record<string, unknown>, logging: Record<string, unknown> = {}): Promise<void> {
    const persist = {
      storage: { base_dir: join(this.directory, 'data') },
      monitoring: { prometheus: '127.0.0.1:0', health: '127.0.0.1:0' },
      ...settings,
    };
    await writeFile(this.config, JSON.stringify({ persist, logging: { format: 'json', ...logging } }));
  }

  async connect(): Promise<Socket> {
    return connected(this.ipcSocket);
  }

  client(): PersistClient {
    const client = createPersistClient({ socketPath: this.grpcSocket });
    this.clients.push(client);
    return client;
  }

  override async dispose(): Promise<void> {
    for (const client of this.clients) client.close();
    await super.dispose();
  }
}
