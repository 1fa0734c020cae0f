// Other realms: a context of the `vm` module, such as Jest and vitest run tests in, has an `Object`, an `Array` and an `Error` of its own. What
// is made there arrives as an object of the receiver's realm, so each of its built-in objects stands for the one of that name here.
import { isProxy } from '../../platform/kinds.js';
import { addHidden, CLASSES, hiddenPrototypes, membersOf, type Table, tableOf, type WellKnown } from './intrinsics.js';

/** The built-in objects of another realm, by its global object; what the program has put there in their place is not among them. */
function realmTable(global: object, evaluate: ((text: string) => unknown) | undefined): Table {
  const table = tableOf(global);
  for (const [value] of table) {
    if (typeof value !== 'function' || isNative(value)) continue;
    table.delete(value);
    table.delete(value.prototype);
  }
  if (evaluate)
    addHidden(table, evaluate(`return (${Function.prototype.toString.call(hiddenPrototypes)})()`) as unknown[]);
  for (const [value, name] of membersOf(table, global)) {
    if (!table.has(value) && (typeof value !== 'function' || isNative(value))) table.set(value, name);
  }
  return table;
}

const NATIVE = /\{\s*\[native code\]\s*\}$/;
const isNative = (value: object): boolean => NATIVE.test(Function.prototype.toString.call(value));

/** By the realm's Object.prototype. */
const realms = new WeakMap<object, Table>();
/** Those in which no code is made of text. */
const closed = new WeakSet<Table>();

/** For a built-in object of the language in another realm: the name of ours, for which it stands. */
export function foreignNameOf(value: object): WellKnown | undefined {
  let root = value;
  for (let next: object | null = value; next !== null; next = Object.getPrototypeOf(next)) {
    // It would run the program's code, and may say anything.
    if (isProxy(next)) return undefined;
    root = next;
  }
  if (root === Object.prototype) return undefined;
  const realm = realmOf(root);
  return realm && (realm.get(value) ?? (closed.has(realm) ? classNameOf(value) : undefined));
}

/** The class or prototype of that name: all that is known of a realm that does not show its global object. */
function classNameOf(value: object): WellKnown | undefined {
  const made: unknown =
    typeof value === 'function' ? value : Object.getOwnPropertyDescriptor(value, 'constructor')?.value;
  if (typeof made !== 'function' || !CLASSES.includes(made.name) || !isNative(made)) return undefined;
  if (made === value) return { tag: 'global', path: [made.name] };
  return made.prototype === value ? { tag: 'global', path: [made.name, 'prototype'] } : undefined;
}

/** `root` is the last prototype of some object. */
function realmOf(root: object): Table | undefined {
  const known = realms.get(root);
  if (known !== undefined) return known;
  const made: unknown = Object.getOwnPropertyDescriptor(root, 'constructor')?.value;
  if (typeof made !== 'function' || made.name !== 'Object' || made.prototype !== root || !isNative(made))
    return undefined;
  const evaluate = (text: string): unknown => (made.constructor as (text: string) => () => unknown)(text)();
  let table: Table;
  try {
    table = realmTable(evaluate('return this') as object, evaluate);
  } catch {
    // A context may forbid to make code of text.
    table = realmTable({ Object: made, Function: made.constructor }, undefined);
    closed.add(table);
  }
  realms.set(root, table);
  return table;
}
