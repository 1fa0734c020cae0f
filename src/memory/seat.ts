// Where a new thread finds its place in the shared memory.

/**
 * The worker's entry puts the seat on `globalThis` under this before it loads anything else. The number is the layout's version: two
 * copies of this package in one thread share only when they agree.
 */
export const SEAT = Symbol.for('heddle.seat/2');
