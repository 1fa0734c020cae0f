// What the transform changes: bench/transform.ts loads this as it is, and transformed.
import { allocate_lock, start_new_thread } from 'heddle/thread';

const done = allocate_lock();
done.acquire();

function helper(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Starts threads one after the other, each with a closure of its own. */
export function start(count: number): void {
  for (let n = 0; n < count; n++) {
    const data = [n, n + 1, n + 2];
    start_new_thread(() => {
      if (helper(data) !== 3 * n + 3) throw new Error('wrong sum');
      done.release();
    }, []);
    done.acquire();
  }
}

/** The last few closures: the engine must make them all. */
const held: (() => number)[] = new Array(8);

export function make(count: number): number {
  let sum = 0;
  for (let n = 0; n < count; n++) {
    const base = n & 7;
    const closure = () => base + n;
    held[base] = closure;
    sum += closure();
  }
  return sum;
}

/** Closures that are kept. */
export function keep(count: number): (() => number)[] {
  const kept: (() => number)[] = new Array(count);
  for (let n = 0; n < count; n++) kept[n] = () => n;
  return kept;
}

let plain = 0;
let assigned = 0;
let spread = 0;

/** A function that travels, and assigns to `spread`. */
export const travels = (): void => {
  spread = 0;
  done.release();
};
/** One that could, and does not. */
export const stays = (): void => {
  assigned = 0;
};

export function spreadVariable(): void {
  start_new_thread(travels, []);
  done.acquire();
}

export function readPlain(count: number): number {
  let sum = 0;
  for (let n = 0; n < count; n++) sum += plain;
  return sum;
}
export function writePlain(count: number): void {
  for (let n = 0; n < count; n++) plain = n;
}
export function stepPlain(count: number): void {
  for (let n = 0; n < count; n++) plain++;
}
export function readAssigned(count: number): number {
  let sum = 0;
  for (let n = 0; n < count; n++) sum += assigned;
  return sum;
}
export function stepAssigned(count: number): void {
  for (let n = 0; n < count; n++) assigned++;
}
export function readSpread(count: number): number {
  let sum = 0;
  for (let n = 0; n < count; n++) sum += spread;
  return sum;
}
export function writeSpread(count: number): void {
  for (let n = 0; n < count; n++) spread = n;
}
export function stepSpread(count: number): void {
  for (let n = 0; n < count; n++) spread++;
}
