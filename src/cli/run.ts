// `heddle run`: runs a program with what helps to see what its threads do.

import { launch } from '../platform/launch.js';
import { readWords } from './program.js';
import type { Subcommand } from './subcommand.js';

export const command: Subcommand = {
  usage: [
    'usage: heddle run [options of Node] program [words]',
    '',
    'Runs a program. Reports of deadlocks say where each lock was made.',
    '',
    'The same as: HEDDLE_PLACES=1 node program',
  ].join('\n'),
  main(words) {
    const { rest } = readWords(words, [], 'heddle run takes a program: heddle run app.js');
    return launch(rest, { HEDDLE_PLACES: '1' });
  },
};
