// `heddle trace`: runs a program and writes what its threads did, when.

import { launch } from '../platform/launch.js';
import { readWords } from './program.js';
import type { Subcommand } from './subcommand.js';

const FILE = 'heddle-trace.json';

export const command: Subcommand = {
  usage: [
    'usage: heddle trace [options of Node] program [words]',
    '',
    `Runs a program, and writes ${FILE} and a page that shows it, heddle-trace.html: what each thread`,
    'runs, its tasks, what it waits for and who has that, and who has handed over a lock or a task to whom.',
    'The JSON opens in Perfetto too.',
    '',
    'The same as: HEDDLE_TRACE=heddle-trace.json node program',
  ].join('\n'),
  main(words) {
    const { rest } = readWords(words, [], 'heddle trace takes a program: heddle trace app.js');
    return launch(rest, { HEDDLE_TRACE: FILE });
  },
};
