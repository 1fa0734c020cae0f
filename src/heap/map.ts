// SharedMap: the interface of `Map`, on a table that all threads share. Each operation is one step for the others; `update` and
// `getOrInsertComputed` call a function of the program's outside of any lock, and try again or give way if somebody was faster.

import { adopt } from './adopt.js';
import { describe } from './errors.js';
import { iterate } from './iterators.js';
import { tagOf } from './likeness.js';
import { type Copy, define, definePlain, jsonOf, type PlainKind, shownOf } from './plain.js';
import type { ENTRY, KeyOf, OrPlain, ValueOf } from './plain-form.js';
import { replaceBy } from './replace.js';
import { beginning, FIND, fill, LOOKUP, NEXT, NONE, PUT, REMOVE, STORED, TableCell } from './table-cell.js';
import { K_MAP, PUT_ADD, PUT_DIFFERENT, PUT_EXISTED, PUT_REPLACE, PUT_SET } from './types.js';
import { defineKind, INSPECT, sharable } from './values.js';

export class SharedMap<K = unknown, V = unknown> extends TableCell {
  declare readonly [ENTRY]?: () => [K, V];

  /** A new map with these entries. */
  constructor(entries?: Iterable<readonly [OrPlain<K>, OrPlain<V>]> | null) {
    super(K_MAP);
    fill(entries, 'SharedMap', (entry) => {
      if (typeof entry !== 'object' || entry === null)
        throw new TypeError(`new SharedMap() takes entries [key, value], not ${describe(entry)}`);
      this[PUT](entry[0], entry[1], PUT_SET);
    });
  }

  get(key: K): V | undefined {
    return this[LOOKUP](key) as V | undefined;
  }

  has(key: K): boolean {
    return this[FIND](key) !== NONE;
  }

  /** @throws TypeError for a key or value that cannot be shared. */
  set<M>(this: M, key: OrPlain<KeyOf<M>>, value: OrPlain<ValueOf<M>>): M;
  set(key: unknown, value: unknown): this {
    this[PUT](key, value, PUT_SET);
    return this;
  }

  /** Whether the key was there. */
  delete(key: K): boolean {
    return this[REMOVE](key);
  }

  /**
   * The key's value; if there is none, `value`, which is then stored. Of several threads that come at once one stores.
   *
   * @example
   * const stock = new SharedMap([['apples', 3]]);
   * console.log(stock.getOrInsert('pears', 0));
   */
  getOrInsert<M>(this: M, key: KeyOf<M>, value: OrPlain<ValueOf<M>>): ValueOf<M>;
  getOrInsert(key: unknown, value: unknown): unknown {
    const own = sharable(value, 'an entry');
    for (;;) {
      const found = this[FIND](key);
      if (found !== NONE) return found;
      if (this[PUT](key, own, PUT_ADD) !== PUT_EXISTED) return own;
    }
  }

  /**
   * The key's value; if there is none, what `make` returns, which is then stored. `make` runs without a lock: several threads that come
   * at once may all call theirs, and the first to be done stores. Use `globals.get` or a lock where that must not be.
   *
   * @throws what `make` throws; TypeError for a value that cannot be shared.
   * @example
   * const lengths = new SharedMap<string, number>([]);
   * console.log(lengths.getOrInsertComputed('pears', (name) => name.length));
   */
  getOrInsertComputed<M>(this: M, key: KeyOf<M>, make: (key: KeyOf<M>) => OrPlain<ValueOf<M>>): ValueOf<M>;
  getOrInsertComputed(key: unknown, make: (key: never) => unknown): unknown {
    if (typeof make !== 'function')
      throw new TypeError(`getOrInsertComputed() takes a function, not ${describe(make)}`);
    const found = this[FIND](key);
    return found !== NONE ? found : this.getOrInsert(key as never, make(key as never) as never);
  }

  /**
   * Replaces a key's value by what `change` makes of it, as one step: if another thread has changed it meanwhile `change` is called again
   * with what is there now. It gets undefined if there is no entry.
   * @returns the new value.
   * @throws what `change` throws: nothing has changed then. TypeError for a value that cannot be shared.
   * @example
   * const stock = new SharedMap([['apples', 3]]);
   * console.log(stock.update('apples', (count = 0) => count - 1));
   */
  update<M>(
    this: M,
    key: KeyOf<M>,
    change: (value: ValueOf<M> | undefined, key: KeyOf<M>) => OrPlain<ValueOf<M>>,
  ): ValueOf<M>;
  update(key: unknown, change: (value: never, key: never) => unknown): unknown {
    if (typeof change !== 'function') throw new TypeError(`update() takes a function, not ${describe(change)}`);
    return replaceBy(
      () => this[STORED](key),
      (value) => sharable(change(value as never, key as never), 'an entry'),
      (value, before) => this[PUT](key, value, PUT_REPLACE, before.number) !== PUT_DIFFERENT,
      () => describe(key),
      'entry',
    );
  }

  forEach(callback: (value: V, key: K, map: SharedMap<K, V>) => void, self?: unknown): void {
    if (typeof callback !== 'function') throw new TypeError(`forEach() takes a function, not ${describe(callback)}`);
    for (const cursor = beginning(); this[NEXT](cursor); )
      callback.call(self, cursor.value as V, cursor.key as K, this);
  }

  keys(): IterableIterator<K> {
    return iterate(this, (key) => key as K);
  }

  values(): IterableIterator<V> {
    return iterate(this, (_key, value) => value as V);
  }

  /** Entries in the order in which they were added; those that are added meanwhile come too, those deleted before it do not. */
  entries(): IterableIterator<[K, V]> {
    return iterate(this, (key, value) => [key as K, value as V]);
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries();
  }

  /** As `JSON.stringify` shows it: an object if all keys are strings, pairs otherwise. */
  toJSON(): unknown {
    return jsonOf(this);
  }

  [INSPECT](depth?: number | null, options?: object): unknown {
    return shownOf(this, depth, options);
  }

  /** Itself: those who compare by `valueOf` would otherwise find any two equal. */
  override valueOf(): this {
    return this;
  }

  /** The class's name and the content, by which assert.deepStrictEqual and the like compare. */
  get [Symbol.toStringTag](): string {
    return tagOf(this, 'SharedMap');
  }
}

function copyOut(value: object, elements: number): Copy {
  const entries = [...(value as SharedMap)];
  const copy = new Map();
  return {
    copy,
    fill(plain) {
      for (const [at, [key, item]] of entries.entries()) {
        if (at < elements) copy.set(plain(key), plain(item));
        else copy.set(key, item);
      }
    },
  };
}

const plain: PlainKind = {
  prototype: SharedMap.prototype,
  is: (value) => value instanceof SharedMap,
  copy: (value) => copyOut(value, Infinity),
  json(value) {
    const entries = [...(value as SharedMap)];
    const texts = entries.every(([key]) => typeof key === 'string');
    const copy: object = texts ? {} : [];
    return {
      copy,
      fill(plain) {
        for (const [key, item] of entries) {
          if (texts) define(copy, String(key), plain(item));
          else (copy as unknown[]).push([plain(key), plain(item)]);
        }
      },
    };
  },
  show: copyOut,
};

/** Shared maps: how a thread makes its object for one, and what is copied out and printed. */
export function defineMaps(): void {
  defineKind(K_MAP, (cell, page) => adopt(SharedMap, cell, page));
  definePlain(plain);
}
