// Runs short scripts of two threads and the steps of one collection in every order, and the steps of others also at points inside of one
// thread's step. Each order is a run from the beginning; choices are walked through depth first.

import { S_CLOSED } from '#heddle/heap/types.js';
import * as layout from '#heddle/memory/layout.js';
import type { Point } from './kernel_with_points.ts';
import type { Thread, World } from './world.ts';

export interface Step {
  readonly name: string;
  run(): void;
  /** Not before this holds. */
  when?(): boolean;
}

/** What happens in one scenario, and what must hold in the end. */
export interface Plan {
  /** Of the threads in slot 1 and 2. */
  readonly first: readonly Step[];
  readonly second: readonly Step[];
  /** The collection's steps, where they are not the usual ones. */
  readonly collection?: readonly Step[];
  /** How often others come between inside a step; 0 where the order of whole steps is what matters. The default is once a run. */
  readonly interruptions?: number;
  /** Only at these points. */
  readonly points?: readonly Point[];
  /** While the threads still hold what they hold. */
  verify(): void;
  /** After the threads have let go of everything: what roots keep. */
  verifyRoots?(): void;
}

export interface Scenario {
  readonly name: string;
  /** In whose order pins are marked matters. */
  readonly eitherWay?: boolean;
  prepare(world: World, first: Thread, second: Thread): Plan;
}

export interface Outcome {
  readonly runs: number;
  /** What was broken, and the order of steps that breaks it. */
  readonly failure: { readonly error: Error; readonly trace: string } | undefined;
}

const LIMIT = 6_000;

/** Walks through all orders with at most so many interruptions; stops at the first that breaks something. */
export function explore(world: World, scenario: Scenario, interruptions = Infinity): Outcome {
  const choices: { taken: number; of: number }[] = [];
  for (let runs = 1; ; runs++) {
    if (runs > LIMIT) throw new Error(`${scenario.name} has more than ${LIMIT} orders`);
    let at = 0;
    const choose = (of: number): number => {
      if (at === choices.length) choices.push({ taken: 0, of });
      const choice = choices[at++]!;
      if (choice.of !== of) throw new Error('a run is not as it was the time before');
      return choice.taken;
    };
    const trace: string[] = [];
    try {
      new Run(world, scenario, choose, trace, interruptions).run();
    } catch (error) {
      return { runs, failure: { error: error as Error, trace: trace.join('\n') } };
    } finally {
      world.hooks = undefined;
    }
    while (choices.length > 0 && choices.at(-1)!.taken + 1 === choices.at(-1)!.of) choices.pop();
    const last = choices.at(-1);
    if (last === undefined) return { runs, failure: undefined };
    last.taken++;
  }
}

interface Actor {
  readonly name: string;
  readonly steps: readonly Step[];
  next: number;
  /** It is in the middle of a step, further down the stack. */
  suspended: boolean;
}

class Run {
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #choose: (of: number) => number;
  readonly #trace: string[];
  #actors: Actor[] = [];
  #plan!: Plan;
  #interruptions: number;
  #depth = 0;

  constructor(
    world: World,
    scenario: Scenario,
    choose: (of: number) => number,
    trace: string[],
    interruptions: number,
  ) {
    this.#world = world;
    this.#scenario = scenario;
    this.#choose = choose;
    this.#trace = trace;
    this.#interruptions = interruptions;
  }

  run(): void {
    const world = this.#world;
    const [, first, second] = world.threads;
    this.#plan = this.#scenario.prepare(world, first, second);
    this.#interruptions = Math.min(this.#interruptions, this.#plan.interruptions ?? 1);
    this.#actors = [
      { name: '1', steps: this.#plan.first, next: 0, suspended: false },
      { name: '2', steps: this.#plan.second, next: 0, suspended: false },
      { name: 'collector', steps: this.#plan.collection ?? collection(world), next: 0, suspended: false },
    ];
    world.hooks = { point: (slot, point) => this.#point(slot, point), waitGate: () => this.#waitGate() };
    for (;;) {
      const able = this.#able();
      if (able.length === 0) break;
      this.#step(able[able.length === 1 ? 0 : this.#choose(able.length)]!);
    }
    world.hooks = undefined;
    const stuck = this.#actors.find((actor) => actor.next < actor.steps.length);
    if (stuck !== undefined) throw new Error(`${stuck.name} cannot go on: ${stuck.steps[stuck.next]!.name}`);
    this.#plan.verify();
    world.check();
    for (const thread of world.threads) world.reset(thread);
    world.collect();
    world.check();
    this.#plan.verifyRoots?.();
    world.finish();
  }

  #able(): Actor[] {
    return this.#actors.filter((actor) => {
      const step = actor.steps[actor.next];
      if (step === undefined || actor.suspended || step.when?.() === false) return false;
      // Where it would wait for somebody who is further down the stack.
      return actor === this.#actors[2] || this.#depth === 0 || (this.#gate() !== S_CLOSED && !this.#isLocked());
    });
  }

