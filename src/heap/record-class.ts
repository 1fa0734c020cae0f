// The JavaScript class of a shape: accessors on the prototype, made as source text.
//
// Text, because V8 keeps what it learns about an access with the code, not with the closure: accessors of one code become megamorphic
// from the fifth shape on (22 ns instead of 3 for a private field). The cell's address is a private field of the class, so that nothing
// that a program can write becomes an address.

import { atomic } from '../memory/atomics.js';
import { V } from '../memory/memory.js';
import { adopted, adopting } from './adopt.js';
import { allocatePinned, fresh } from './allocate.js';
import { goneError } from './errors.js';
import { pages } from './pages.js';
import { NULL } from './types.js';
import {
  CELL,
  constantOf,
  encode,
  fetchNumber,
  fetchWord,
  GONE,
  INSPECT,
  isSmall,
  ORDERED,
  REFERENCES,
  storeNumber,
  storeWord,
  wordOf,
} from './values.js';

/** How a field is laid out: a tagged word, or a number. Either holds any value. */
export type Layout = 'word' | 'number';

export interface Field {
  readonly name: string;
  readonly layout: Layout;
  /** In words from the cell's beginning. */
  readonly offset: number;
}

/** What the classes of shapes are made with. */
export interface Makings {
  /** For messages, and of the class. */
  readonly name: string;
  readonly fields: readonly Field[];
  readonly header: number;
  readonly sizeClass: number;
  /** Words that are not 0 in a new record: [offset, word]. */
  readonly initial: readonly (readonly [offset: number, word: number])[];
  /** Fills a new record from its constructor's arguments; `always` says whether also when there are none. */
  initialise(record: object, args: ArrayLike<unknown>, Class: unknown): void;
  readonly always: boolean;
  /** Whether a constructor may run for this `new.target`. */
  admit(target: unknown, Class: unknown): void;
  /** The record that a derived class's constructor is to be given instead of a new one. */
  staged(): object;
  json(record: object): unknown;
  show(record: object, depth?: number | null, options?: object): unknown;
  /** For a record that has no `toJSON` because a field has that name: gives it its fields as properties of its own. */
  own(record: object): void;
}

export type RecordClass = new (...args: unknown[]) => object;

/** All that the text below refers to, by one letter each: `$.x` would be one load more. */
const SCOPE = {
  V,
  pages,
  fresh,
  adopting,
  adopted,
  fetchWord,
  fetchNumber,
  constantOf,
  storeWord,
  storeNumber,
  wordOf,
  encode,
  isSmall,
  goneError,
  allocatePinned,
  atomic,
  CELL,
  INSPECT,
};
/** Makes each text another one, so that the engine does not take it for one that it has seen. */
let serial = 0;

/** Makes the class of a shape. */
export function makeRecordClass(makings: Makings): RecordClass {
  const scope = { ...SCOPE, ...added.additions?.scope };
  const names = Object.keys(scope);
  const text = `'use strict'; /* ${serial++} */ return ${classText(makings)};`;
  const make = compile([...names, 'M'], text);
  const derive = (target: unknown, args: ArrayLike<unknown>, Class: unknown): object => {
    makings.admit(target, Class);
    const staged = makings.staged();
    makings.initialise(staged, args, Class);
    return staged;
  };
  const Class = make(...Object.values(scope), { ...makings, derive }) as RecordClass;
  Object.defineProperty(Class, 'name', { value: makings.name });
  return Class;
}

/**
 * What a tool adds to the text of accessors and constructors, where it must cost little; `scope` is what that refers to. Set before there is any
 * class. `index` is the text of the field's word index.
 */
export interface Additions {
  readonly scope: Readonly<Record<string, unknown>>;
  read(of: string, field: string, index: string): string;
  write(of: string, field: string, index: string): string;
  /** A record has got its cell, which may have been another's. */
  begun(sizeClass: number): string;
  /** A record was made, and has what it was made with. */
  made(of: string, sizeClass: number): string;
  /** A record was given the content of plain data. Nobody else has it yet. */
  filled(record: object): void;
}

const added: { additions: Additions | undefined } = { additions: undefined };

export function addToAccessors(additions: Additions): void {
  added.additions = additions;
}

/** See `Additions`. */
export function noteFilled(record: object): void {
  if (added.additions !== undefined) added.additions.filled(record);
}

/** All classes that this thread has made, and the function that is told of new ones: for tools. */
export const madeClasses: { readonly Class: RecordClass; readonly makings: Makings }[] = [];
let watchClass: ((Class: RecordClass, makings: Makings) => void) | undefined;

export function watchClasses(watch: typeof watchClass): void {
  watchClass = watch;
}

/** A class is ready. */
export function noteClass(Class: RecordClass, makings: Makings): void {
  madeClasses.push({ Class, makings });
  watchClass?.(Class, makings);
}

