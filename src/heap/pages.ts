// A thread's JavaScript objects for cells. All wrappers of a page are in one array, the Page, and each of them refers to it: a Page
// lives as long as one of its wrappers does, and its thread pins the cells in it that have one. So a reference whose wrapper is known
// costs two array loads; V8's collector sees pages and not cells; and pins go a page at a time.
//
//   pages[index]  strong: the Page was used since the last `weaken`
//   tokens        every Page that exists, by a WeakRef
//
//   wrapper in a Page ⟹ pin bit of its cell (never the other way round)
//   pin bit ⟹ its page is known (PIN_KNOWN) and has a token
//
// A Page that JavaScript has collected gives its pins back by its finalizer, a task of its own, or where a thread that never returns to
// its event loop looks for it (src/heap/tidy.ts): never while marking, and never under a heap operation that may still use a cell.
// A successor that was made before takes the bits over, as those of wrappers that are gone.

import { atomic } from '../memory/atomics.js';
import { H_CYCLE, H_GATE, META_SIZE, PAGE_SHIFT, PAGE_SIZE, R_PINS, R_SCRATCH, SEG_META } from '../memory/layout.js';
import { refresh, V } from '../memory/memory.js';
import { record } from '../memory/self.js';
import { whole } from './cut.js';
import { k } from './kernel.js';
import { allocateRaw, takePart, waitGate } from './room.js';
import { M_SIZE, PIN_BITS, PIN_BLOCK, PIN_COUNTS, PIN_KNOWN, S_OPEN } from './types.js';

const CELLS = 256;
/** Behind the wrappers: word index of the pin bits, index of the page, and WeakRefs of wrappers once it is shattered. */
export const BITS = CELLS;
export const INDEX = CELLS + 1;
export const SHARDS = CELLS + 2;
/** Written by code that must be seen to use a Page up to that point. */
export const SPARE = CELLS + 3;
const TEMPLATE: unknown[] = new Array(CELLS + 4).fill(undefined);

/** Wrappers of a page by granule, then the fields above. */
export type Page = unknown[];
type Shards = Map<number, Pick<WeakRef<object>, 'deref'>>;

export interface Token {
  readonly page: Pick<WeakRef<Page>, 'deref'>;
  readonly index: number;
  /** The collection after which it was made. */
  readonly born: number;
  /** The collection after which it was shattered last, 0 = never. */
  shattered: number;
  /** First made inside a scope that is still open. */
  scoped: boolean;
  /** The epoch in which the Page was weakened last. */
  weakened: number;
}

/**
 * JavaScript's own full collections, as far as they are noticed: an epoch ends when an object that nobody holds is seen to be gone. It is
 * looked at only where a checkpoint or the end of the job comes next, since a look keeps it.
 */
let epoch = 0;
let canary = new WeakRef({});
/** The epoch in which dead Pages were looked for last. */
let looked = 0;

function noticeCollection(): void {
  if (canary.deref() !== undefined) return;
  epoch++;
  canary = new WeakRef({});
}

/** This thread has just collected JavaScript's garbage. */
export function garbageCollected(): void {
  epoch += 2;
}

/** By page index. Reads beyond its end are undefined like those of unknown pages. */
export const pages: (Page | undefined)[] = [];
export const tokens = new Map<number, Token>();
/** One array for ever: an optimizing compiler that waits for a core holds the array that it saw, and then also what is in it. */
const strong: Page[] = [];
let dead: Token[] = [];
const shattered = new Map<number, Token>();
/** Single pins could not go when they were last looked at. */
let shardsWait = false;
/** `dropDead` will be called by a timer. */
let retrying = false;

/** Pages that new cells go to: they stay strong. */
export const current: (Page | undefined)[] = [];

/** Pages made since the innermost open scope began; undefined = there is none. Each belongs to src/heap/scope.ts. */
export const scoped: { pages: Page[] | undefined } = { pages: undefined };

/** From now on they are noted in `inside`. */
export function noteScoped(inside: Page[] | undefined): void {
  scoped.pages = inside;
}

/** Milliseconds until pins that could not go while marking are tried again. */
const RETRY = 20;

/** Looks at a gate that is not open, of a tenth of a millisecond each: far longer than marking takes. */
const GATE_LOOKS = 100_000;

/** What a Page that was emptied leaves behind. */
const NOTHING = { deref: (): undefined => undefined };

/** How many words fit the list. */
const LIST_MAX = 1000;

