// The map of the shared memory: which bytes hold what. All addresses are byte addresses, aligned to 4. The kernel (kernel/*.ts) is
// compiled from this file as well, so it holds nothing but integer constants.
//
//        0 ┬ null page: address 0 means "nothing", so the first bytes are never used
//       64 ├ header: process-wide words (below), and the segment tables
//     4096 ├ thread records, RECORD_SIZE bytes for each of MAX_THREADS slots; slot 0 is the main thread
//          ├ shapes: a word for each, what the collector must know of it (src/heap/types.ts)
//          ├ metadata of the pages of the first segment
// HEAP_START heap: pages of cells (src/heap/types.ts is the design)
//
// Untouched pages cost address space only.

/** Bytes of a thread's record: 64 of words, its label, from R_GUARD on its words of the heap, from R_WAIT_TURN on what it waits for. */
export const RECORD_SIZE = 1024;

/** The words of a record, as offsets. Who may write each, and its states, are in src/runtime/table.ts and src/heap/types.ts. */
export const R_STATE = 0;
export const R_WAKE = 4;
export const R_ATTENTION = 8;
export const R_CLAIMER = 12;
export const R_STACK = 16;
export const R_WORKER = 20;
export const R_ENDED = 24;
export const R_WAITS = 28;
export const R_INFLIGHT = 32;
export const R_BUFFERS = 36;
/** Whose death the text of its wait tells of: src/sync/deaths.ts. */
export const R_DIED = 40;
export const R_LABEL_LENGTH = 60;
export const R_LABEL = 64;
export const R_LABEL_END = 256;

// Of the heap; read by the collector.
export const R_GUARD = 256;
export const R_FRESH = 260;
export const R_PINS = 264;
export const R_LOG = 268;
export const R_LOG_HEAD = 272;
export const R_TOUCHED = 276;
export const R_OWNED = 280;
export const R_SCRATCH = 284;
export const R_ANSWER = 288;
export const R_KEY = 296;
/** 1 = what the thread runs is about to be ended from outside: it does not enter the kernel (src/sync/safepoint.ts). */
export const R_ARMED = 304;
export const R_TAKEN = 308;
export const R_TASK = 312;
export const R_HEEDED = 316;
// Written by the collector: a line of their own.
export const R_LOG_TAIL = 320;
export const R_HOLDING = 324;
export const R_HOLDING_SIZE = 328;

// Of a wait that has lasted a while: src/sync/patience.ts.
export const R_WAIT_TURN = 384;
export const R_WAIT_MODE = 388;
export const R_WAIT_LOOKS = 392;
export const R_WAIT_HOLDER = 396;
export const R_DEADLOCK = 400;
export const R_WAIT_TEXT_LENGTH = 404;
export const R_DEADLOCK_NUMBER = 424;
export const R_WAIT_TEXT = 512;
export const R_WAIT_TEXT_END = 832;
/** How many answers the thread has got from the supervisor; it parks on it: src/runtime/dump.ts. */
export const R_ANSWERS = 428;
/** The threads of the slot that have died, a ring of marks, and whose label the record has: src/sync/owner.ts, src/sync/names.ts. */
export const R_DEAD = 432;
export const DEAD_KEPT = 16;
export const R_LABELLED = 496;
/** The thread that has ended, and whose timers and handles go on: src/sync/owner.ts. */
export const R_LEAVES = 500;
/** The last of those whose event loop has had a turn since, and the count of asynchronous waiters: src/runtime/shutdown.ts. */
export const R_TURNED = 504;
// Of the thread: src/runtime/table.ts.
export const R_THREAD = 408;
export const R_DEATHS = 412;
export const R_NAME_LENGTH = 416;
export const R_KEEPS = 420;
export const R_NAME = 832;
export const R_NAME_END = 1024;

/** How many threads can be alive at once; memory ends sooner (about 10 MiB a thread). */
export const MAX_THREADS = 8192;

export const RECORDS_START = 4096;

/** One word a shape: {16 bits: tagged words, 16 bits: numbers}. */
export const SHAPES_START = RECORDS_START + MAX_THREADS * RECORD_SIZE;
export const MAX_SHAPES = 262144;

// Process-wide words.

