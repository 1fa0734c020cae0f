// The parser and the scope analyser. Together they take about 15 ms to load, which a program that starts no threads should not pay on import: the
// joined library (src/platform/joined.ts) loads them when something of theirs is first used, so nothing of them is used here on import.
import { type Options, parse } from 'acorn';
import { analyze, type ScopeManager } from 'eslint-scope';
import type { Program } from 'estree';

/** A syntax node with its place in the text. The few shapes that matter are told apart by `type`. */
export type Syntax = { type: string; start: number; end: number } & Record<string, unknown>;

const LENIENT: Options = {
  ecmaVersion: 'latest',
  ranges: true,
  allowSuperOutsideMethod: true,
  // For import.meta, which a function's text may contain without being a module.
  allowImportExportEverywhere: true,
  checkPrivateFields: false,
};

/** Parses a script, or throws SyntaxError. */
export function parseScript(text: string): Syntax {
  return parse(text, { ...LENIENT, sourceType: 'script' }) as unknown as Syntax;
}

/** Parses a whole file: as a module, else as the body of a CommonJS function. */
export function parseFile(text: string): Syntax {
  const options: Options = { ...LENIENT, allowHashBang: true };
  try {
    return parse(text, { ...options, sourceType: 'module' }) as unknown as Syntax;
  } catch {
    return parse(text, {
      ...options,
      sourceType: 'script',
      allowReturnOutsideFunction: true,
    }) as unknown as Syntax;
  }
}

export function analyseScopes(program: Syntax, sourceType: 'script' | 'commonjs' | 'module'): ScopeManager {
  return analyze(program as unknown as Program, {
    ecmaVersion: 2022,
    sourceType: sourceType === 'module' ? 'module' : 'script',
    // The scope of a script is the global one, whose variables anyone may change; that of a CommonJS file is a function.
    nodejsScope: sourceType === 'commonjs',
  });
}

export const isSyntax = (value: unknown): value is Syntax =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

/** The node's direct children, in the order of their keys. */
export function* childrenOf(node: Syntax): Generator<Syntax> {
  for (const key in node) {
    const child = node[key];
    if (Array.isArray(child)) {
      for (const item of child) if (isSyntax(item)) yield item;
    } else if (isSyntax(child)) yield child;
  }
}
