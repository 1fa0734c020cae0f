// The part of the WebAssembly interface that the memory needs. It is typed here because TypeScript has it only in the library of the DOM,
// which must not leak into programs for Node.

export interface SharedWasmMemory {
  readonly buffer: SharedArrayBuffer;
  /** Adds pages of 64 KiB. Throws RangeError when the maximum is passed. */
  grow(pages: number): number;
}

interface WasmApi {
  Memory: new (limits: { initial: number; maximum: number; shared: true }) => SharedWasmMemory;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: { env: { memory: SharedWasmMemory; refresh(): void } },
  ) => { readonly exports: unknown };
}

/** Undefined where the engine was told to do without (--jitless). */
const given = (globalThis as unknown as { WebAssembly?: WasmApi }).WebAssembly;
export const Wasm = given as WasmApi;
