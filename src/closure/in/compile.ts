// Makes functions from code records: the text under the user's file name and at the user's position, in a wrapper that declares its
// free variables.
//
//   ((B, M, H, P, ...keys) => { "use strict"; let a, b; B((I, V) => { switch (I) { case 0: a = V; break; … } }); return (TEXT) })
//   … or, if the text is that of a function with a name: … TEXT return name })
//
// B gets the function that sets the variables. M is `import.meta`, H is what a class extends. P gets the function that sets static private
// fields. The keys are the computed keys of a class. The letters do not occur in the text. The whole wrapper stands on the text's first
// line, before the text; the column offset makes up for it.
import { evaluate } from '../../platform/script.js';
import { BIND, type CodeRecord, HERITAGE, INDEX, KEYS, META, PRIVATES, VALUE } from '../graph.js';
import { scriptName } from '../text/maps.js';

export type Setter = (index: number, value: unknown) => void;

type Factory = (
  bind: (set: Setter) => void,
  meta: unknown,
  heritage: unknown,
  privates: (set: Setter) => void,
  ...keys: unknown[]
) => object;

/** What the function takes from the one around it; only for code that does. */
export interface Outer {
  readonly self: unknown;
  readonly args: unknown;
  readonly home: object | undefined;
}

/** By record, and by which of its free variables are bound. */
const factories = new WeakMap<CodeRecord, Map<string, () => Factory | OuterHolder>>();

interface OuterHolder {
  outer(args: unknown): Factory;
}

/** A factory for the record with those of its free variables bound that have a value. */
export function factoryFor(record: CodeRecord, bound: readonly boolean[], outer: Outer | undefined): Factory {
  let made = factories.get(record);
  if (made === undefined) {
    made = new Map();
    factories.set(record, made);
  }
  const key = bound.map(Number).join('');
  let make = made.get(key);
  if (!make) {
    const compiled = compile(record, bound) as Factory & (() => OuterHolder);
    // Each holder is the home of one function's `super`.
    make = record.outer.length > 0 ? compiled : () => compiled;
    made.set(key, make);
  }
  const factory = make();
  if (!outer) return factory as Factory;
  if (outer.home) Object.setPrototypeOf(factory, outer.home);
  return (factory as OuterHolder).outer.call(outer.self as OuterHolder, outer.args);
}

function compile(record: CodeRecord, bound: readonly boolean[]): unknown {
  try {
    return evaluateIn(record, bound, record.strict);
  } catch (error) {
    // Text that only sloppy mode accepts.
    if (!(error instanceof SyntaxError) || !record.strict) throw error;
    return evaluateIn(record, bound, false);
  }
}

function evaluateIn(record: CodeRecord, bound: readonly boolean[], strict: boolean): unknown {
  const { letters, form, file, line, column, dynamicImport } = record;
  const names = record.free.filter((_name, index) => bound[index]);
  const variables = names.length > 0 ? `let ${names.join(',')};` : '';
  const cases = record.free.map((name, index) =>
    bound[index] ? `case ${index}:${name}=${letters[VALUE]};break;` : '',
  );
  const setter = `${letters[BIND]}((${letters[INDEX]},${letters[VALUE]})=>{switch(${letters[INDEX]}){${cases.join('')}}});`;
  const parameters = [...[BIND, META, HERITAGE, PRIVATES].map((role) => letters[role]), ...letters.slice(KEYS)].join(
    ',',
  );
  const name = ownName(record);
  const [open, close] =
    name !== undefined ? ['', `return ${name}`] : form === 'method' ? ['return ({', '})'] : ['return (', ')'];
  const body = `(${parameters})=>{${strict ? '"use strict";' : ''}${variables}${setter}${open}`;
  const [before, after] = record.outer.length > 0 ? ['(()=>({outer(arguments){return ', '}}))'] : ['(', ')'];
  const prefix = before + body;
  const source = `${prefix}${withPrivates(record)}\n${close}}${after}`;
  return evaluate(source, {
    filename: file === '' ? '<anonymous>' : scriptName(record),
    line,
    column: column - prefix.length,
    dynamicImport,
  });
}

const DECLARATION = /^(?:async\s+)?function\s*(?:\*\s*)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*\(/u;

/**
 * The name by which a function's text calls the function itself: then it is made as a declaration. The name of an expression is in no scope
 * that the engine tells of, and what closes over it could not travel on.
 */
function ownName({ text, form, free }: CodeRecord): string | undefined {
  if (form === 'method') return undefined;
  const name = DECLARATION.exec(text)?.[1];
  return name === undefined || free.includes(name) ? undefined : name;
}

/** Static private fields can only be set from inside the class: a block at its end hands out the means. */
function withPrivates({ text, privates, letters }: CodeRecord): string {
  if (privates.length === 0) return text;
  const cases = privates.map((name, index) => `case ${index}:this.#${name}=${letters[VALUE]};break;`).join('');
  const setter = `(${letters[INDEX]},${letters[VALUE]})=>{switch(${letters[INDEX]}){${cases}}}`;
  return `${text.slice(0, -1)}static{${letters[PRIVATES]}(${setter})}}`;
}
