// Variables that threads share (../registry.ts): each is a box, which is this thread's own until a function that uses it first travels. From
// then on what is in it lies in a field of a shared record, and all threads read and write that.
//
//   own       shared is undefined     `v` is a plain property
//   shared    shared is the record    `v` is the record's field; a box is never own again
//
// A value that cannot go into the heap as it is, and stays the same, leaves the box as it is: a function that only reads the variable takes
// a copy along, as it does of any other capture, and one that assigns to it does not travel.
import { describe, ShareError } from '../../heap/errors.js';
import { keepThroughScopes } from '../../heap/scope.js';
import { makeRecord, shapeOfText, shapeTextOf } from '../../heap/shapes.js';
import { cellOf } from '../../heap/values.js';
import { registry, registryIfAny, type Variable, variableClass } from '../registry.js';

export type { Variable };

export const isVariable = (value: object): value is Variable => {
  const Box = registryIfAny()?.Variable;
  return Box !== undefined && Object.getPrototypeOf(value) === Box.prototype;
};

/** One field, which holds any value, and numbers as they are. */
const TEXT = shapeTextOf('', [['v', 'number']]);

/** The record of a variable, which is shared from now on; undefined if its value cannot be. */
export function shareVariable(variable: Variable): object | undefined {
  if (variable.shared !== undefined) return variable.shared;
  if (!isShareable(variable.own)) return undefined;
  const record = makeRecord(shapeOfText(TEXT)) as { v: unknown };
  record.v = variable.own;
  giveRecord(variable, record);
  variable.own = undefined;
  return record;
}

/** A copy of an object would not be the object. */
function isShareable(value: unknown): boolean {
  if (typeof value === 'symbol') return false;
  return (typeof value !== 'object' && typeof value !== 'function') || value === null || cellOf(value) !== 0;
}

/** What a variable holds that cannot be shared, for messages. */
export function heldBy({ own }: Variable): string {
  const name =
    typeof own === 'object' && own !== null ? (Object.getPrototypeOf(own)?.constructor?.name as unknown) : '';
  return typeof name === 'string' && name !== '' ? `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}` : describe(own);
}

const byRecord = new WeakMap<object, Variable>();

function giveRecord(variable: Variable, record: { v: unknown }): void {
  registry().refuse ??= refusal;
  keepThroughScopes(record);
  variable.shared = record;
  byRecord.set(record, variable);
}

/** This thread's box for a record that another has sent. */
export function variableOf(name: string, record: object): Variable {
  let variable = byRecord.get(record);
  if (variable === undefined) {
    variable = new (variableClass())(name, undefined);
    giveRecord(variable, record as { v: unknown });
  }
  return variable;
}

/** A box of this thread's own. */
export const ownVariable = (name: string): Variable => new (variableClass())(name, undefined);

/** What the heap says of its field, said of the variable. */
function refusal({ name }: Variable, error: unknown): unknown {
  if (!(error instanceof ShareError)) return error;
  return new ShareError(
    `variable '${name}' is shared with other threads: ${error.message.replace(/^field 'v'/, 'it')}`,
  );
}
