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
  silenceFirstImport();
  return evaluateImporting(source, placed);
}

const evaluateImporting = (source: string, placed: object): unknown =>
  new Script(source, {
    ...placed,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  }).runInThisContext();

let silenced = false;

// Node warns on stderr, where users would see it, when a thread first imports in this way: so that is done here, unheard. The way is
// the same on every version from 20 on.
function silenceFirstImport(): void {
  if (silenced) return;
  silenced = true;
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    (evaluateImporting("() => import('node:url')", { filename: process.execPath }) as () => unknown)();
  } finally {
    process.emitWarning = emitWarning;
  }
}