/** Word index of the list for the kernel: pins go in the midst of operations whose key is in the page before. */
const listWords = (): number => ((atomic.load(record + R_SCRATCH) >>> 0) + PAGE_SIZE) >>> 2;

const finalizers = new FinalizationRegistry<Token>((token) => {
  if (tokens.get(token.index) !== token) return;
  dead.push(token);
  if (dead.length === 1) setTimeout(dropDead, 0);
});

/** Reaches all pages that the views reach. */
function extend(): void {
  refresh();
  for (let count = V.I32.length >>> 10; pages.length < count; ) pages.push(undefined);
}

/** This thread's Page of an index; makes it if there is none. Not inside a guard. */
export function pageAt(index: number): Page {
  return pages[index] ?? whole(() => findPage(index));
}

function findPage(index: number): Page {
  if (index >= pages.length) extend();
  const token = tokens.get(index);
  const weak = token?.page.deref();
  if (token !== undefined && weak !== undefined) {
    pages[index] = weak;
    strong.push(weak);
    if (scoped.pages === undefined) token.scoped = false;
    else if (token.scoped) scoped.pages.push(weak);
    return weak;
  }
  return makePage(index);
}

function makePage(index: number): Page {
  const block = pinBlock(index >>> 12);
  const page = TEMPLATE.slice();
  page[BITS] = (block + (index & 4095) * PIN_BITS) >>> 2;
  page[INDEX] = index;
  const known = ((block + PIN_KNOWN) >>> 2) + ((index & 4095) >>> 5);
  V.I32[known]! |= 1 << (index & 31);
  const token: Token = {
    page: new WeakRef(page),
    index,
    born: V.I32[H_CYCLE >>> 2]!,
    shattered: 0,
    scoped: scoped.pages !== undefined,
    weakened: Infinity,
  };
  const before = tokens.get(index);
  const inherited = before !== undefined ? inheritPins(page) : undefined;
  if (before !== undefined) finalizers.unregister(before);
  tokens.set(index, token);
  if (inherited !== undefined) {
    page[SHARDS] = inherited;
    shattered.set(index, token);
    shardsWait = true;
  }
  finalizers.register(page, token, token);
  pages[index] = page;
  strong.push(page);
  scoped.pages?.push(page);
  return page;
}

/**
 * The Page's predecessor is gone, and its pins are not: the successor would keep them. So they are pins of wrappers that
 * are gone. They cannot go at once: the thread may have pinned a cell for the wrapper that it needs this Page for.
 */
function inheritPins(page: Page): Shards | undefined {
  const shards: Shards = new Map();
  for (let granule = 0; granule < CELLS; granule++) if (isPinned(page, granule)) shards.set(granule, NOTHING);
  return shards.size === 0 ? undefined : shards;
}

/** Address of this thread's pin block for a segment. */
function pinBlock(segment: number): number {
  if (atomic.load(record + R_PINS) === 0) takePart();
  const entry = (atomic.load(record + R_PINS) >>> 0) + segment * 4;
  let block = atomic.load(entry) >>> 0;
  if (block === 0) {
    block = allocateRaw(PIN_BLOCK / 4096);
    atomic.store(entry, block);
  }
  // The thread that had this slot before may have made it.
  if ((block + PIN_BLOCK) >>> 2 > V.I32.length) refresh();
  return block;
}

/** The wrapper that a weakened or shattered Page still has for a granule. */
export function shardOf(page: Page, granule: number): object | undefined {
  const shards = page[SHARDS] as Shards | undefined;
  if (shards === undefined) return undefined;
  const wrapper = shards.get(granule)?.deref();
  shards.delete(granule);
  return wrapper;
}

/** How many Pages are strong, and exist. */
export const pageCounts = (): { strong: number; all: number } => ({ strong: strong.length, all: tokens.size });

/** From now on a Page lives only through its wrappers, and those that new cells go to. */
export function weaken(): void {
  keepStrong((page) => {
    if (current.includes(page)) return true;
    const index = page[INDEX] as number;
    pages[index] = undefined;
    const token = tokens.get(index);
    if (token !== undefined) token.weakened = epoch;
    return false;
  });
}

/** Takes out the Pages for which `keeps` says no. */
function keepStrong(keeps: (page: Page) => boolean): void {
  let kept = 0;
  for (const page of strong) if (keeps(page)) strong[kept++] = page;
  strong.length = kept;
}

