// The words of a command line: --name value, or --name=value.

import { UsageError } from './subcommand.js';

export interface Known {
  /** Options that may be given once. */
  readonly one: readonly string[];
  /** Options that may be given several times. */
  readonly many?: readonly string[];
}

export interface Words {
  readonly one: Readonly<Record<string, string | undefined>>;
  readonly many: Readonly<Record<string, readonly string[] | undefined>>;
}

/** @throws UsageError for a word that is not known, is given twice, or has no value. */
export function readWords(words: readonly string[], { one, many = [] }: Known): Words {
  const found: Record<string, string> = {};
  const lists: Record<string, string[]> = {};
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const [, name, , given] = /^--([a-z-]+)(=(.*))?$/s.exec(word) ?? [];
    if (name === undefined || !(one.includes(name) || many.includes(name))) {
      throw new UsageError(
        `'${word}' is not known: known are ${[...one, ...many].map((each) => `--${each}`).join(' ')}`,
      );
    }
    const value = given ?? words[++at];
    if (value === undefined) throw new UsageError(`--${name} takes a value`);
    if (many.includes(name)) lists[name] = [...(lists[name] ?? []), value];
    else if (name in found) throw new UsageError(`--${name} is given twice`);
    else found[name] = value;
  }
  return { one: found, many: lists };
}
