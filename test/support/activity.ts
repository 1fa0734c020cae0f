// Whether something still happens in a process: how much processor time it and its children have had, and whether one of their threads
// could run just now. A thread that waits for a core has no time of its own to show, but the system calls it able to run: so a machine on
// which ten processes want each core looks no different from an idle one.
//
// Linux tells it in /proc. Elsewhere only the time that the own process has had is known.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Activity {
  /** Milliseconds of processor time since it began; undefined where the system does not tell. */
  readonly cpu: number | undefined;
  /** A thread runs, waits for a core, or waits for a disk. */
  readonly able: boolean;
}

/** What /proc counts in, whatever the system's own clock. */
const TICK_MS = 10;

/** Of this process. The thread that asks does not count as one that is able to run. */
export function ownActivity(): Activity {
  const { user, system } = process.cpuUsage();
  return { cpu: (user + system) / 1000, able: isAble('self', ownTask()) };
}

/** Of another process, with all that it has started. */
export function activityOf(root: number): Activity {
  const table = processes();
  if (table.size === 0) return { cpu: undefined, able: false };
  const tree = treeOf(root, table);
  const cpu = tree.reduce((sum, pid) => sum + (table.get(pid)?.ticks ?? 0) * TICK_MS, 0);
  return { cpu, able: tree.some((pid) => isAble(String(pid))) };
}

/** What a process has started, and is there. */
export function childrenOf(parent: number): number[] {
  return [...processes()].filter(([, entry]) => entry.parent === parent).map(([pid]) => pid);
}

/** Ends a process with all that it has started. */
export function endTree(root: number): void {
  for (const pid of treeOf(root, processes())) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/** Milliseconds for which the threads of this process, those that are there, have waited for a core; 0 where the system does not tell. */
export function waitedForCores(): number {
  const waits = list('/proc/self/task').map((task) => {
    try {
      // Time on a core, time of waiting for one, turns; in nanoseconds.
      return Number(readFileSync(`/proc/self/task/${task}/schedstat`, 'latin1').split(' ')[1]);
    } catch {
      return 0;
    }
  });
  return waits.reduce((sum, wait) => sum + wait / 1e6, 0);
}

interface Entry {
  readonly parent: number;
  /** Its own and those of its children that have ended. */
  readonly ticks: number;
}

function treeOf(root: number, table: ReadonlyMap<number, Entry>): number[] {
  const tree = [root];
  for (const parent of tree) for (const [pid, entry] of table) if (entry.parent === parent) tree.push(pid);
  return tree;
}

/** Every process of the machine, by its number; none where there is no /proc. */
function processes(): Map<number, Entry> {
  const table = new Map<number, Entry>();
  for (const name of list('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(`/proc/${name}`);
    if (fields === undefined) continue;
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    table.set(Number(name), { parent: Number(fields[1]), ticks });
  }
  return table;
}

/** Fields of a process or thread from its state on: state, parent, …; undefined when it is gone. */
function statOf(folder: string): string[] | undefined {
  try {
    const text = readFileSync(`${folder}/stat`, 'latin1');
    // Behind the name, in which there may be anything.
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function isAble(pid: string, except?: string): boolean {
  const tasks = list(`/proc/${pid}/task`).filter((task) => task !== except);
  return tasks.some((task) => /^[RD]/.test(statOf(`/proc/${pid}/task/${task}`)?.[0] ?? ''));
}

function ownTask(): string | undefined {
  try {
    return readlinkSync('/proc/thread-self').split('/').at(-1);
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
