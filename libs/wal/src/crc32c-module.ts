import { CRC32C_WASM } from './gen/crc32c-wasm.js';

/** Of what Node's types do not have. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** What assembly/crc32c.ts exports. */
interface Exports extends Record<'INPUT_BYTES' | 'input' | 'tables', { readonly value: number }> {
  readonly memory: { readonly buffer: ArrayBuffer };
  update(count: number, crc: number): number;
}

/** One instance, and its memory, which never grows. */
export interface Crc32cModule {
  readonly input: Uint8Array;
  /** The checksum of the first `count` bytes of `input`, as an int32; `crc` is that of the bytes before. */
  update(count: number, crc: number): number;
}

/** Undefined where the runtime has no WebAssembly, and when JOBLET_NO_WASM=1 says so. */
export function openCrc32cModule(tables: Int32Array): Crc32cModule | undefined {
  const api = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
  if (!api || process.env['JOBLET_NO_WASM'] === '1') return undefined;
  try {
    const module = new api.Module(Buffer.from(CRC32C_WASM, 'base64'));
    const exported = new api.Instance(module).exports as Exports;
    const { buffer } = exported.memory;
    new Int32Array(buffer, exported.tables.value, tables.length).set(tables);
    const input = new Uint8Array(buffer, exported.input.value, exported.INPUT_BYTES.value);
    return { input, update: exported.update };
  } catch {
    return undefined;
  }
}
