import type { StoreView } from '../read/area-view.js';
import type { Reader } from '../read/reader.js';
import type { FileReader } from './engine.js';

/** For the engine: what the files of a job have, by the rules of reading. */
export function engineReader(reader: Reader, store: StoreView): FileReader {
  return {
    async survey(jobId, name) {
      const view = store.view(jobId, [name])?.[name];
      try {
        return await reader.survey(view?.files ?? [], name, jobId);
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
