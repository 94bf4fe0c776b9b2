import { LOG_ROWS_WASM } from '../../gen/log-rows-wasm.js';
import { instantiate } from './instantiate.js';

/** What assembly/log-rows.ts and assembly/filter.ts export. */
interface Exports extends Record<GlobalName, { readonly value: number }>, LogRowsFunctions {
  readonly memory: { readonly buffer: ArrayBuffer };
}

type GlobalName =
  | 'ROWS_MAX'
  | 'INPUT_BYTES'
  | 'TEXT_BYTES'
  | 'FILTER_BYTES'
  | 'PREFIX_BYTES'
  | 'input'
  | 'inputLengths'
  | 'timestamps'
  | 'prefix'
  | 'streams'
  | 'textLengths'
  | 'contentLengths'
  | 'picked'
  | 'text'
  | 'filter'
  | 'encodedFilter'
  | 'ENCODED_FILTER_BYTES';

interface LogRowsFunctions {
  scan(count: number, prefixBytes: number, base64: number): number;
  writeText(count: number): void;
  makeFilter(count: number, bits: number): number;
  encodeFilter(bits: number, k: number): number;
}

/** One instance: its functions, and its memory, which never grows, as they see it. See their sources in assembly/. */
export interface LogRowsModule extends LogRowsFunctions {
  readonly input: Uint8Array;
  readonly inputLengths: Uint32Array;
  readonly timestamps: BigInt64Array;
  readonly prefix: Uint8Array;
  readonly streams: Uint8Array;
  readonly textLengths: Uint32Array;
  readonly contentLengths: Uint32Array;
  readonly picked: Uint32Array;
  readonly text: Uint8Array;
  readonly filter: Int32Array;
  readonly encodedFilter: Uint8Array;
}

/** Undefined where there is no WebAssembly. */
export function openLogRowsModule(): LogRowsModule | undefined {
  const exported = instantiate(LOG_ROWS_WASM) as Exports | undefined;
  if (!exported) return undefined;
  const { buffer } = exported.memory;
  const at = (name: GlobalName): number => exported[name].value;
  const rowsMax = at('ROWS_MAX');
  return {
    scan: exported.scan,
    writeText: exported.writeText,
    makeFilter: exported.makeFilter,
    encodeFilter: exported.encodeFilter,
    input: new Uint8Array(buffer, at('input'), at('INPUT_BYTES')),
    inputLengths: new Uint32Array(buffer, at('inputLengths'), rowsMax),
    timestamps: new BigInt64Array(buffer, at('timestamps'), rowsMax),
    prefix: new Uint8Array(buffer, at('prefix'), at('PREFIX_BYTES')),
    streams: new Uint8Array(buffer, at('streams'), rowsMax),
    textLengths: new Uint32Array(buffer, at('textLengths'), rowsMax),
    contentLengths: new Uint32Array(buffer, at('contentLengths'), rowsMax),
    picked: new Uint32Array(buffer, at('picked'), rowsMax),
    text: new Uint8Array(buffer, at('text'), at('TEXT_BYTES')),
    filter: new Int32Array(buffer, at('filter'), at('FILTER_BYTES') / 4),
    encodedFilter: new Uint8Array(buffer, at('encodedFilter'), at('ENCODED_FILTER_BYTES')),
  };
}