/** Slots that were ever used: a scan of the table ends here. Only grows. */
export const H_SLOTS = 64;
/** Serial number of the newest worker; never recycled. The main thread's is 0. */
export const H_WORKERS = 68;
/** 1 since the watch for Ctrl-C is on, or there will be none. */
export const H_SIGINT_WATCHED = 76;
/** Whether the program has had a SIGINT handler of its own: src/runtime/sigint.ts. */
export const H_SIGINT_TAKEN = 80;
/** The newest function that a thread keeps for others to start again: they are numbered. */
export const H_CLOSURES = 84;
/** A float64: bytes of stack for threads started from now on, 0 = default; set by stack_size() in any thread. */
export const H_STACK_SIZE = 88;
/** Deadlocks found so far, and the mark of the thread that reports one, 0 = nobody: src/runtime/deadlock.ts. */
export const H_DEADLOCKS = 128;
export const H_DEADLOCK_REPORTER = 132;
/** The watch for SIGQUIT: src/runtime/quit.ts. */
export const H_QUIT_WATCH = 136;
/** Locks around the output streams of threads: three words each (src/runtime/console.ts). */
export const H_STDOUT = 96;
export const H_STDERR = 112;

/** How far the process has come to its end, and the count of asynchronous waiters behind it: src/runtime/shutdown.ts. */
export const H_SHUTDOWN = 160;
/** How many threads were given a name by number: "Thread-3". */
export const H_THREAD_NAMES = 168;
/** How many threads were started that the process waits for. */
export const H_KEPT_THREADS = 172;

/** How often all threads were asked to let go of what they do not hold; each thread that has done so raises H_HEEDED: src/runtime/asking.ts. Async waiters behind both. */
export const H_ASKED = 176;
export const H_HEEDED = 184;
/** Pages that were taken before the collection that has begun last. */
export const H_TAKEN = 192;
/** Tools that were turned on while the process ran (src/tools/), and where the board of explorations is. */
export const H_TOOLS = 200;
export const H_BOARD = 204;
/** Bytes of texts that the tools have written: src/tools/texts.ts. And how many races were told. */
export const H_TEXTS = 208;
export const H_RACES = 212;
/** Of the order of locks (src/tools/order.ts): how many edges there are, the lock around them, and how many circles were told. */
export const H_EDGES = 216;
export const H_EDGES_LOCK = 220;
export const H_INVERSIONS = 224;
/** How many races are meant to be, and not told (src/tools/races/report.ts). */
export const H_IGNORED = 228;

// Process-wide words of the heap: src/heap/types.ts says what each means. 256 to 495 stay free: helpers, whose record is the null
// page, have theirs there.

/** What locks become whose scope has ended: a cell whose mutex is held for ever. */
export const H_GONE_LOCK = 496;
export const H_GATE = 512;
export const H_CYCLE = 576;
export const H_SEGMENTS = 580;
export const H_USED_PAGES = 584;
export const H_MAX_PAGES = 588;
export const H_SINCE = 592;
export const H_THRESHOLD = 596;
export const H_GC_LOCK = 600;
export const H_GC_REQUEST = 604;
export const H_GC_DONE = 608;
export const H_SHAPES = 612;
export const H_BUFFERS = 616;
export const H_LIVE_CELLS = 620;
export const H_FROM_ROOTS = 624;
export const H_MARK_STACK = 628;
export const H_PEAK_PAGES = 632;
export const H_COLLECTOR = 636;
/** Counts what was made by `globals.get`; threads that wait for one park on it. The word behind it counts asynchronous waiters: none. */
export const H_GLOBALS = 672;
/** Counts futures that are done and that somebody watches among others; a thread that waits for several parks on it. Async waiters behind it. */
export const H_FUTURES = 680;
/** Threads that wait for executors to have nothing to do watch this word. Async waiters behind it. */
export const H_QUIET = 688;
export const H_LIVE_BYTES = 640;
export const H_PAUSE = 648;
export const H_MARKING = 656;
export const H_EXTERNAL = 664;
export const H_ALLOC_LOCK = 704;
/** Structs whose methods use modules that must be imported first (src/data/struct.ts). */
export const H_STRUCTS_IMPORTING = 708;
/** How many functions each worker calls before all else (src/threading/setup.ts). */
export const H_SETUPS = 712;
/** Words that are roots of the collection; src/heap/roots.ts names them. */
export const H_ROOTS = 768;
export const ROOTS = 16;
/** By size class: the first page that has free cells and no owner. */
export const H_PARTIAL = 832;
export const CLASSES = 24;

/** By segment: where its pages' metadata begins; how many of its pages are free; no page below this index in it is free. */
export const SEG_META = 1024;
export const SEG_FREE = 2048;
export const SEG_HINT = 3072;

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
export const SEGMENT_SHIFT = 24;
export const SEGMENT_PAGES = 4096;
export const META_SIZE = 128;

export const FIRST_META = SHAPES_START + MAX_SHAPES * 4;
export const HEAP_START = FIRST_META + SEGMENT_PAGES * META_SIZE;
