// Random programs do the same transformed and as they were written.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Script } from 'node:vm';
import { transform } from '#heddle/transform/transform.js';
import { extent } from '../support/extent.ts';
import { programOf } from './programs.ts';

/** Calls and members that one program may make: closures call closures. */
const MOST = 400;

/** What a program has logged. */
function outcome(text: string): string[] {
  const lines: string[] = [];
  const saved: unknown[] = [];
  let calls = 0;
  const show = (value: unknown): string => {
    if (typeof value === 'function') return `[${value.name} ${value.length}]`;
    if (Array.isArray(value)) return `[${value.map(show).join()}]`;
    return typeof value === 'object' && value !== null ? Object.keys(value).join() : String(value);
  };
  const log = (...values: unknown[]): void => {
    if (lines.length < MOST) lines.push(values.map(show).join(' '));
  };
  const save = (value: unknown): void => {
    if (saved.length < MOST) saved.push(value);
  };
  const call = (fn: unknown): unknown => {
    if (calls++ > MOST || typeof fn !== 'function') return 'enough';
    try {
      const isClass = Function.prototype.toString.call(fn).startsWith('class');
      const made: unknown = isClass ? new (fn as new () => object)() : fn(1, 2);
      if (isClass) return [(made as { get(): unknown }).get(), (made as { m(): unknown }).m()];
      if (typeof (made as { next?: unknown } | null)?.next === 'function')
        return [...(made as Iterable<unknown>)].slice(0, 9);
      return made;
    } catch (error) {
      return (error as Error).name ?? error;
    }
  };
  const finish = (): void => {
    for (const each of saved) {
      if (typeof each === 'function') log(each.name, call(each), call(each));
      else {
        for (const [key, { value, get }] of Object.entries(Object.getOwnPropertyDescriptors(each)))
          log(key, call(value ?? get));
      }
    }
  };
  const run = new Script(`(function (log, save, call, finish) {${text}\n})`).runInThisContext() as (
    ...given: unknown[]
  ) => void;
  try {
    run(log, save, call, finish);
  } catch (error) {
    lines.push(String((error as Error).name ?? error));
  }
  return lines;
}

test('random programs print the same', () => {
  const programs = extent(120, 3_000);
  let lines = 0;
  for (let seed = 1; seed <= programs; seed++) {
    const text = programOf(seed);
    const made = transform(text, { mode: 'all' });
    // It has no functions.
    if (made === undefined) continue;
    const expected = outcome(text);
    lines += expected.length;
    assert.deepEqual(outcome(made.code), expected, `seed ${seed}:\n${text}\n${made.code}`);
  }
  assert.ok(lines > programs * 5, `${lines} lines of ${programs} programs`);
});

test('the same in strict mode', () => {
  const programs = extent(60, 1_500);
  for (let seed = 100_001; seed <= 100_000 + programs; seed++) {
    const text = `'use strict';\n${programOf(seed)}`;
    const made = transform(text, { mode: 'all' });
    if (made === undefined) continue;
    assert.deepEqual(outcome(made.code), outcome(text), `seed ${seed}:\n${text}\n${made.code}`);
  }
});
