import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { openEngineStore, type LocalStoreEvent, type LocalStoreOptions } from '../local-store.js';
import { tempDirectory } from './temp-store.js';

export type OpenedStore = Awaited<ReturnType<typeof openEngineStore>>;

/** Stores by name in a directory of their own, and what they told. */
export class EngineStores implements AsyncDisposable {
  readonly events: LocalStoreEvent[] = [];
  private readonly opened: OpenedStore[] = [];

  private constructor(
    private readonly root: Awaited<ReturnType<typeof tempDirectory>>,
    private readonly options: Omit<LocalStoreOptions, 'baseDirectory'>,
  ) {}

  static async create(options: Omit<LocalStoreOptions, 'baseDirectory'>): Promise<EngineStores> {
    return new EngineStores(await tempDirectory(), { reserveBytes: 0, ...options });
  }

  at(name: string, ...path: string[]): string {
    return join(this.root.path, name, ...path);
  }

  async open(name: string): Promise<OpenedStore> {
    const onEvent = (event: LocalStoreEvent): void => void this.events.push(event);
    const opened = await openEngineStore({ ...this.options, baseDirectory: this.at(name), onEvent });
    this.opened.push(opened);
    return opened;
  }

  /** As a crash at this moment leaves it; the store goes on. */
  async crash(from: string, to: string): Promise<void> {
    await cp(this.at(from), this.at(to), { recursive: true, filter: (path) => !path.endsWith('.sock') });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { store } of this.opened.splice(0)) await store.close();
    await this.root.remove();
  }
}
