// The one shared memory of the process, as this thread sees it.
//
// A `WebAssembly.Memory` grows in place without a message to anyone: every thread that holds it sees the new bytes as soon as it
// makes new views. Views sit in a holder object, because V8 reads `V.I32` as fast as a constant, while exported `let` bindings cost
// three times as much and growable SharedArrayBuffers twenty.

import { SEGMENT_SHIFT } from './layout.js';
import { SEAT } from './seat.js';
import { type SharedWasmMemory, Wasm } from './wasm.js';

const WASM_PAGE = 65536;

/**
 * Address space to reserve, in pages: 4 GiB, or less where the system limits it. Memory is only used as it is touched. The kernel
 * declares the largest.
 */
const MAXIMUM_PAGES = [65536, 16384, 4096];

/** What a thread has to be told before it can use the memory. */
export interface Seat {
  readonly memory: SharedWasmMemory;
  /** Index of this thread's record; 0 is the main thread, NO_SLOT a helper of Heddle's that runs no user code. */
  readonly slot: number;
  /** The kernel, compiled; none = it is compiled here. */
  readonly kernel?: object;
  /** See `equipment`. */
  readonly tools?: object | undefined;
}

export const NO_SLOT = -1;

/** Who sits there, for the error below. */
interface Taken extends Seat {
  owner?: string;
}

const place = globalThis as { [SEAT]?: Taken };
if (place[SEAT]?.owner !== undefined) {
  throw new Error(
    `two copies of heddle are loaded in one program, ${place[SEAT].owner} and ${import.meta.url}: their threads and locks would not know ` +
      'each other. Let all packages depend on the same version',
  );
}
const inherited = place[SEAT]?.memory;

export const memory: SharedWasmMemory = inherited ?? found();

function found(): SharedWasmMemory {
  if ((Wasm as unknown) === undefined) {
    throw new Error(
      'heddle needs WebAssembly, which this process does not have: run Node without --jitless, --no-expose-wasm and --lite-mode',
    );
  }
  // The first segment: address space, of which only what is touched is used.
  const initial = 2 ** SEGMENT_SHIFT / WASM_PAGE;
  for (const maximum of MAXIMUM_PAGES) {
    try {
      return new Wasm.Memory({ initial, maximum, shared: true });
    } catch {
      // Not that much address space.
    }
  }
  throw new RangeError(
    'there is no address space for the shared memory: raise the limit on virtual memory (ulimit -v)',
  );
}

const seat: Taken = place[SEAT] ?? { memory, slot: 0 };
seat.owner = import.meta.url;
// Programs that list the globals do not see it.
if (place[SEAT] === undefined) Object.defineProperty(globalThis, SEAT, { value: seat });

/** Index of this thread's record. */
export const slot = seat.slot;

/** The kernel, as the thread that made this one has compiled it. */
export const givenKernel = seat.kernel;

/** What the tools of src/tools/ share, handed on to each new thread as it is; none = no tool was asked for when the process started. */
export const equipment: { of: object | undefined } = { of: seat.tools };

/** Typed views on the whole memory, valid up to the size it had at the last `refresh()`. */
export const V = {
  I32: new Int32Array(memory.buffer),
  U8: new Uint8Array(memory.buffer),
  F64: new Float64Array(memory.buffer),
};

/**
 * Tells this thread's engine how large the memory is. It learns of another thread's growth by an interrupt that it takes a little later;
 * to grow by nothing is to learn of it at once.
 */
export function updateSize(): void {
  memory.grow(0);
}

/** Makes the views cover all that any thread has grown the memory to. */
export function refresh(): void {
  updateSize();
  const buffer = memory.buffer;
  if (buffer.byteLength === V.I32.byteLength) return;
  V.I32 = new Int32Array(buffer);
  V.U8 = new Uint8Array(buffer);
  V.F64 = new Float64Array(buffer);
}

/**
 * Makes at least `bytes` of memory exist. Any number of threads may call it at once.
 * @throws RangeError when the memory cannot grow that far.
 */
export function reserve(bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) {
    try {
      memory.grow(Math.ceil(missing / WASM_PAGE));
    } catch (error) {
      // Another thread may have taken the last pages for the same bytes.
      if (memory.buffer.byteLength < bytes) throw error;
    }
  }
  refresh();
}
