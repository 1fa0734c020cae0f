// What programs and tests see of the race detector: `races` of `heddle/test`.

import { found, ignore, isOn, onRace } from './report.js';

/** The race detector, which HEDDLE_RACES=1 turns on. */
export const races = {
  /** Races on these, such as 'Account.visits', are meant to be, in all threads: they are not told from now on. Names are as in reports. */
  ignore,
  /** Calls a function for each race that this thread finds from now on; what it returns ends that. */
  onRace,
  /** Whether races are looked for. */
  isOn,
  /** How many were told in the whole process. */
  found,
};
