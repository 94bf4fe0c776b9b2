import type { StoreView } from '../read/area-view.js';
import type { Reader } from '../read/reader.js';
import type { FileReader } from './known-areas.js';

/** For the engine: what the files of a job have, by the rules of reading. */
export function engineReader(reader: Reader, store: StoreView): FileReader {
  return {
    async survey(jobId, name, path) {
      const view = store.view(jobId, [name])?.[name];
      const { files = [], lost = [] } = view ?? {};
      try {
        if (path === undefined) return await reader.survey({ files, lost }, name, jobId);
        const own = files.filter((file) => file.path === path);
        return await reader.survey({ files: own, lost: [] }, name, jobId);
      } finally {
        view?.release();
      }
    },
    async ordinals(jobId, name, first) {
      const ordinals = new Set<bigint>();
      const query = first === 0n ? { jobId } : { jobId, afterOrdinal: first - 1n };
      const items = name === 'logs' ? reader.readLogs(query, {}) : reader.readMetrics(query, {});
      for await (const item of items) {
        if (item.kind === 'gap') continue;
        for (let row = 0; row < item.length; row++) ordinals.add(item.ordinal(row) ?? 0n);
      }
      return ordinals;
    },
  };
}
