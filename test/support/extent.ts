// How far a test goes that could always go further: explorations, and threads at random. `npm test` takes a part, the same each time;
// `npm run test:whole`, and with it `npm run test:all` and .ci/run, takes the whole. scripts/test.mjs knows these files by this import.

export const whole = process.env['HEDDLE_WHOLE'] === '1';

/** One of the two. */
export const extent = <T>(part: T, all: T): T => (whole ? all : part);

/** Bound on preemptions, for the explorer in ../interleavings/: the part is all schedules with one at most. */
export const bounded = (preemptions = Infinity): number => extent(Math.min(preemptions, 1), preemptions);
