// The rings as a trace: events in the format that Chrome's and Perfetto's viewers read, in microseconds.
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
//
//   X        something lasts: a thread's function, a task, a wait. Those of a thread lie inside each other or apart
//   b, e     a lock is held, from b to e of the same id
//   s, f     an arrow, from s to f of the same id: submit → run, release → acquire
//   M        what a thread is called

import { slotOf } from '../../sync/owner.js';
import { RINGS } from '../equipment.js';
import { textOf } from '../texts.js';
import {
  ACQUIRED,
  BEGAN,
  ENDED,
  eventsOf,
  type Noted,
  RELEASED,
  SUBMITTED,
  TASK_BEGAN,
  TASK_ENDED,
  WAITED,
  WAITING,
} from './ring.js';

export interface TraceEvent {
  readonly ph: 'X' | 'b' | 'e' | 's' | 'f' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: string;
  readonly bp?: 'e';
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A wait that has got a lock. */
interface Got {
  readonly tid: number;
  readonly since: number;
  readonly until: number;
  readonly cell: number;
}

interface Release {
  readonly tid: number;
  readonly ts: number;
}

export interface Trace {
  readonly events: readonly TraceEvent[];
  /** Events that there was no room for. */
  readonly lost: number;
}

/** All that threads have noted until now. */
export function makeTrace(pid: number, now: number): Trace {
  const events: TraceEvent[] = [];
  const got: Got[] = [];
  const releases = new Map<number, Release[]>();
  let lost = 0;
  for (let slot = 0; slot < RINGS; slot++) {
    const ring = eventsOf(slot);
    if (ring.events.length === 0) continue;
    lost += ring.lost;
    events.push(...eventsOfThread(pid, slot + 1, ring.events, now, got, releases));
  }
  handOver(pid, events, got, releases);
  events.sort((one, other) => (one.ts ?? -1) - (other.ts ?? -1));
  return { events, lost };
}

interface Open {
  readonly ts: number;
  readonly name: string;
  readonly cat: string;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly cell: number;
}

function eventsOfThread(
  pid: number,
  tid: number,
  noted: readonly Noted[],
  now: number,
  got: Got[],
  releases: Map<number, Release[]>,
): TraceEvent[] {
  const events: TraceEvent[] = [];
  const open: Open[] = [];
  const held = new Set<number>();
  const names = new Set<string>();
  const close = (ts: number, more?: Readonly<Record<string, unknown>>): Open | undefined => {
    const last = open.pop();
    if (last === undefined) return undefined;
    const { name, cat, args, ts: since } = last;
    events.push({ ph: 'X', pid, tid, name, cat, ts: since, dur: ts - since, args: { ...args, ...more } });
    return last;
  };
  const letGo = (cell: number, ts: number): void => {
    held.delete(cell);
    events.push({ ph: 'e', pid, tid, cat: 'held', name: 'held', id: `${tid}/${cell.toString(16)}`, ts });
  };
  /** Ends what is open up to one of a kind: what has thrown out of it has not told. */
  const closeTo = (cats: readonly string[], ts: number, more?: Readonly<Record<string, unknown>>): Open | undefined => {
    const at = open.findLastIndex(({ cat }) => cats.includes(cat));
    if (at < 0) return undefined;
    while (open.length > at + 1) close(ts);
    return close(ts, more);
  };
  let latest = noted[0]!.time;
  for (const { time: ts, type, a, b, c } of noted) {
    latest = ts;
    if (type === BEGAN) {
      names.add(textOf(a));
      open.push({ ts, name: textOf(a), cat: 'thread', args: { runs: textOf(b) }, cell: 0 });
    } else if (type === ENDED) {
      closeTo(['thread'], ts);
    } else if (type === WAITING) {
      const holder = b === 0 ? {} : { heldBy: slotOf(b) + 1 };
      open.push({ ts, name: textOf(a), cat: c === 1 ? 'idle' : 'wait', args: holder, cell: 0 });
    } else if (type === WAITED) {
      const wait = closeTo(['wait', 'idle'], ts, { got: a === 1 });
      if (wait !== undefined && a === 1) got.push({ tid, since: wait.ts, until: ts, cell: b });
    } else if (type === ACQUIRED) {
      if (held.has(a)) continue;
      held.add(a);
      events.push({ ph: 'b', pid, tid, cat: 'held', name: textOf(b), id: `${tid}/${a.toString(16)}`, ts });
    } else if (type === RELEASED) {
      if (held.has(a)) letGo(a, ts);
      const list = releases.get(a) ?? [];
      list.push({ tid, ts });
      releases.set(a, list);
    } else if (type === SUBMITTED) {
      events.push({ ph: 'X', pid, tid, name: `submit ${textOf(b)}`, cat: 'submit', ts, dur: 0 });
      events.push({ ph: 's', pid, tid, name: 'submit', cat: 'submit', id: `t${a.toString(16)}`, ts });
    } else if (type === TASK_BEGAN) {
      open.push({ ts, name: textOf(b), cat: 'task', cell: a });
      events.push({ ph: 'f', bp: 'e', pid, tid, name: 'submit', cat: 'submit', id: `t${a.toString(16)}`, ts });
    } else if (type === TASK_ENDED) {
      closeTo(['task'], ts);
    }
  }
  const end = Math.max(now, latest);
  while (open.length > 0) close(end);
  for (const cell of [...held]) letGo(cell, end);
  const name =
    names.size > 1 ? `worker ${tid}: ${[...names].slice(0, 3).join(', ')}…` : ([...names][0] ?? `thread ${tid}`);
  events.push({ ph: 'M', pid, tid, name: 'thread_name', args: { name } });
  return events;
}

/** Arrows from who has let go of a lock to who has waited for it. */
function handOver(
  pid: number,
  events: TraceEvent[],
  got: readonly Got[],
  releases: ReadonlyMap<number, readonly Release[]>,
): void {
  let number = 0;
  for (const { tid, since, until, cell } of got) {
    const release = releases.get(cell)?.findLast((one) => one.tid !== tid && one.ts >= since && one.ts <= until);
    if (release === undefined) continue;
    const id = `h${number++}`;
    events.push({ ph: 's', pid, tid: release.tid, name: 'hand over', cat: 'hand over', id, ts: release.ts });
    events.push({ ph: 'f', bp: 'e', pid, tid, name: 'hand over', cat: 'hand over', id, ts: until });
  }
  const whole = pairArrows(events);
  events.splice(0, events.length, ...whole);
}

/**
 * Arrows with both their ends, each with an id of its own: a task's cell may be another task's later, and the one end of an arrow may be lost. The
 * threads' clocks are alike to a microsecond or so, and no arrow leads back in time.
 */
function pairArrows(events: readonly TraceEvent[]): TraceEvent[] {
  const isArrow = ({ ph }: TraceEvent): boolean => ph === 's' || ph === 'f';
  const ends = new Map<string, { starts: TraceEvent[]; stops: TraceEvent[] }>();
  for (const event of events.filter(isArrow)) {
    const { starts, stops } = ends.get(event.id!) ?? { starts: [], stops: [] };
    (event.ph === 's' ? starts : stops).push(event);
    ends.set(event.id!, { starts, stops });
  }
  const paired: TraceEvent[] = [];
  const inOrder = (list: TraceEvent[]): TraceEvent[] => list.sort((one, other) => one.ts! - other.ts!);
  for (const [id, { starts, stops }] of ends) {
    inOrder(stops);
    for (const [at, start] of inOrder(starts).entries()) {
      const stop = stops[at];
      if (stop === undefined) break;
      paired.push({ ...start, id: `${id}.${at}` }, { ...stop, id: `${id}.${at}`, ts: Math.max(start.ts!, stop.ts!) });
    }
  }
  return [...events.filter((event) => !isArrow(event)), ...paired];
}
