// The shared heap's nouns, with their sizes and the rules that hold between them. The kernel (kernel/*.ts) is compiled from this file as
// well, so it holds nothing but integer constants. README.md beside it tells the protocol.
//
// CELL     16 bytes or a multiple, aligned to 16, never moved. Its first word is its header: {4 bits: kind, 28 bits: shape of a record}.
//          A header of 0 is a cell that is being made: nobody but its maker can reach it.
// WORD     32 bits that hold any value, or refer to a cell that does:
//            0              undefined
//            …1             an integer of 31 bits
//            …0000          address of a cell
//            NULL, …        the constants below
// NUMBER   64 bits that hold any value as well. As a float64 below REFERENCES it is that number. REFERENCES * (1 + word / 2 ** 52) is
//          the value of the word: its upper half is REFERENCE_BITS, its lower half the word. Numbers of that range are boxed.
//          A float64 never tears and payloads of NaN mean nothing here, so a race can show an old value but forge no reference.
// PAGE     4 KiB of cells of one size class, or a part of a cell that is larger than a page's half. Metadata lies outside the page.
// SEGMENT  4096 pages, 16 MiB: the unit by which the memory grows. Metadata of a segment's pages is one table, SEG_META says where.
//
// Metadata of a page
//   M_SIZE     bytes of a cell; FREE_PAGE; LARGE_PAGE first of a large cell; MORE_PAGE the rest of it; RAW_PAGE the heap's own data;
//              TAKEN_PAGE found by an allocation that has not said yet what for
//   M_OWNER    slot + 1 of the thread that allocates from it; 0 = nobody
//   M_CYCLE    the collection during which, or after which, it last changed hands
//   M_NEXT     next page in its class's list of partly free pages
//   M_CLASS    size class;  M_COUNT  pages of a large cell;  M_DIRTY  1 = was used before, so it is not all zeros
//   M_ALLOCATED  a bit for each 16 bytes: a cell begins here that is in use. Written by the collector, and by the thread that takes or releases
//              the page. What the owner has used of a page's free cells is not in it: hence
//                free(cell) = not allocated(cell) and the page has no owner
//   M_MARKED   a bit for each 16 bytes, written by the collector alone: sweeping is allocated := marked
//
// Of a thread, in its record (src/memory/layout.ts)
//   R_GUARD    1 while the thread is inside a guard, where nothing is swept
//   R_FRESH    the large cell that it allocated last, which may not be stored anywhere yet: a root
//   R_PINS     table of its pin blocks, by segment. Bits: cells that its JavaScript objects stand for: roots
//   R_LOG      ring of cells that it pinned while marking went on: {address | RESCAN}. It writes R_LOG_HEAD, the collector R_LOG_TAIL
//   R_TOUCHED  the cell whose page has no JavaScript object yet (see `touch` in kernel/mutator.ts)
//   R_INFLIGHT the address of a cell on its way to the thread: a root
//   R_OWNED    1 since the thread takes part in the heap
//   R_SCRATCH  two raw pages: keys on their way into the kernel, entries on their way out; lists of pins that go
//   R_ANSWER   the second answer of an operation on a queue;  R_KEY  float64: the third (kernel/queues.ts)
//   R_HOLDING  how many cells lived through its pins alone at the last collection: the pinned ones, and what can be reached from them.
//              What several threads keep counts for the first of them;  R_HOLDING_SIZE  KiB of those cells,
//              or of all that lives through pins alone, if it has its part of those
//   R_TAKEN    the text, bigint or boxed number that it took from a queue last, and reads at once: a root, for want of a pin; 0 = none
//   R_HEEDED   the last of H_ASKED that it has heeded
//   R_TASK     the future whose task it runs for an executor, and has no pin for: a root; 0 = none
//
// Process-wide
//   H_GATE     OPEN, MARKING: touches are logged, pins are kept; CLOSED: guards wait. Written by the one who holds H_GC_LOCK
//   H_CYCLE    number of collections begun;  H_GC_DONE  of those ended
//   H_GC_LOCK  slot + 1 of the collector, or GC_COLLECTOR; waits park on it
//   H_GC_REQUEST  1 = somebody asks the collector for a collection; it parks on it
//   H_SINCE    pages taken since the last collection began;  H_THRESHOLD  how many begin the next;  H_TAKEN  all that
//              were taken before
//   H_USED_PAGES <= H_MAX_PAGES;  H_EXTERNAL float64: bytes of the shared buffers that were kept, outside the
//              memory, after the last collection. Written by the one who keeps them, with H_GC_LOCK
//   H_ALLOC_LOCK  slot + 1 of who works on page lists, inside a guard
//   H_ASKED    how often a thread that has found no room has asked all threads to let go;  H_HEEDED  how often one has
//   H_COLLECTOR  1 = the supervisor was asked for a collector's thread
//   H_SHAPES   shapes that exist;  H_BUFFERS  serial of the last shared buffer
//
// A container's lock: 0 free; slot + 1 of its holder. It is held only through kernel code that waits for nothing; a thread that does not get it
// soon leaves the kernel and naps.

