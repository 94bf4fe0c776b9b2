import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LineClient } from './line-client.js';
import { ServiceProcess } from './service-process.js';

export const STATE = fileURLToPath(new URL('../../../../apps/state/bin/state.js', import.meta.url));

/** A data directory and a real state service on it. */
export class StateProcess extends ServiceProcess {
  readonly socket: string;
  private readonly clients: LineClient[] = [];

  private constructor(directory: string) {
    super(directory, { name: 'state', path: STATE });
    this.socket = join(directory, 'data/run/state-ipc.sock');
  }

  static async create(settings: Record<string, unknown> = {}): Promise<StateProcess> {
    const state = new StateProcess(await mkdtemp(join(tmpdir(), 'joblet-state-')));
    await state.configure(settings);
    return state;
  }

  async configure(settings: Record<string, unknown>): Promise<void> {
    const monitoring = { prometheus: '127.0.0.1:0', health: '127.0.0.1:0' };
    const config = {
      server: { nodeId: 'node-1' },
      persist: { storage: { base_dir: join(this.directory, 'data') } },
      state: { monitoring, ...settings },
      logging: { format: 'json' },
    };
    await writeFile(this.config, JSON.stringify(config));
  }

  async connect(): Promise<LineClient> {
    const client = await LineClient.connect(this.socket);
    this.clients.push(client);
    return client;
  }

  override async dispose(): Promise<void> {
    for (const client of this.clients) client.close();
    await super.dispose();
  }
}
