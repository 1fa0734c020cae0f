// The order of locks: if one thread acquires b while it holds a, and another acquires a while it holds b, they will wait for each other for ever on
// some day. Such a circle is told although nobody has waited.
//
// An edge a → b says that b was acquired by waiting for it while a was held; with it goes a text, of who did so and where, and the gates: the
// locks that were held besides. A circle of edges is told, unless one gate is common to all: then only one thread at a time goes that way.
// A try waits for nobody. A lock that a thread has already makes no edge, nor does a semaphore, which anybody may release.
//
// The edges are words in a table that all threads share, {from, to, text, gates} each; the count, and the lock around it, are words of the memory.

import { hooks } from '../memory/hooks.js';
import { H_EDGES, H_EDGES_LOCK, H_INVERSIONS } from '../memory/layout.js';
import { slot, V } from '../memory/memory.js';
import { print } from '../runtime/console.js';
import { describeThread } from '../sync/names.js';
import { origins } from '../sync/titles.js';
import { EDGE, EDGES, equipped } from './equipment.js';
import { cellOfLock, held, kindOfLock, titleOfLock } from './held.js';
import { raw } from './raw.js';
import { siteHere } from './sites.js';
import { numberOf, textOf } from './texts.js';

const FROM = 0;
const TO = 1;
const TEXT = 2;
const GATES = 3;

let edges: Int32Array = new Int32Array(0);

/** Pairs that this thread has seen, with the gates where there are any. */
const seen = new Set<number | string>();
const PAIR = 2 ** 29;

const isOrdered = (lock: object): boolean => !/semaphore/i.test(kindOfLock(lock));

/** In the address of a lock: it is held, or was acquired, for reading. Readers wait for writers only. */
const READS = 1;
/** Byte offset in a side of an RWLock: the address of that. */
const SIDE_OF = 8;

/** What is locked. */
function lockOf(lock: object): number {
  const cell = cellOfLock(lock);
  const kind = kindOfLock(lock);
  if (kind !== 'ReadLock' && kind !== 'WriteLock') return cell;
  const whole = V.I32[(cell + SIDE_OF) >>> 2]! >>> 0;
  return kind === 'ReadLock' ? whole | READS : whole;
}

const isSame = (one: number, other: number): boolean => (one & ~READS) === (other & ~READS);

/** Whether a thread that wants `one` can wait for one that has `other`. */
const meet = (one: number, other: number): boolean => isSame(one, other) && (one & other & READS) === 0;

function noteOrder(waits: boolean): void {
  if (!waits || held.length < 2) return;
  const last = held.at(-1)!;
  if (!isOrdered(last)) return;
  const to = lockOf(last);
  for (let at = 0; at < held.length - 1; at++) if (isSame(lockOf(held[at]!), to)) return;
  for (let at = 0; at < held.length - 1; at++) {
    const from = held[at]!;
    if (!isOrdered(from)) continue;
    const pair = ((lockOf(from) >>> 3) | (lockOf(from) & READS)) * PAIR + ((to >>> 3) | (to & READS));
    const gates =
      held.length === 2
        ? []
        : held
            .slice(0, -1)
            .filter((other) => other !== from)
            .map(lockOf);
    const key = gates.length === 0 ? pair : `${pair} ${gates.join(' ')}`;
    if (seen.has(key)) continue;
    seen.add(key);
    addEdge(from, last, gates);
  }
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly text: number;
  readonly gates: readonly number[];
}

const edgeAt = (at: number): Edge => ({
  from: edges[at * EDGE + FROM]! >>> 0,
  to: edges[at * EDGE + TO]! >>> 0,
  text: edges[at * EDGE + TEXT]!,
  gates: textOf(edges[at * EDGE + GATES]!)
    .split(' ')
    .filter((gate) => gate !== '')
    .map(Number),
});

function addEdge(held: object, acquired: object, gates: readonly number[]): void {
  const [from, to] = [lockOf(held), lockOf(acquired)];
  const text = numberOf(
    `${describeThread(slot)} acquired ${titled(acquired)} while it held ${titled(held)}:${textOf(siteHere())}`,
  );
  const edge: Edge = { from, to, text, gates };
  while (raw.compareExchange(H_EDGES_LOCK, 0, 1) !== 0);
  let circle: readonly Edge[] | undefined;
  try {
    const count = raw.load(H_EDGES);
    const all = Array.from({ length: count }, (_, at) => edgeAt(at));
    // With fewer gates it says more.
    const isKnown = all.some(
      (other) => other.from === from && other.to === to && other.gates.every((gate) => gates.includes(gate)),
    );
    if (isKnown || count >= EDGES) return;
    circle = wayBack(all, to, from, gates, new Set());
    edges.set([from, to, text, numberOf(gates.join(' '))], count * EDGE);
    raw.store(H_EDGES, count + 1);
  } finally {
    raw.store(H_EDGES_LOCK, 0);
  }
  if (circle !== undefined) tellCircle([edge, ...circle]);
}

/** Edges from one lock to another that have no gate in common with those so far. */
function wayBack(
  all: readonly Edge[],
  from: number,
  to: number,
  gates: readonly number[],
  visited: Set<Edge>,
): readonly Edge[] | undefined {
  for (const edge of all) {
    if (!meet(from, edge.from) || visited.has(edge)) continue;
    const common = gates.filter((gate) => edge.gates.includes(gate));
    if (meet(edge.to, to)) {
      if (common.length === 0) return [edge];
      continue;
    }
    visited.add(edge);
    const rest = wayBack(all, edge.to, to, common, visited);
    if (rest !== undefined) return [edge, ...rest];
  }
  return undefined;
}

const titled = (lock: object): string => {
  const place = origins.placeOf(cellOfLock(lock));
  return `${titleOfLock(lock)}${place === '' ? '' : ` (made at ${place})`}`;
};

const RULE = '==================';

function tellCircle(circle: readonly Edge[]): void {
  raw.add(H_INVERSIONS, 1);
  const parts = circle.map(({ text }) => textOf(text).replaceAll(/^/gm, '  '));
  print(
    2,
    [
      RULE,
      `WARNING: LOCK ORDER INVERSION: ${circle.length} locks are acquired in a circle, and some day every thread waits for the next`,
      parts.join('\n  and the other way round:\n'),
      RULE,
      '',
    ].join('\n'),
  );
}

export function watchLockOrder(): void {
  edges = new Int32Array(equipped()!.edges);
  const { acquired } = hooks;
  hooks.acquired = (lock, waits) => {
    acquired(lock, waits);
    noteOrder(waits);
  };
}
