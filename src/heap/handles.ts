// A thread's handles for shared cells: at most one for each cell, so that `===` holds within a thread, and the cell stays pinned as
// long as JavaScript can reach the handle.
//
// States of an address in this thread:
//   no entry            not pinned
//   entry, live         pinned; adopt() returns the handle
//   entry, dead         pinned; the handle was collected, its finalizer has not run. adopt() makes a successor that takes the pin
//                       over, and the old finalizer finds that the entry is not its own any more
// A finalizer runs as a task of the event loop: a thread that never returns to it drops nothing.

import { pin, unpin } from './cells.js';

/** What a finalizer is told; it owns the pin as long as it is the entry of its address. */
interface Token<T extends object> {
  readonly address: number;
  readonly handle: WeakRef<T>;
}

export class HandleTable<T extends object> {
  readonly #make: (address: number) => T;
  readonly #tokens = new Map<number, Token<T>>();
  readonly #finalizers = new FinalizationRegistry<Token<T>>((token) => {
    if (this.#tokens.get(token.address) !== token) return;
    this.#tokens.delete(token.address);
    unpin(token.address);
  });

  /** `make` builds the JavaScript object for an address. */
  constructor(make: (address: number) => T) {
    this.#make = make;
  }

  /** Notes a handle for a cell that this thread has just pinned or allocated. */
  enter(address: number, handle: T): void {
    const token = { address, handle: new WeakRef(handle) };
    this.#tokens.set(address, token);
    this.#finalizers.register(handle, token);
  }

  /** This thread's handle for a cell that somebody keeps alive during the call. */
  adopt(address: number): T {
    const token = this.#tokens.get(address);
    const known = token?.handle.deref();
    if (known !== undefined) return known;
    if (token === undefined) pin(address);
    const handle = this.#make(address);
    this.enter(address, handle);
    return handle;
  }

  /** How many cells this thread has pinned through the table. */
  get size(): number {
    return this.#tokens.size;
  }
}
