// What stands behind a subcommand that runs a program: its own options, those of Node, the program, and the program's words.

import { UsageError } from './subcommand.js';

export interface Words {
  /** Of the subcommand's own options, those that were given. */
  readonly given: ReadonlySet<string>;
  /** All else, for Node. */
  readonly rest: readonly string[];
}

/** @throws UsageError if there is no program. `needed` = what must be there. */
export function readWords(words: readonly string[], own: readonly string[], needed?: string): Words {
  const given = new Set<string>();
  let at = 0;
  for (; own.includes(words[at] ?? ''); at++) given.add(words[at]!);
  const rest = words.slice(at);
  if (needed !== undefined && rest.every((word) => word.startsWith('-'))) throw new UsageError(needed);
  return { given, rest };
}
