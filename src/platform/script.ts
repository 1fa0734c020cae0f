// Compiles text as a classic script under a name and at a position of the user's, so that stacks name the user's file.
import { constants, Script } from 'node:vm';

export interface ScriptOptions {
  readonly filename: string;
  /** Zero-based position of the text in that file. The column may be negative: a prefix then falls before the line's start. */
  readonly line?: number;
  readonly column?: number;
  /** `import()` in the text resolves from `filename`. */
  readonly dynamicImport?: boolean;
}

/** Evaluates `source` in this realm and returns its completion value. */
export function evaluate(source: string, options: ScriptOptions): unknown {
  const { filename, line = 0, column = 0, dynamicImport = false } = options;
  const placed = { filename, lineOffset: line, columnOffset: column };
  if (!dynamicImport) return new Script(source, placed).runInThisContext();
  return withoutExperimentalWarning(() =>
    new Script(source, {
      ...placed,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }).runInThisContext(),
  );
}

// The constant is stable in behaviour since Node 20, yet its first use warns on stderr, where users would see it.
function withoutExperimentalWarning<T>(action: () => T): T {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return action();
  } finally {
    process.emitWarning = emitWarning;
  }
}
