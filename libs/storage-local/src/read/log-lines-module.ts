import { instantiate } from '../block/wasm/instantiate.js';
import { LOG_LINES_WASM } from '../gen/log-lines-wasm.js';

type GlobalName =
  | 'ROWS_MAX'
  | 'TEXT_BYTES'
  | 'HEAD_BYTES'
  | 'text'
  | 'rowHead'
  | 'messageHead'
  | 'messages'
  | 'starts'
  | 'ends'
  | 'timestamps';

interface LogLinesFunctions {
  transcode(rows: number, textBytes: number, rowHeadBytes: number, messageHeadBytes: number): number;
}

/** What assembly/log-lines.ts exports. */
interface Exports extends Record<GlobalName, { readonly value: number }>, LogLinesFunctions {
  readonly memory: { readonly buffer: ArrayBuffer };
}

/** One instance: its function, and its memory, which never grows, as it sees it. See assembly/log-lines.ts. */
export interface LogLinesModule extends LogLinesFunctions {
  readonly text: Uint8Array;
  readonly rowHead: Uint8Array;
  readonly messageHead: Uint8Array;
  readonly messages: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly timestamps: BigInt64Array;
}

/** Undefined where there is no WebAssembly. */
export function openLogLinesModule(): LogLinesModule | undefined {
  const exported = instantiate(LOG_LINES_WASM) as Exports | undefined;
  if (!exported) return undefined;
  const { buffer } = exported.memory;
  const at = (name: GlobalName): number => exported[name].value;
  const rowsMax = at('ROWS_MAX');
  return {
    transcode: exported.transcode,
    text: new Uint8Array(buffer, at('text'), at('TEXT_BYTES')),
    rowHead: new Uint8Array(buffer, at('rowHead'), at('HEAD_BYTES')),
    messageHead: new Uint8Array(buffer, at('messageHead'), at('HEAD_BYTES')),
    messages: new Uint8Array(buffer, at('messages'), at('TEXT_BYTES')),
    starts: new Uint32Array(buffer, at('starts'), rowsMax),
    ends: new Uint32Array(buffer, at('ends'), rowsMax),
    timestamps: new BigInt64Array(buffer, at('timestamps'), rowsMax),
  };
}
