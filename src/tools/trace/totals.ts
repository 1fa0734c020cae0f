// Where the time of each thread went. The viewer has this function too, as text: it uses nothing but its argument.

import type { TraceEvent } from './events.js';

export interface Totals {
  readonly tid: number;
  readonly name: string;
  /** Microseconds in which a function of the thread's ran, and in which it waited or was idle. */
  readonly running: number;
  readonly waiting: number;
  readonly idle: number;
  /** What it waited for, the longest first. */
  readonly waits: readonly { readonly for: string; readonly time: number; readonly times: number }[];
}

export function totalsOf(events: readonly TraceEvent[]): Totals[] {
  const byThread = new Map<number, TraceEvent[]>();
  const names = new Map<number, string>();
  for (const event of events) {
    if (event.ph === 'M') names.set(event.tid, String(event.args?.['name']));
    if (event.ph !== 'X' || event.cat === 'submit') continue;
    const list = byThread.get(event.tid) ?? [];
    list.push(event);
    byThread.set(event.tid, list);
  }
  return [...byThread]
    .map(([tid, list]) => {
      let all = 0;
      let waiting = 0;
      let idle = 0;
      const waits = new Map<string, { time: number; times: number }>();
      for (const { cat, dur = 0, name } of list) {
        if (cat === 'thread') all += dur;
        if (cat === 'idle') idle += dur;
        if (cat !== 'wait') continue;
        waiting += dur;
        const wait = waits.get(name) ?? { time: 0, times: 0 };
        wait.time += dur;
        wait.times++;
        waits.set(name, wait);
      }
      return {
        tid,
        name: names.get(tid) ?? `thread ${tid}`,
        running: Math.max(0, all - waiting - idle),
        waiting,
        idle,
        waits: [...waits]
          .map(([what, { time, times }]) => ({ for: what, time, times }))
          .sort((one, other) => other.time - one.time),
      };
    })
    .sort((one, other) => one.tid - other.tid);
}
