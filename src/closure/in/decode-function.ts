// Makes functions from nodes.

import type { CodeRecord, FunctionPayload } from '../graph.js';
import { WhileHeld } from '../held.js';
import { functionAtHome, noteRebuilt, rebuiltFunctions } from '../rebuilt.js';
import { mapOwnStacks } from '../text/stacks.js';
import { isStamper, stamperFor } from '../values/stamps.js';
import { factoryFor, type Outer, type Setter } from './compile.js';
import type { Decoder } from './decoder.js';
import { metaOf } from './modules.js';
import { poisonValue } from './poison.js';

/** Each is held by the functions that were made of it, and by packets. */
const records = new WhileHeld<CodeRecord>(64);

/** All that this thread has got and still uses. */
export const allCodes = (): Iterable<CodeRecord> => records.values();

export const codeOf = (id: string): CodeRecord | undefined => records.get(id);

export function addCode(record: CodeRecord): void {
  records.set(record.id, record);
  if (record.map !== undefined) mapOwnStacks();
}

export const recordOf = (id: string): CodeRecord => records.get(id)!;

/** Whether it is this thread's own function, which is as it is, rather than one that was made for it. */
export const isAtHome = (fn: object): boolean => !rebuiltFunctions.has(fn);

export function makeFunction(decoder: Decoder, payload: FunctionPayload): object {
  const home = functionAtHome(payload.origin);
  if (home) return home;
  const record = records.get(payload.code)!;
  const env: unknown[] = new Array(payload.env.length);
  const bound = record.free.map((_name, at) => at in payload.env);
  let setVariable: Setter = () => {};
  let setPrivate: Setter = () => {};
  const bind = (set: Setter): void => {
    setVariable = set;
    for (const at of record.eager) if (bound[at]) set(at, decoder.value(payload.env[at]));
  };
  const made = factoryFor(record, bound, outerOf(decoder, record, payload))(
    bind,
    record.importMeta ? metaOf(record.file) : undefined,
    payload.heritage === undefined ? undefined : decoder.value(payload.heritage),
    (set) => {
      setPrivate = set;
    },
    // A member that is gone must not come back under a name that anyone could use.
    ...(payload.keys ?? []).map((slot) => (slot === undefined ? Symbol('gone') : decoder.value(slot))),
  );
  const fn = record.form === 'method' ? methodIn(made, decoder, payload) : made;
  rename(fn, payload.name);
  noteRebuilt(fn, {
    record,
    origin: payload.origin,
    env,
    own: decoder.threadsOwn(payload.env),
    self: selfOf(decoder, payload),
  });
  decoder.later(() => {
    for (const at of record.free.keys()) {
      if (!bound[at]) continue;
      decoder.whenMade(payload.env[at], (value) => {
        env[at] = value;
        setVariable(at, isStamper(value) ? stamperFor(value, record, env) : value);
      });
    }
    for (const [at, slot] of (payload.privates ?? []).entries()) setPrivate(at, decoder.value(slot));
    const { prototype } = payload;
    if (!prototype) return;
    const own = (fn as { prototype: object }).prototype;
    if (prototype.proto !== undefined) Object.setPrototypeOf(own, decoder.value(prototype.proto) as object | null);
    decoder.define(own, prototype.properties);
  });
  return fn;
}

const selfOf = (decoder: Decoder, payload: FunctionPayload): { value: unknown } | undefined =>
  'self' in payload ? { value: decoder.value(payload.self) } : undefined;

function outerOf(decoder: Decoder, record: CodeRecord, payload: FunctionPayload): Outer | undefined {
  const { outer } = payload;
  if (record.outer.length === 0) return undefined;
  const poison = (what: string): object | undefined => {
    const at = record.outer.indexOf(what);
    return at < 0 ? undefined : poisonValue(outer![at]!);
  };
  const self = 'self' in payload ? decoder.value(payload.self) : poison('this');
  return { self, args: poison('arguments'), home: poison('super') };
}

/** The function of an object literal's only property. */
function methodIn(holder: object, decoder: Decoder, { home }: FunctionPayload): object {
  if (home !== undefined) Object.setPrototypeOf(holder, decoder.value(home) as object | null);
  const { value, get, set } = Object.getOwnPropertyDescriptor(holder, Reflect.ownKeys(holder)[0]!)!;
  return (value ?? get ?? set) as object;
}

function rename(fn: object, name: string): void {
  const found = Object.getOwnPropertyDescriptor(fn, 'name');
  if (found?.value === name || (found && !found.configurable)) return;
  Object.defineProperty(fn, 'name', { value: name, configurable: true });
}