/** Lets go of the pins of Pages that are reported dead. Whatever is left is tried again later. */
export function dropDead(): void {
  const list = dead;
  dead = [];
  for (let start = 0; start < list.length; start += LIST_MAX) {
    const part = list.slice(start, start + LIST_MAX).filter((token) => tokens.get(token.index) === token);
    const scratch = listWords();
    part.forEach((token, at) => {
      V.I32[scratch + at] = token.index;
    });
    if (k.dropPages(scratch << 2, part.length, record) === 1) for (const token of part) forget(token);
    else dead.push(...part);
  }
  if (dead.length === 0 || retrying) return;
  retrying = true;
  later(() => {
    retrying = false;
    dropDead();
  });
}

/** Whether there are pins that are to go, and could not because of a collection. */
export const pinsWait = (): boolean => dead.length > 0 || shardsWait;

/** Tries those again. */
export function dropWaiting(): void {
  if (dead.length > 0) dropDead();
  if (shardsWait) dropShards();
}

/** As `dropDead`, but waits until pins can go: for a thread that is about to do nothing for long. */
export function dropDeadNow(): void {
  dropDead();
  for (let looks = 0; dead.length > 0 && looks < GATE_LOOKS; looks++) {
    waitGate();
    dropDead();
  }
}

function forget(token: Token): void {
  // Of a thread that never returns to its event loop no finalizer is ever called: they would pile up.
  finalizers.unregister(token);
  tokens.delete(token.index);
  shattered.delete(token.index);
  pages[token.index] = undefined;
}

/** Without keeping the event loop alive, where that can be said. */
function later(action: () => void): void {
  const timer = setTimeout(action, RETRY) as { unref?: () => void };
  timer.unref?.();
}

/**
 * Lets go of dead Pages without their finalizers, which are tasks of the event loop, and of what is garbage in shattered ones. Only
 * JavaScript's full collections find such things: if there was none since the last look there is nothing to look for.
 * @returns how many Pages were found dead.
 */
export function findDead(): number {
  if (epoch === looked) noticeCollection();
  if (epoch === looked) return 0;
  looked = epoch;
  const known = new Set(dead);
  let found = 0;
  for (const token of tokens.values()) {
    if (pages[token.index] !== undefined || known.has(token) || token.page.deref() !== undefined) continue;
    dead.push(token);
    found++;
  }
  dropDead();
  dropShards();
  return found;
}

/** Empties Pages at the end of a scope: their wrappers are told, their pins go. Answers false while marking: try again. */
export function emptyPages(list: readonly Page[], tell: (wrapper: unknown, address: number) => void): boolean {
  for (let start = 0; start < list.length; start += LIST_MAX) {
    const part = list.slice(start, start + LIST_MAX);
    // The wrappers first: a pin that is gone under a wrapper that is not would be a hole.
    for (const page of part) {
      const index = page[INDEX] as number;
      for (let granule = 0; granule < CELLS; granule++) {
        const wrapper = page[granule];
        if (wrapper === undefined) continue;
        page[granule] = undefined;
        tell(wrapper, index * 4096 + granule * 16);
      }
      for (const [granule, weak] of (page[SHARDS] as Shards | undefined) ?? []) {
        const wrapper = weak.deref();
        if (wrapper !== undefined) tell(wrapper, index * 4096 + granule * 16);
      }
      page[SHARDS] = undefined;
      const token = tokens.get(index);
      if (token === undefined) continue;
      // The array may still be there, behind a wrapper that somebody holds; as a Page it is gone.
      const gone = { ...token, page: NOTHING };
      finalizers.unregister(token);
      tokens.set(index, gone);
      dead.push(gone);
      pages[index] = undefined;
    }
  }
  const gone = new Set(list);
  keepStrong((page) => !gone.has(page));
  dropDead();
  return dead.length === 0;
}

/** Cells whose pins do not go now, by page: a wait that the thread is in the midst of looks at their words. */
const spared = new Map<number, { readonly page: Page; readonly granules: Set<number> }>();

/** Spares the cells of these words, and no others. */
export function spare(words: Iterable<number>): void {
  spared.clear();
  for (const word of words) {
    const index = word >>> PAGE_SHIFT;
    const at = spared.get(index) ?? { page: pageAt(index), granules: new Set() };
    const meta = (V.I32[(SEG_META >>> 2) + (index >>> 12)]! >>> 0) + (index & 4095) * META_SIZE;
    const size = V.I32[(meta + M_SIZE) >>> 2]!;
    const offset = word & 4095;
    at.granules.add(size > 0 ? (offset - (offset % size)) >> 4 : 0);
    spared.set(index, at);
  }
}

