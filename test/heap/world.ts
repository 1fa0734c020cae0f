// Several threads of the heap in one real thread: copies of the library's modules over one memory, each with a slot of its own. So a test
// can say what happens when, also inside of one operation: the kernel and the copies call out at points (kernel_with_points.ts).

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Allocate from '#heddle/heap/allocate.js';
import type * as Arrays from '#heddle/heap/array.js';
import type * as Check from '#heddle/heap/check.js';
import type * as Kinds from '#heddle/heap/classes.js';
import type * as Collector from '#heddle/heap/collector.js';
import type * as Inflight from '#heddle/heap/inflight.js';
import type * as Kernel from '#heddle/heap/kernel.js';
import type * as Maps from '#heddle/heap/map.js';
import type * as Pages from '#heddle/heap/pages.js';
import type * as Pins from '#heddle/heap/pins.js';
import type * as Scope from '#heddle/heap/scope.js';
import type * as Shapes from '#heddle/heap/shapes.js';
import type * as Values from '#heddle/heap/values.js';
import type { atomic as Atomic } from '#heddle/memory/atomics.js';
import * as layout from '#heddle/memory/layout.js';
import type * as Memory from '#heddle/memory/memory.js';
import { SEAT } from '#heddle/memory/seat.js';
import type * as Self from '#heddle/memory/self.js';
import { type SharedWasmMemory, Wasm } from '#heddle/memory/wasm.js';
import { root } from '../support/program.ts';
import { type Edit, edited, kernelWithPoints, POINTS, type Point } from './kernel_with_points.ts';

/** The modules of one thread. */
export interface Thread {
  readonly slot: number;
  readonly allocate: typeof Allocate;
  readonly arrays: typeof Arrays;
  readonly atomic: typeof Atomic;
  readonly check: typeof Check;
  readonly collector: typeof Collector;
  readonly inflight: typeof Inflight;
  readonly k: typeof Kernel.k;
  readonly maps: typeof Maps;
  readonly memory: typeof Memory;
  readonly pages: typeof Pages;
  readonly pins: typeof Pins;
  readonly record: number;
  readonly scope: typeof Scope;
  readonly shapes: typeof Shapes;
  readonly values: typeof Values;
}

/** What the copies call. */
export interface Hooks {
  point(slot: number, point: Point): void;
  /** The thread waits at a gate that is closed; returns when it is open. */
  waitGate(slot: number): void;
}

export interface Node {
  left: unknown;
  right: unknown;
  name: unknown;
  id: number;
}

/** A size of which the heap's own cells are not: a Page of nodes has nothing else. */
const SHAPE = JSON.stringify(['', ['left', 'w'], ['right', 'w'], ['name', 'w'], ['id', 'n'], ['x', 'n'], ['y', 'n']]);

/** Where the copies of a world find its hooks. */
const keyOf = (folder: string): string => `heddle.test/${folder}`;

/** Calls out of the copies' JavaScript. */
function patches(folder: string): Edit[] {
  const hooks = `globalThis[Symbol.for(${JSON.stringify(keyOf(folder))})]`;
  return [
    {
      file: 'memory/kernel.js',
      from: 'env: { memory, refresh: updateSize }',
      to: `env: { memory, refresh: updateSize, point: (at) => ${hooks}.point(slot, at) }`,
    },
    {
      file: 'memory/kernel.js',
      from: "updateSize } from './memory.js';",
      to: "slot, updateSize } from './memory.js';",
    },
    {
      file: 'heap/room.js',
      from: 'export function waitGate() {',
      to: `export function waitGate() {\n    if (atomic.load(H_GATE) === S_CLOSED) { ${hooks}.waitGate(slot); return; }`,
    },
  ];
}

export class World {
  /** The main thread and two others. The collector is driven by the first. */
  readonly threads: [Thread, Thread, Thread];
  readonly #folder: string;
  hooks: Hooks | undefined;
  #baselines: Set<number>[] = [];
  #cells = 0;

