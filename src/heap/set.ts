// SharedSet: the interface of `Set`, on a table that all threads share.

import { adopt } from './adopt.js';
import { describe } from './errors.js';
import { iterate } from './iterators.js';
import { tagOf } from './likeness.js';
import { type Copy, definePlain, jsonOf, type PlainKind, shownOf } from './plain.js';
import type { MEMBER, MemberOf, OrPlain } from './plain-form.js';
import { isContained, membersIn, type SetLike, setLike } from './set-like.js';
import { beginning, FIND, fill, NEXT, NONE, PUT, REMOVE, TableCell } from './table-cell.js';
import { K_SET, PUT_ADD, PUT_INSERTED } from './types.js';
import { defineKind, INSPECT } from './values.js';

export class SharedSet<T = unknown> extends TableCell {
  declare readonly [MEMBER]?: () => T;

  /** A new set with these members. */
  constructor(members?: Iterable<OrPlain<T>> | null) {
    super(K_SET);
    fill(members, 'SharedSet', (member) => this[PUT](member, 0, PUT_ADD));
  }

  has(member: T): boolean {
    return this[FIND](member) !== NONE;
  }

  /** @throws TypeError for a member that cannot be shared. */
  add<S>(this: S, member: OrPlain<MemberOf<S>>): S;
  add(member: unknown): this {
    this[PUT](member, 0, PUT_ADD);
    return this;
  }

  /**
   * Adds a member; whether it was new. Of several threads that add the same one, one is told so.
   *
   * @example
   * const seen = new SharedSet(['a']);
   * console.log(seen.insert('a'), seen.insert('b'));
   */
  insert<S>(this: S, member: OrPlain<MemberOf<S>>): boolean;
  insert(member: unknown): boolean {
    return this[PUT](member, 0, PUT_ADD) === PUT_INSERTED;
  }

  /** Whether the member was there. */
  delete(member: T): boolean {
    return this[REMOVE](member);
  }

  forEach(callback: (member: T, same: T, set: SharedSet<T>) => void, self?: unknown): void {
    if (typeof callback !== 'function') throw new TypeError(`forEach() takes a function, not ${describe(callback)}`);
    for (const cursor = beginning(); this[NEXT](cursor); ) callback.call(self, cursor.key as T, cursor.key as T, this);
  }

  /** Members in the order in which they were added; those that are added meanwhile come too. */
  values(): IterableIterator<T> {
    return iterate(this, (key) => key as T);
  }

  keys(): IterableIterator<T> {
    return this.values();
  }

  entries(): IterableIterator<[T, T]> {
    return iterate(this, (key) => [key as T, key as T]);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.values();
  }

  // What `Set` has since Node 22. The outcome is a plain set, of the members at one moment.

  union<U>(other: SetLike<U>): Set<T | U> {
    const members = new Set<T | U>(this);
    for (const member of membersIn(setLike('union', other))) members.add(member);
    return members;
  }

  intersection<U>(other: SetLike<U>): Set<T & U> {
    const { has } = setLike('intersection', other);
    return new Set([...this].filter((member) => has(member)) as (T & U)[]);
  }

  difference<U>(other: SetLike<U>): Set<T> {
    const { has } = setLike('difference', other);
    return new Set([...this].filter((member) => !has(member)));
  }

  symmetricDifference<U>(other: SetLike<U>): Set<T | U> {
    const mine = new Set<unknown>(this);
    const members = new Set<unknown>(mine);
    for (const member of membersIn(setLike('symmetricDifference', other))) {
      if (mine.has(member)) members.delete(member);
      else members.add(member);
    }
    return members as Set<T | U>;
  }

  isSubsetOf(other: SetLike<unknown>): boolean {
    const { size, has } = setLike('isSubsetOf', other);
    return this.size <= size && [...this].every((member) => has(member));
  }

  isSupersetOf(other: SetLike<unknown>): boolean {
    return isContained(setLike('isSupersetOf', other), new Set<unknown>(this));
  }

  isDisjointFrom(other: SetLike<unknown>): boolean {
    const { has } = setLike('isDisjointFrom', other);
    return ![...this].some((member) => has(member));
  }

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
    return tagOf(this, 'SharedSet');
  }
}

function copyOut(value: object, elements: number): Copy {
  const members = [...(value as SharedSet)];
  const copy = new Set();
  return {
    copy,
    fill(plain) {
      for (const [at, member] of members.entries()) copy.add(at < elements ? plain(member) : member);
    },
  };
}

const plain: PlainKind = {
  prototype: SharedSet.prototype,
  is: (value) => value instanceof SharedSet,
  copy: (value) => copyOut(value, Infinity),
  json(value) {
    const members = [...(value as SharedSet)];
    const copy: unknown[] = [];
    return {
      copy,
      fill(plain) {
        for (const member of members) copy.push(plain(member));
      },
    };
  },
  show: copyOut,
};

/** Shared sets: how a thread makes its object for one, and what is copied out and printed. */
export function defineSets(): void {
  defineKind(K_SET, (cell, page) => adopt(SharedSet, cell, page));
  definePlain(plain);
}
