#!/usr/bin/env node
// The command `heddle`: finds the subcommand in its table, and calls it.

import { requireFrom } from '../platform/modules.js';
import { commands } from './commands.js';
import { UsageError } from './subcommand.js';

const EX_USAGE = 64;

const version = (): string =>
  (requireFrom(import.meta.url)('heddle/package.json') as { readonly version: string }).version;

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length), 'help'.length);
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'usage: heddle <command> [options]',
    '',
    ...lines,
    `  ${'help'.padEnd(width)}  what a command takes: heddle help <command>`,
  ].join('\n');
}

/** What another word may have been meant for. */
const suggestion = (name: string): string => {
  const near = Object.keys(commands).find((known) => known.startsWith(name) || name.startsWith(known));
  return near === undefined ? 'heddle help lists them' : `did you mean ${near}?`;
};

async function main([name = 'help', ...words]: readonly string[]): Promise<number> {
  if (name === '--version' || name === '-v') {
    console.log(version());
    return 0;
  }
  const asksForHelp = name === 'help' || name === '--help' || name === '-h';
  const wanted = asksForHelp ? words[0] : name;
  if (wanted === undefined) {
    console.log(overview());
    return 0;
  }
  const entry = Object.hasOwn(commands, wanted) ? commands[wanted] : undefined;
  if (entry === undefined) throw new UsageError(`there is no command '${wanted}': ${suggestion(wanted)}`);
  const { command } = await entry.load();
  if (asksForHelp || words[0] === '--help' || words[0] === '-h') {
    console.log(command.usage);
    return 0;
  }
  return command.main(words);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`heddle: ${error.message}`);
  process.exitCode = EX_USAGE;
}