export const KIND_MASK = 15;
export const SHAPE_SHIFT = 4;

/** A record: {header, tagged words…, numbers…}; its shape's word says how many. */
export const K_RECORD = 1;
/** {header, length, hash or 0, bytes…}: characters up to U+00FF. */
export const K_STR8 = 2;
/** {header, length, hash or 0, UTF-16 units…} */
export const K_STR16 = 3;
/** {header, 0, float64} */
export const K_BOX = 4;
/** {header, sign and bytes, digits…} */
export const K_BIGINT = 5;
/** {header, 0, float64} */
export const K_DATE = 6;
/**
 * What this library builds in the heap, a lock for one: {header, raw words…, tagged words…}. Above its kind the header says which of
 * them it is (8 bits, src/sync/cell.ts), how many raw words it has (8 bits) and how many tagged words (8 bits), and whether it is NAMED.
 */
export const K_SYNC = 7;
export const SYNC_WORDS_SHIFT = 12;
export const SYNC_REFERENCES_SHIFT = 20;
export const SYNC_MASK = 255;
/** In the header: it was given a name (src/sync/titles.ts). */
export const NAMED = 1 << 28;
/** {header, data, length, lock} */
export const K_ARRAY = 8;
/** An array's data: {header, capacity, numbers…} */
export const K_NUMBERS = 9;
/** {header, table, lock, live entries, sequence word} */
export const K_MAP = 10;
export const K_SET = 11;
/** A map's or set's table; see kernel/tables.ts. */
export const K_TABLE = 12;
/** {header, how many, tagged words…}: a list of references; an error's parts. */
export const K_WORDS = 13;
export const K_ERROR = 14;
/** A buffer outside the memory: {header, serial, bytes, type of view, offset, length, word of the buffer's cell} */
export const K_BUFFER = 15;

export const UNDEFINED = 0;
export const NULL = 2;
export const FALSE = 18;
export const TRUE = 34;
export const EMPTY = 50;
/** In a table: an entry that was deleted, an answer that there is none. */
export const ABSENT = 66;

/** Answers of the kernel that are no words. */
export const BUSY = 4;
export const NO_PINS = 8;
export const NO_MEMORY = 12;
export const OTHER = 14;
/** Of `arrayPush`, whose other answers are lengths. */
export const PUSH_BUSY = -1;

export const REFERENCE_BITS = 0x7e700000;

export const S_OPEN = 0;
export const S_MARKING = 1;
export const S_CLOSED = 2;

export const GC_COLLECTOR = 65535;

export const M_SIZE = 0;
export const M_OWNER = 4;
export const M_CYCLE = 8;
export const M_NEXT = 12;
export const M_CLASS = 16;
export const M_COUNT = 20;
export const M_DIRTY = 24;
export const M_ALLOCATED = 32;
export const M_MARKED = 64;

export const FREE_PAGE = 0;
export const LARGE_PAGE = -1;
export const TAKEN_PAGE = -2;
export const RAW_PAGE = -3;
export const MORE_PAGE = -4;

/** The largest cell that shares a page with others; in bytes. */
export const SMALL_MAX = 2048;

/** A pin block: bits of 4096 pages, then a count for each, then a bit for each page that has a JavaScript object. */
export const PIN_BITS = 32;
export const PIN_COUNTS = 131072;
export const PIN_KNOWN = 147456;
export const PIN_BLOCK = 151552;

