// Why a task is over that has no outcome: what the engine keeps as its reason.

/** Somebody has cancelled it. */
export const CANCELLED = 'heddle:cancelled';
/** It was begun as often as it may be. */
export const GIVEN_UP = 'heddle:given-up ';
