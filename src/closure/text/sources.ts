// The text of whole files. A file on disk is trusted only where the text of a function is found in it at the place where the engine
// says it is: what ran is what counts, and loaders, bundlers and this library itself run text that is not on disk.
import { readText } from '../../platform/files.js';
import { type Location, scriptSource } from '../../platform/inspector.js';
import { asPath } from '../../platform/modules.js';

export class Source {
  readonly text: string;
  #lineStarts: number[] | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Offset of a zero-based position, or -1 outside the text. */
  offsetAt(line: number, column: number): number {
    const start = this.#lines()[line];
    return start === undefined ? -1 : start + column;
  }

  positionAt(offset: number): { line: number; column: number } {
    const starts = this.#lines();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: offset - starts[low]! };
  }

  /** Where a function's text begins, if it is where its location says, or anywhere else but only once. */
  find(text: string, location: Location, anchor: number): number {
    const expected = this.offsetAt(location.lineNumber, location.columnNumber) - anchor;
    if (expected >= 0 && this.text.startsWith(text, expected)) return expected;
    const first = this.text.indexOf(text);
    return first >= 0 && this.text.indexOf(text, first + 1) < 0 ? first : -1;
  }

  /** Whether a function's text is this one at its location, with spaces in the place of types. */
  isBlanked(text: string, location: Location, anchor: number): boolean {
    const start = this.offsetAt(location.lineNumber, location.columnNumber) - anchor;
    if (start < 0) return false;
    for (let at = 0; at < text.length; at++) {
      if (text[at] !== ' ' && text[at] !== this.text[start + at]) return false;
    }
    return true;
  }

  #lines(): number[] {
    if (!this.#lineStarts) {
      this.#lineStarts = [0];
      for (const end of this.text.matchAll(/\r\n|[\n\r\u2028\u2029]/g))
        this.#lineStarts.push(end.index + end[0].length);
    }
    return this.#lineStarts;
  }
}

const files = new Map<string, Source | undefined>();
/** The latest that were asked for. */
const scripts = new Map<string, Source>();
const KEPT_SCRIPTS = 64;

/** The file as it is on disk; loaders strip a byte-order mark, and so do we. */
export function fileSource(file: string): Source | undefined {
  if (!files.has(file)) {
    const path = asPath(file);
    const text = path === undefined ? undefined : readText(path)?.replace(/^\uFEFF/, '');
    files.set(file, text === undefined ? undefined : new Source(text));
  }
  return files.get(file);
}

/** The text the engine ran. Starts the debugger; the capture ends it. */
export function ranSource(scriptId: string): Source {
  let source = scripts.get(scriptId);
  if (!source) {
    source = new Source(scriptSource(scriptId));
    scripts.set(scriptId, source);
    if (scripts.size > KEPT_SCRIPTS) scripts.delete(scripts.keys().next().value!);
  }
  return source;
}