/** A Page whose pins alone keep at least so many cells alive, for so many collections, is shattered. */
const SHATTER_AT = 8;
const SHATTER_AGE = 3;

/** Lets go of the pins of shattered Pages whose wrappers JavaScript does not hold any more. */
function dropShards(): void {
  shardsWait = false;
  for (const [index, token] of shattered) {
    const page = tokens.get(index) === token ? token.page.deref() : undefined;
    const shards = page?.[SHARDS] as Shards | undefined;
    if (shards === undefined) {
      shattered.delete(index);
      continue;
    }
    const gone: number[] = [];
    for (const [granule, weak] of shards) {
      if (page?.[granule] !== undefined) shards.delete(granule);
      else if (weak.deref() === undefined && !spared.get(index)?.granules.has(granule)) gone.push(granule);
    }
    if (!dropCells(index, gone)) shardsWait = true;
    else for (const granule of gone) shards.delete(granule);
  }
}

/**
 * Pages whose pins keep much alive that no root does: one wrapper that is held for long holds its whole page. Each such wrapper gets a
 * WeakRef of its own instead, and pins go one by one.
 *
 * Only Pages that a full collection of JavaScript's has passed since they were weakened: of those that are garbage already each wrapper
 * would get a WeakRef for nothing.
 *
 * @param midst in the midst of an operation, which may have pinned cells that have no wrapper: those stay pinned.
 * @param all of any age, whatever they keep: a single cell may be the head of a list. JavaScript's garbage has just been collected, or
 * the heap is full.
 */
export function shatter(midst: boolean, all = false): void {
  if (!midst && atomic.load(H_GATE) !== S_OPEN) return;
  noticeCollection();
  const cycle = V.I32[H_CYCLE >>> 2]!;
  const age = all ? 0 : SHATTER_AGE;
  const least = all ? 1 : SHATTER_AT;
  for (const token of tokens.values()) {
    if (cycle - token.born < age || cycle - token.shattered < age || pages[token.index] !== undefined) continue;
    // The epoch in which it was weakened may have begun before.
    if (!all && epoch - token.weakened < 2) continue;
    const counts = (pinBlock(token.index >>> 12) + PIN_COUNTS) >>> 2;
    if (V.I32[counts + (token.index & 4095)]! < least) continue;
    const page = token.page.deref();
    if (page !== undefined && !current.includes(page)) shatterPage(token, page, cycle, midst);
  }
}

/**
 * The same for some pages, whatever their pins were found to keep: outside the heap it may be much. In the midst of an operation. Removes
 * them from the set, but for those that are in use.
 */
export function shatterPages(indexes: Set<number>): void {
  const cycle = V.I32[H_CYCLE >>> 2]!;
  for (const index of indexes) {
    if (pages[index] !== undefined) continue;
    indexes.delete(index);
    const token = tokens.get(index);
    const page = token?.page.deref();
    if (token !== undefined && page !== undefined) shatterPage(token, page, cycle, true);
  }
}

function shatterPage(token: Token, page: Page, cycle: number, midst: boolean): void {
  const shards: Shards = (page[SHARDS] as Shards | undefined) ?? new Map();
  const others: number[] = [];
  for (let granule = 0; granule < CELLS; granule++) {
    const wrapper = page[granule];
    page[granule] = undefined;
    if (typeof wrapper === 'object' && wrapper !== null) shards.set(granule, new WeakRef(wrapper));
    // A value, or what is left of a wrapper that has moved on.
    else if (!shards.has(granule) && isPinned(page, granule)) others.push(granule);
  }
  page[SHARDS] = shards;
  token.shattered = cycle;
  shattered.set(token.index, token);
  if (!midst) dropCells(token.index, others);
}

const isPinned = (page: Page, granule: number): boolean =>
  ((V.I32[(page[BITS] as number) + (granule >> 5)]! >>> (granule & 31)) & 1) === 1;

/** Lets go of pins of one page, if that can be now; whether it could. */
export function dropCells(index: number, granules: readonly number[]): boolean {
  if (granules.length === 0) return true;
  const scratch = listWords();
  granules.forEach((granule, at) => {
    V.I32[scratch + at] = index * 4096 + granule * 16;
  });
  return k.dropCells(scratch << 2, granules.length, record) === 1;
}
