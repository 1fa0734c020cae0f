// `heddle test`: runs tests by Node's test runner; a test file in which there was a race fails.

import { launch } from '../platform/launch.js';
import { readWords } from './program.js';
import type { Subcommand } from './subcommand.js';

export const command: Subcommand = {
  usage: [
    'usage: heddle test [--no-races] [options and files of node --test]',
    '',
    "Runs tests by Node's test runner. Races, and locks that are acquired in a circle, are told on standard error, and a",
    'test file that had a race fails.',
    '',
    '  --no-races    looks for no races, which makes tests slower',
    '',
    'The same as: HEDDLE_RACES=exit HEDDLE_LOCKORDER=1 node --test',
  ].join('\n'),
  main(words) {
    const { given, rest } = readWords(words, ['--no-races']);
    const races: Record<string, string> = given.has('--no-races') ? {} : { HEDDLE_RACES: 'exit' };
    return launch(['--test', ...rest], { ...races, HEDDLE_LOCKORDER: '1' });
  },
};