/** Entries of a log; in a raw block of its own. */
export const LOG_SIZE = 4096;
/** In a log entry: trace the cell again, also if it is marked. */
export const RESCAN = 1;

/** Bytes of the scratch page for a key's characters; behind it are words for what an iteration gives out. */
export const SCRATCH_KEY = 4032;

/** Words of a table's header: {header, capacity, used, buckets, next ordinal, deleted}; see kernel/tables.ts. */
export const T_CAPACITY = 4;
export const T_USED = 8;
export const T_BUCKETS = 12;
export const T_ORDINAL = 16;
export const T_WIDTH = 20;
export const T_HEADS = 24;

/** What `tablePut` is to do, and its answers. */
export const PUT_SET = 0;
export const PUT_ADD = 1;
export const PUT_REPLACE = 2;
export const PUT_FULL = 1;
export const PUT_KEYLESS = 2;
export const PUT_UPDATED = 3;
export const PUT_INSERTED = 5;
export const PUT_EXISTED = 6;
export const PUT_DIFFERENT = 7;

// A queue: a cell of the kinds FIRST_QUEUE to LAST_QUEUE {header, words…, data}, all but the data raw. Offsets in bytes; kernel/queues.ts has
// the protocol.
//   Q_LOCK        a container's lock
//   Q_NOT_EMPTY   of those that want to get: {turn, asynchronous waiters (src/memory/park.ts), waiting, called}
//   Q_NOT_FULL    the same of those that want to put
//   Q_UNFINISHED  items that were put and not said to be done; joiners park on it. Behind it: asynchronous waiters
//   Q_HEAD, Q_TAIL  run on without end, modulo 2 ** 32: TAIL - HEAD items are in the queue, the next one to take is HEAD's (LIFO: TAIL - 1's).
//                 In a priority queue HEAD is 0
//   Q_MAX         how many items there may be; 0 = any number
//   Q_CLOSED      1 since it was shut down
//   Q_ORDER       Q_FIFO, Q_LIFO, Q_PRIORITY
//   Q_HOLE        of a priority queue: the entry that is in hand belongs there; 0 = none is in hand. Q_TARGET: and then there are so many
//   Q_KEYS        of which sort the keys are
//   Q_SERIAL      a float64: items that were ever put
//   Q_DATA        a cell of K_NUMBERS, or undefined

/** Kinds of cells (src/sync/cell.ts). */
export const FIRST_QUEUE = 11;
export const LAST_QUEUE = 14;

export const Q_LOCK = 4;
export const Q_NOT_EMPTY = 8;
export const Q_NOT_FULL = 24;
export const Q_UNFINISHED = 40;
export const Q_HEAD = 48;
export const Q_TAIL = 52;
export const Q_SERIAL = 56;
export const Q_MAX = 64;
export const Q_CLOSED = 68;
export const Q_ORDER = 72;
export const Q_HOLE = 76;
export const Q_TARGET = 80;
export const Q_KEYS = 84;
export const Q_DATA = 88;
/** How many of the words are raw. */
export const Q_WORDS = 21;

/** Of a side. */
export const Q_TURN = 0;
export const Q_WAITING = 8;
export const Q_CALLED = 12;

export const Q_FIFO = 0;
export const Q_LIFO = 1;
export const Q_PRIORITY = 2;

/** How an item is put or taken: do not wait; count this thread among those that wait; it is counted already; give an item back. */
export const Q_NEVER = 0;
export const Q_FIRST = 1;
export const Q_AGAIN = 2;
export const Q_BACK = 3;

/** Answers beside BUSY. */
export const Q_DONE = 0;
export const Q_WAKE = 1;
export const Q_FULL = 2;
export const Q_GROW = 3;
export const Q_SHUT = 5;
export const Q_MIXED = 6;
export const Q_BRING = 7;

/** The word of an item that is not put: whether there is room for one. Q_BRING says yes, and that nothing was done. */
export const Q_LOOK = OTHER;

/** Data for more numbers than this goes when the queue is empty. */
export const Q_KEPT = 8192;