  #gate(): number {
    return this.#world.threads[0].atomic.load(layout.H_GATE);
  }

  /** Somebody is inside a guard and may hold a lock. */
  #isLocked(): boolean {
    return this.#world.threads.some((thread) => thread.atomic.load(thread.record + layout.R_GUARD) !== 0);
  }

  #step(actor: Actor): void {
    const step = actor.steps[actor.next++]!;
    this.#trace.push(`${'  '.repeat(this.#depth)}${actor.name}: ${step.name}`);
    actor.suspended = true;
    step.run();
    actor.suspended = false;
  }

  #point(slot: number, point: Point): void {
    if (slot === 0 || this.#depth > 0 || this.#interruptions === 0) return;
    if (this.#plan.points?.includes(point) === false) return;
    this.#depth++;
    for (let here = 0; ; here++) {
      const able = this.#able();
      const chosen = able.length === 0 ? 0 : this.#choose(able.length + 1);
      if (chosen === 0) break;
      if (here === 0) {
        this.#interruptions--;
        this.#trace.push(`  ${slot}, ${point}:`);
      }
      this.#step(able[chosen - 1]!);
    }
    this.#depth--;
  }

  /** A thread waits at the gate: the collector goes on until it is open. */
  #waitGate(): void {
    const collector = this.#actors[2]!;
    while (this.#gate() === S_CLOSED) {
      const step = collector.steps[collector.next];
      if (collector.suspended || step === undefined || step.when?.() === false)
        throw new Error('the gate stays closed');
      this.#step(collector);
    }
  }
}

/** As `collection`, in fewer steps: for what does not depend on the order in which things are marked. */
export function coarse(world: World): Step[] {
  const [begin, handshake, roots, first, second, drain, close, sweep, open] = collection(world) as [Step, ...Step[]];
  const all = (name: string, ...parts: (Step | undefined)[]): Step => ({
    name,
    when: () => parts.every((part) => part?.when?.() !== false),
    run: () => {
      for (const part of parts) part?.run();
    },
  });
  return [begin, all('mark', handshake, roots, first, second, drain), close!, all('sweep', sweep), open!];
}

/** The steps of a collection as orders are made of them. */
export function collection(world: World, marking?: readonly Step[]): Step[] {
  const [main, first, second] = world.threads;
  const { steps } = main.collector;
  const outside = (): boolean =>
    world.threads.every((thread) => thread.atomic.load(thread.record + layout.R_GUARD) === 0);
  return [
    { name: 'begin', run: () => steps.begin() },
    {
      name: 'handshake',
      when: outside,
      // While it waits for a guard the collector looks at the logs.
      run: () => {
        steps.handshake();
        main.k.drainLogs();
      },
    },
    ...(marking ?? [
      {
        name: 'mark from the roots',
        run: () => {
          steps.markRoots();
          steps.countPins();
        },
      },
      {
        name: 'mark pins of 1',
        run: () => {
          steps.markPins(main.slot);
          steps.markPins(first.slot);
        },
      },
      { name: 'mark pins of 2', run: () => steps.markPins(second.slot) },
      { name: 'drain', run: () => steps.drain() },
    ]),
    { name: 'close', run: () => steps.close() },
    {
      name: 'finish and sweep',
      when: outside,
      run: () => {
        steps.handshake();
        steps.finish();
        steps.sweep();
      },
    },
    { name: 'open', run: () => steps.open() },
  ];
}