type Made = (...values: unknown[]) => unknown;

/** Evaluates a text where the language's own way to do so is forbidden: --disallow-code-generation-from-strings. */
let evaluateText: ((text: string) => unknown) | undefined;

export function evaluateBy(how: typeof evaluateText): void {
  evaluateText = how;
}

function compile(names: string[], text: string): Made {
  try {
    return new Function(...names, text) as Made;
  } catch (error) {
    if (!(error instanceof EvalError) || evaluateText === undefined) throw error;
    return evaluateText(`(function (${names.join(', ')}) { ${text} })`) as Made;
  }
}

function classText({ name: of, fields, header, sizeClass, initial, always }: Makings): string {
  // JSON.stringify then looks for the object's own properties.
  const own = fields.some(({ name }) => name === 'toJSON') ? 'M.own(this);' : '';
  return `class Record {
  #cell = 0;
  #page;
  constructor() {
    if (adopting.cell !== 0) {
      this.#cell = adopting.cell;
      this.#page = adopting.page;
      adopted();
      ${own}
      return;
    }
    if (new.target !== Record) return M.derive(new.target, arguments, Record);
    const cell = allocatePinned(${sizeClass});
    const page = fresh.page;
    this.#cell = cell;
    this.#page = page;
    ${initial.map(([offset, word]) => `V.I32[cell + ${offset}] = ${word};`).join(' ')}
    V.I32[cell] = ${header};
    page[(cell & 1023) >> 2] = this;
    ${own}
    ${added.additions?.begun(sizeClass) ?? ''}
    ${always ? '' : 'if (arguments.length !== 0) '}M.initialise(this, arguments, Record);
    ${added.additions?.made(of, sizeClass) ?? ''}
  }
  [CELL](gone) {
    if (!(#cell in this)) return 0;
    if (gone === true) { this.#cell = ${GONE}; this.#page = undefined; }
    return this.#cell;
  }
  toJSON() { return M.json(this); }
  [INSPECT](depth, options) { return #cell in this ? M.show(this, depth, options) : options.stylize('[Record]', 'special'); }
${fields.map((field) => (field.layout === 'word' ? wordText(field, of) : numberText(field, of))).join('\n')}
}`;
}

/** A quoted text cannot end the source that it is put into, nor a comment. */
const quote = (text: string): string =>
  JSON.stringify(text).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);

const named = (name: string): string => quote(`field '${name}'`);

/** What is added to an access; a line of its own, or nothing. */
const addition = (to: 'read' | 'write', of: string, field: string, index: string): string => {
  const text = added.additions?.[to](of, field, index) ?? '';
  return text === '' ? '' : `\n    ${text}`;
};

function wordText({ name, offset }: Field, of: string): string {
  const key = quote(name);
  const store = ORDERED ? 'V.I32[index] = value.#cell << 2' : 'atomic.store(index * 4, value.#cell << 2)';
  return `  get [${key}]() {
    const index = this.#cell + ${offset};${addition('read', of, name, 'index')}
    const word = V.I32[index];
    if ((word & 15) === 0 && word !== 0) {
      const page = pages[word >>> 12];
      if (page !== undefined) {
        const known = page[(word & 4095) >> 4];
        if (known !== undefined) return known;
      }
      return fetchWord(index, this);
    }
    if ((word & 1) !== 0) return word >> 1;
    return constantOf(word);
  }
  set [${key}](value) {
    const index = this.#cell + ${offset};
    if (index >= ${GONE}) throw goneError();${addition('write', of, name, 'index')}
    if (value === null) {
      V.I32[index] = ${NULL};
      return;
    }
    if (typeof value === 'object' && #cell in value && value.#cell < ${GONE}) {
      ${store};
      return;
    }
    if (isSmall(value)) {
      V.I32[index] = value << 1 | 1;
      return;
    }
    const word = wordOf(value, ${named(name)});
    storeWord(this.#cell + ${offset}, word);
  }`;
}

function numberText({ name, offset }: Field, of: string): string {
  const key = quote(name);
  return `  get [${key}]() {
    const index = this.#cell + ${offset};${addition('read', of, name, 'index')}
    const number = V.F64[index >> 1];
    return number < ${REFERENCES} ? number : fetchNumber(index, number, this);
  }
  set [${key}](value) {${addition('write', of, name, `(this.#cell + ${offset})`)}
    if (typeof value === 'number' && value < ${REFERENCES}) {
      const index = this.#cell + ${offset};
      if (index >= ${GONE}) throw goneError();
      V.F64[index >> 1] = value;
      return;
    }
    const number = encode(value, ${named(name)});
    storeNumber(this.#cell + ${offset}, number);
  }`;
}
