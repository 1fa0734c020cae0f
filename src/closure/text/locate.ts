// Finds a function in a module's text, if only the function's own text is known, and what stands beside it.
import { registryIfAny } from '../registry.js';
import { fileSource, Source } from './sources.js';

export interface Found {
  readonly source: Source;
  readonly start: number;
  /** The source is what a loader has made of the file. */
  readonly isMade: boolean;
}

/** `beside` is the text of the accessor or the number that stands behind the function. Undefined where it cannot be told from others. */
export function locate(file: string, text: string, beside: string | undefined): Found | undefined {
  const made = madeSource(file);
  const source = made ?? fileSource(file);
  if (source === undefined) return undefined;
  const start = find(source.text, text, beside);
  return start < 0 ? undefined : { source, start, isMade: made !== undefined };
}

function find(whole: string, text: string, beside: string | undefined): number {
  const first = whole.indexOf(text);
  if (first < 0 || whole.indexOf(text, first + 1) < 0) return first;
  if (beside === undefined) return -1;
  for (let at = first; at >= 0; at = whole.indexOf(text, at + 1)) {
    // `f(() => …, () => [1, a])`, and `f({ name: () => … }.name, () => [1, a])`.
    const end = at + text.length;
    const between = BETWEEN.exec(whole.slice(end, end + LONGEST_NAME))![0].length;
    if (
      between > 0 &&
      whole.startsWith(beside, end + between) &&
      /[),\s]/.test(whole[end + between + beside.length] ?? '')
    )
      return at;
  }
  return -1;
}

const BETWEEN = /^(?:\s*\}\s*(?:\.[\w$]+|\[(?:"[^"]*"|'[^']*')\]))?\s*,\s*|/;
const LONGEST_NAME = 200;

const sources = new Map<string, Source>();

/** The text that the transform's loader has made of a file, in this thread. */
function madeSource(file: string): Source | undefined {
  const text = registryIfAny()?.texts?.get(file);
  if (text === undefined) return undefined;
  let source = sources.get(file);
  if (source?.text !== text) {
    source = new Source(text);
    sources.set(file, source);
  }
  return source;
}
