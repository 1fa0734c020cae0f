// The code of functions: one for each place in a source text, however many closures were made there.
import type { Inspected, Location } from '../../platform/inspector.js';
import { threadId } from '../../platform/modules.js';
import type { Export } from '../exports.js';
import type { CodeRecord, MapRecord } from '../graph.js';
import { type Analysis, analyse } from './analyse.js';
import type { Found } from './locate.js';
import { mapOfFile, mapOfMade, mapOfScript, mapRecord, type Position } from './maps.js';
import { fileSource, ranSource, type Source } from './sources.js';

export interface ScriptFile {
  readonly file: string;
  readonly map: string | undefined;
}

export class Code {
  readonly record: CodeRecord;
  readonly analysis: Analysis;
  readonly map: MapRecord | undefined;
  readonly scriptId: string;
  /** The file on disk when it holds this code, and where in it. */
  readonly source: Source | undefined;
  readonly start: number;
  /** Free variables known to be imports from packages, or known not to be. */
  readonly imports = new Map<string, Export | undefined>();
  readonly #text: string;
  readonly #script: ScriptFile;
  readonly #isMade: boolean;
  /** Its captures are told by stamps. */
  readonly isStamped: boolean;
  readonly #location: Location;

  /** `map`: of the script, if it was compiled from what another thread has sent. `found`: where its module's text has it, if that is known. */
  constructor(
    text: string,
    { file, map }: ScriptFile,
    { location, scopes }: Pick<Inspected, 'location' | 'scopes'>,
    isSloppy: boolean,
    found?: Found,
    isStamped = false,
  ) {
    this.isStamped = isStamped;
    const analysis = analyse(text);
    const { scriptId, lineNumber, columnNumber } = location ?? locationOf(found, analysis.anchor);
    this.analysis = analysis;
    this.scriptId = scriptId;
    this.#text = text;
    this.#location = { scriptId, lineNumber, columnNumber };
    // Of code from another machine the file is there, and what is here under its name is another.
    const onDisk = found?.source ?? (mapRecord(map)?.shown === undefined ? fileSource(file) : undefined);
    const start = found?.start ?? onDisk?.find(text, this.#location, analysis.anchor) ?? -1;
    this.source = start < 0 ? undefined : onDisk;
    this.start = start;
    this.#isMade = found?.isMade === true;
    // Types that Node has blanked out leave everything in its place: then the text that ran is not looked at.
    const isBlanked = !this.source && onDisk?.isBlanked(text, this.#location, analysis.anchor);
    this.#script = { file, map };
    const { source } = this;
    if (source) this.map = this.#isMade ? mapOfMade(file, source.text) : mapOfFile(file, () => source.text);
    else this.map = isBlanked ? undefined : this.#mapOfRan();
    const { line, column } = this.source?.positionAt(start) ?? before(text, analysis.anchor, lineNumber, columnNumber);
    const isModule = scopes.some(({ description }) => description === 'Module');
    const inStrictFile = this.source !== undefined && STRICT_FILE.test(this.source.text);
    // What sloppy mode hides, a failed write to frozen data above all, strict mode shows.
    const strict = isModule || analysis.form === 'class' || inStrictFile || !(isSloppy || analysis.wantsSloppy);
    this.record = {
      id: newCodeId(),
      text: analysis.text,
      form: analysis.form,
      strict: strict || !analysis.wantsSloppy,
      file,
      line,
      column,
      map: this.map?.id,
      free: analysis.free.map(({ name }) => name),
      eager: [...analysis.free.keys()].filter((index) => analysis.free[index]!.eager),
      letters: analysis.letters,
      outer: analysis.outer,
      dynamicImport: analysis.dynamicImport,
      importMeta: analysis.importMeta,
      privates: analysis.shape?.staticPrivates ?? [],
    };
  }

  /**
   * The whole text around this code, and where it begins in it, or -1: the file, unless that has types in it, and then what ran. The
   * latter starts the debugger.
   */
  *texts(): Generator<{ source: Source; start: number; map: MapRecord | undefined }> {
    if (this.source && (this.#isMade || !TYPED.test(this.record.file)))
      yield { source: this.source, start: this.start, map: this.map };
    if (this.scriptId === '') return;
    const source = ranSource(this.scriptId);
    const start = source.find(this.#text, this.#location, this.analysis.anchor);
    yield { source, start, map: this.#mapOfRan() };
  }

  /** The map of the text that ran, which a loader has made of the file, or another thread of its own. */
  #mapOfRan(): MapRecord | undefined {
    const { file, map } = this.#script;
    if (this.scriptId === '') return mapRecord(map);
    return mapRecord(map) ?? mapOfScript(file, this.scriptId, () => ranSource(this.scriptId).text);
  }

  /** Position of an offset in the text. */
  positionAt(offset: number): Position {
    const { file, line, column, map } = this.record;
    const before = this.#text.slice(0, offset).split('\n');
    const last = before.at(-1)!.length;
    return before.length === 1
      ? { file, line: line + 1, column: column + last + 1, map }
      : { file, line: line + before.length, column: last + 1, map };
  }
}

/** Nobody knows the script. */
function locationOf(found: Found | undefined, anchor: number): Location {
  const { line, column } = found?.source.positionAt(found.start + anchor) ?? { line: 0, column: 0 };
  return { scriptId: '', lineNumber: line, columnNumber: column };
}

const TYPED = /\.[cm]?tsx?$/;

let codes = 0;
export const newCodeId = (): string => `${threadId()}.${codes++}`;

const STRICT_FILE = /^(?:#![^\n]*\n)?(?:\s|\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/[^\n]*\n)*(['"])use strict\1/;

/** Start of a text whose anchor is at a position, for a file that cannot be read. */
function before(text: string, anchor: number, line: number, column: number): { line: number; column: number } {
  const lines = text.slice(0, anchor).split('\n').length - 1;
  return { line: line - lines, column: lines ? 0 : column - anchor };
}
