// `heddle race`: runs a program and tells its races, and locks that are acquired in a circle.

import { launch } from '../platform/launch.js';
import { readWords } from './program.js';
import type { Subcommand } from './subcommand.js';

export const command: Subcommand = {
  usage: [
    'usage: heddle race [--json] [options of Node] program [words]',
    '',
    'Runs a program, and tells on standard error what its threads do to the same data without an order: data races and',
    'lost updates, with both stacks; and locks that are acquired in a circle. It ends with status 66 if there was a race.',
    '',
    '  --json    each race is a line of JSON',
    '',
    'The same as: HEDDLE_RACES=exit HEDDLE_LOCKORDER=1 node program',
  ].join('\n'),
  main(words) {
    const { given, rest } = readWords(words, ['--json'], 'heddle race takes a program: heddle race app.js');
    const races = given.has('--json') ? 'exit,json' : 'exit';
    return launch(rest, { HEDDLE_RACES: races, HEDDLE_LOCKORDER: '1' });
  },
};