  private constructor(threads: World['threads'], folder: string) {
    this.threads = threads;
    this.#folder = folder;
    Object.assign(globalThis, {
      [Symbol.for(keyOf(folder))]: {
        point: (slot: number, at: number) => this.hooks?.point(slot, POINTS[at]!),
        waitGate: (slot: number) => this.hooks?.waitGate(slot),
      },
    });
    // What stays: the maps of shapes, and each thread's class for the nodes.
    for (const thread of threads) {
      this.forget(thread, this.node(thread));
      thread.scope.scope(() => thread.values.readWord((layout.H_ROOTS >>> 2) + 8));
    }
    for (const thread of threads) thread.allocate.releasePages();
    this.collect();
    this.#baselines = threads.map((thread) => new Set(threads[0].pins.pinnedBy(thread.slot)));
    this.collect();
    this.#cells = threads[0].check.checkHeap();
  }

  /** With mutations of the kernel's source, or of compiled modules ("heap/pages.js"). */
  static async open(mutations: readonly Edit[] = []): Promise<World> {
    const kernel = await kernelWithPoints(mutations);
    mkdirSync(join(root, 'build'), { recursive: true });
    const folder = mkdtempSync(join(root, 'build', 'world-'));
    try {
      Object.assign(globalThis, { [Symbol.for(keyOf(folder))]: { point() {}, waitGate() {} } });
      const memory = new Wasm.Memory({ initial: 256, maximum: 65536, shared: true });
      const threads: Thread[] = [];
      for (const slot of [0, 1, 2]) {
        const copy = join(folder, String(slot));
        for (const part of ['heap', 'memory']) cpSync(join(root, 'dist', part), join(copy, part), { recursive: true });
        writeFileSync(join(copy, 'memory/kernel-bytes.js'), `export const KERNEL = '${kernel}';`);
        for (const edit of [...patches(folder), ...mutations.filter(({ file }) => file.endsWith('.js'))]) {
          const file = join(copy, edit.file);
          writeFileSync(file, edited(readFileSync(file, 'utf8'), edit));
        }
        threads.push(await load(copy, memory, slot));
        threads[0]!.atomic.store(layout.H_SLOTS, 3);
      }
      return new World(threads as unknown as World['threads'], folder);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  close(): void {
    this.hooks = undefined;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #lives = 3;

  /** Another thread takes the slot of one that has died and was buried. */
  async replace(slot: 1 | 2): Promise<void> {
    for (let root = 0; root < 8; root++) this.threads[0].atomic.store(layout.H_ROOTS + 4 * (8 + root), 0);
    for (const thread of this.threads) if (thread.slot !== slot) this.reset(thread);
    const copy = join(this.#folder, String(this.#lives++));
    cpSync(join(this.#folder, String(slot)), copy, { recursive: true });
    this.threads[slot] = await load(copy, this.threads[0].memory.memory, slot);
    // As the one before was at the beginning.
    this.forget(this.threads[slot], this.node(this.threads[slot]));
    this.threads[slot].allocate.releasePages();
    this.#baselines[slot] = new Set(this.threads[0].pins.pinnedBy(slot));
    this.collect();
    this.collect();
    this.#cells = this.check();
  }

  /** A new node, which the thread has pinned. */
  node(thread: Thread, fields: Partial<Node> = {}): Node {
    return Object.assign(thread.shapes.makeRecord(thread.shapes.shapeOfText(SHAPE)), fields) as Node;
  }

  /** A node whose fields tell whether it is whole. */
  marked(thread: Thread, id: number): Node {
    return this.node(thread, { id, name: `n${id}`, left: null, right: null });
  }

  /** Byte address of a shared object's cell. */
  address(thread: Thread, value: object): number {
    return thread.inflight.addressOf(value);
  }

  /** A root for tests, by number from 0 on. */
  root(thread: Thread, number = 0): unknown {
    return thread.values.readWord((layout.H_ROOTS >>> 2) + 8 + number);
  }

  setRoot(thread: Thread, value: object | null, number = 0): void {
    thread.values.storeWord((layout.H_ROOTS >>> 2) + 8 + number, value === null ? 0 : this.address(thread, value) | 0);
  }

  /** All steps of a collection, one after another. */
  collect(): void {
    const { steps } = this.threads[0].collector;
    for (const step of ['begin', 'handshake', 'mark', 'close', 'handshake', 'finish', 'sweep', 'open'] as const)
      steps[step]();
  }

  /** What is there now lies in pages that are swept from the next collection on. */
  settle(): void {
    for (const thread of this.threads) thread.allocate.releasePages();
    this.collect();
  }

  /** A thread lets go of objects while the gate is open. */
  forget(thread: Thread, ...values: object[]): void {
    for (const cell of values.map((value) => this.address(thread, value))) this.#forget(thread, cell);
  }

  #forget(thread: Thread, cell: number): void {
    const page = thread.pages.pageAt(cell >>> 12);
    const granule = (cell & 4095) >> 4;
    tell(thread, page[granule] ?? thread.pages.shardOf(page, granule));
    page[granule] = undefined;
    const scratch = thread.atomic.load(thread.record + layout.R_SCRATCH) >>> 0;
    thread.atomic.store(scratch, cell);
    if (thread.k.dropCells(scratch, 1, thread.record) !== 1) throw new Error('pins do not go: the gate is not open');
  }

  /** A thread lets go of the Page of an object, as if JavaScript had collected it: its pins go when pins can go. */
  drop(thread: Thread, value: object): void {
    const page = thread.pages.pages[this.address(thread, value) >>> 12]!;
    thread.pages.emptyPages([page], (wrapper) => tell(thread, wrapper));
  }

  /** Lets go of all that a thread has pinned since the beginning. */
  reset(thread: Thread): void {
    thread.allocate.releasePages();
    thread.pages.dropDead();
    const base = this.#baselines[thread.slot]!;
    for (const cell of [...thread.pins.pinnedBy(thread.slot)].filter((address) => !base.has(address))) {
      this.#forget(thread, cell);
    }
    // Pages that it did not know then it does not know again, so that each run is as the first.
    const known = new Set([...base].map((address) => address >>> 12));
    const others = [...thread.pages.tokens.keys()].filter((index) => !known.has(index));
    thread.pages.emptyPages(
      others.map((index) => thread.pages.pageAt(index)),
      () => {},
    );
  }

  /** Every check, in every thread. */
  check(): number {
    for (const thread of this.threads) thread.check.checkOwnPins();
    return this.threads[0].check.checkHeap('quiet');
  }

  /** All that was made is let go of: two collections later nothing of it is there. */
  finish(): void {
    for (let root = 0; root < 8; root++) this.threads[0].atomic.store(layout.H_ROOTS + 4 * (8 + root), 0);
    for (const thread of this.threads) {
      this.reset(thread);
      // Noted by the kernel until the next one.
      thread.atomic.store(thread.record + layout.R_FRESH, 0);
      thread.inflight.settleInflight(thread.slot);
    }
    this.collect();
    this.collect();
    const reachable = this.check();
    const live = this.threads[0].atomic.load(layout.H_LIVE_CELLS);
    if (reachable !== this.#cells || live !== this.#cells) {
      throw new Error(
        `garbage is left: ${live} cells live, ${reachable} can be reached, ${this.#cells} were there before`,
      );
    }
  }
}

function tell(thread: Thread, wrapper: unknown): void {
  if (typeof wrapper !== 'object' || wrapper === null) return;
  const method = (wrapper as Record<symbol, ((gone: boolean) => number) | undefined>)[thread.values.CELL];
  method?.call(wrapper, true);
}

async function load(folder: string, memory: SharedWasmMemory, slot: number): Promise<Thread> {
  Object.assign(globalThis, { [SEAT]: { memory, slot } });
  const module = async <M>(file: string): Promise<M> => (await import(pathToFileURL(join(folder, file)).href)) as M;
  const { atomic } = await module<{ atomic: typeof Atomic }>('memory/atomics.js');
  const { record } = await module<typeof Self>('memory/self.js');
  const { k } = await module<typeof Kernel>('heap/kernel.js');
  (await module<typeof Kinds>('heap/classes.js')).defineHeapKinds();
  return {
    slot,
    record,
    k,
    atomic,
    memory: await module<typeof Memory>('memory/memory.js'),
    allocate: await module<typeof Allocate>('heap/allocate.js'),
    arrays: await module<typeof Arrays>('heap/array.js'),
    check: await module<typeof Check>('heap/check.js'),
    collector: await module<typeof Collector>('heap/collector.js'),
    inflight: await module<typeof Inflight>('heap/inflight.js'),
    maps: await module<typeof Maps>('heap/map.js'),
    pages: await module<typeof Pages>('heap/pages.js'),
    pins: await module<typeof Pins>('heap/pins.js'),
    scope: await module<typeof Scope>('heap/scope.js'),
    shapes: await module<typeof Shapes>('heap/shapes.js'),
    values: await module<typeof Values>('heap/values.js'),
  };
}
