/** Of what Node's types do not have. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
}

/** What a module exports; undefined where the runtime has no WebAssembly, or none with vectors, and when JOBLET_NO_WASM=1 says so. */
export function instantiate(base64: string): unknown {
  const api = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
  if (!api || process.env['JOBLET_NO_WASM'] === '1') return undefined;
  try {
    return new api.Instance(new api.Module(Buffer.from(base64, 'base64'))).exports;
  } catch {
    return undefined;
  }
}
