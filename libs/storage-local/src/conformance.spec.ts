import { describe, it } from '@jest/globals';
import { logStoreConformance } from '@joblet/storage/conformance';
import { LOCAL_SUPPORTS, openLocalStore } from './index.js';
import { tempDirectory } from './testing/temp-store.js';

for (const compression of [true, false]) {
  describe(compression ? 'compressed' : 'plain', () => conformance(compression));
}

function conformance(compression: boolean): void {
  logStoreConformance({
    test: { describe, it },
    supports: LOCAL_SUPPORTS,
    async create() {
      const { path, remove } = await tempDirectory();
      const open = () => openLocalStore({ baseDirectory: path, compression });
      return { store: await open(), reopen: open, dispose: remove };
    },
  });
}
