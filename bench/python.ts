// CPython's own `_thread`, where there is a python3: the same measures, in a child between two rounds of ours.

import { allocate_lock, start_new_thread } from 'heddle/thread';
import { clock, median, output, type Row } from './harness.js';

const SCRIPT = `
import _thread, sys, time
def clock(action, count, rounds=15):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action(count)
        times.append((time.perf_counter() - start) / count)
    return sorted(times)[len(times) // 2]
lock = _thread.allocate_lock()
def cycle(count):
    for _ in range(count):
        lock.acquire()
        lock.release()
done = _thread.allocate_lock()
done.acquire()
def start(count):
    for _ in range(count):
        _thread.start_new_thread(done.release, ())
        done.acquire()
print(sys.version.split()[0], clock(cycle, 100000), clock(start, 200))
`;

export function pythonRows(): Row[] {
  const lock = allocate_lock();
  const done = allocate_lock();
  done.acquire();
  const finish = () => done.release();
  const cycle = (count: number) =>
    clock(() => {
      for (let n = 0; n < count; n++) {
        lock.acquire();
        lock.release();
      }
    }) / count;
  const start = (count: number) =>
    clock(() => {
      for (let n = 0; n < count; n++) {
        start_new_thread(finish, []);
        done.acquire();
      }
    }) / count;
  const times = (side: (count: number) => number, count: number) => Array.from({ length: 15 }, () => side(count));
  times(cycle, 100_000);
  times(start, 50);
  const before = [median(times(cycle, 100_000)), median(times(start, 200))];
  const answer = output('python3', ['-c', SCRIPT]);
  const after = [median(times(cycle, 100_000)), median(times(start, 200))];
  if (answer === undefined) return [];
  const [version, ...seconds] = answer.trim().split(' ');
  const row = (index: number, name: string, unit: string, scale: number): Row => {
    const mine = ((before[index] ?? 0) + (after[index] ?? 0)) / 2;
    const theirs = Number(seconds[index]) * 1000;
    return {
      name,
      ours: `${(mine * scale).toFixed(1)} ${unit}`,
      against: `CPython ${version}`,
      theirs: `${(theirs * scale).toFixed(1)} ${unit}`,
      ratio: (mine / theirs).toFixed(2),
      target: '–',
    };
  };
  return [row(0, 'uncontended acquire + release', 'ns', 1e6), row(1, 'start → joined', 'µs', 1e3)];
}
