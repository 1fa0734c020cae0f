// The map of the shared memory: which bytes hold what. All addresses are byte addresses, aligned to 4.
//
//        0 ┬ null page: address 0 means "nothing", so the first bytes are never used
//       64 ├ header: process-wide words (below)
//     4096 ├ thread records, RECORD_SIZE bytes for each of MAX_THREADS slots; slot 0 is the main thread
// 4 MiB+4K ├ heap: chunks of cells, handed out in order (src/heap/arena.ts)
//
// Untouched pages cost address space only.

/** Bytes of a thread's record: 64 of words, the rest holds its label (src/runtime/table.ts says what each word means). */
export const RECORD_SIZE = 256;

/** The words of a record, as offsets. Who may write each, and its states, are in src/runtime/table.ts and src/heap. */
export const R_STATE = 0;
export const R_WAKE = 4;
export const R_ATTENTION = 8;
export const R_CLAIMER = 12;
export const R_STACK = 16;
export const R_WORKER = 20;
export const R_ENDED = 24;
export const R_WAITS = 28;
export const R_INFLIGHT = 32;
export const R_PINS = 36;
export const R_MAIL = 40;
export const R_KEPT = 44;
export const R_LABEL_LENGTH = 60;
export const R_LABEL = 64;

/** How many threads can be alive at once; memory ends sooner (about 10 MiB a thread). */
export const MAX_THREADS = 16384;

export const RECORDS_START = 4096;
export const HEAP_START = RECORDS_START + MAX_THREADS * RECORD_SIZE;

// Process-wide words.

/** Slots that were ever used: a scan of the table ends here. Only grows. */
export const H_SLOTS = 64;
/** Serial number of the newest worker; never recycled. The main thread's is 0. */
export const H_WORKERS = 68;
/** Byte address at which the heap ends today; only grows (src/heap/arena.ts). */
export const H_HEAP_END = 72;
/** 1 since the program has had a SIGINT handler of its own (src/runtime/sigint.ts). */
export const H_SIGINT_TAKEN = 80;
/** 1 since the watch for Ctrl-C is on, or there will be none. */
export const H_SIGINT_WATCHED = 76;
/** The newest function that a thread keeps for others to start again: they are numbered. */
export const H_CLOSURES = 84;
/** A float64: bytes of stack for threads started from now on, 0 = default; set by stack_size() in any thread. */
export const H_STACK_SIZE = 88;
/** Locks around the output streams of threads: three words each (src/runtime/console.ts). */
export const H_STDOUT = 96;
export const H_STDERR = 112;
/** Heads of the arenas' lists of chunks (src/heap/cells.ts). */
export const H_ARENAS = 128;

/**
 * Where a new thread finds its seat: the worker's entry puts it on `globalThis` before it loads anything else. The number is the
 * layout's version: two copies of this package in one thread share only when they agree.
 */
export const SEAT = Symbol.for('heddle.seat/1');
