// Source maps: they turn positions in the text that ran into positions in the text that the user wrote.
//
// If the two differ, a thread compiles the code under a special name, `file:///app/main.ts?heddle=0.3`: the generated file, and the id of its
// map. So no one takes such a position for a position in the file, and it is clear that it must be mapped. A position without that mark is
// the user's, or Node and the program's loaders take care of it.
import { readText } from '../../platform/files.js';
import { leave, scriptOf, scriptSource } from '../../platform/inspector.js';
import { asPath, asUrl, threadId } from '../../platform/modules.js';
import { evaluate } from '../../platform/script.js';
import { loadedSourceMap, openSourceMap, type SourceMapPayload } from '../../platform/sourcemaps.js';
import type { CodeRecord, MapRecord } from '../graph.js';

export interface Position {
  readonly file: string;
  /** One-based, as stacks count. */
  readonly line: number;
  readonly column: number;
  /** Id of the source map through which the position is to be seen. */
  readonly map?: string | undefined;
}

/** Between the name of a generated file and the id of its map, behind a question mark. */
export const MARK = 'heddle=';

/** Opened when first needed: most threads never show a stack. */
interface KnownMap {
  readonly record: MapRecord;
  opened?: OpenMap | undefined;
  failed?: boolean;
}

interface OpenMap {
  readonly find: ReturnType<typeof openSourceMap>;
  /** What the sources in the map are relative to. */
  readonly base: string;
  readonly root: string;
}

const known = new Map<string, KnownMap>();
/** What this thread has looked at already, by file or script. */
const found = new Map<string, MapRecord | undefined>();
let made = 0;

/** Stands for the comment at the end of the file: the receiver reads it there, if it ever needs it. */
const IN_FILE = 'in file';

export const hasMap = (id: string): boolean => known.has(id);

export function addMap(map: MapRecord): void {
  if (!known.has(map.id)) known.set(map.id, { record: map });
}

export const mapRecord = (id: string | undefined): MapRecord | undefined =>
  id === undefined ? undefined : known.get(id)?.record;

/** The name under which a thread compiles code that it was sent: with a query, so that what it imports is found where the file is. */
export const scriptName = ({ file, map }: Pick<CodeRecord, 'file' | 'map'>): string =>
  map === undefined ? file : `${asUrl(file)}?${MARK}${map}`;

/** A script's file, and the id of its map if it was compiled from what another thread has sent. */
export function fileOf(script: string): { file: string; map: string | undefined } {
  const at = script.lastIndexOf(MARK);
  const map = at < 0 ? undefined : mapRecord(script.slice(at + MARK.length));
  return map ? { file: map.file, map: map.id } : { file: script, map: undefined };
}

function remember(key: string, find: () => Omit<MapRecord, 'id'> | undefined): MapRecord | undefined {
  if (!found.has(key)) {
    const parts = find();
    const map = parts && { id: `${threadId()}.${made++}`, ...parts };
    if (map) addMap(map);
    found.set(key, map);
  }
  return found.get(key);
}

/** The map of a file that ran as it is on disk: its last line names it. */
export function mapOfFile(file: string, text: () => string | undefined): MapRecord | undefined {
  return remember(`file ${file}`, () =>
    mapComment(text() ?? '') === undefined ? undefined : { file, payload: IN_FILE },
  );
}

/** The map of text that is not on disk: what a loader has made of a file. `text` is asked for only if Node has not kept the map. */
export function mapOfScript(file: string, scriptId: string, text: () => string): MapRecord | undefined {
  if (!isPlace(file)) return undefined;
  const map = remember(`script ${scriptId}`, () => {
    const loaded = loadedSourceMap(file);
    if (loaded) return { file, payload: withoutTexts(loaded) };
    const comment = mapComment(text());
    return comment === undefined ? undefined : { file, payload: comment };
  });
  if (map) ofLoaders.set(file, map);
  return map;
}

/** The map in a text that the transform's loader has made of a file. */
export function mapOfMade(file: string, text: string): MapRecord | undefined {
  const map = remember(`made ${file}`, () => {
    const comment = mapComment(text);
    return comment === undefined ? undefined : { file, payload: comment };
  });
  if (map) ofLoaders.set(file, map);
  return map;
}

/** Maps of what loaders have made in this thread, by file. */
const ofLoaders = new Map<string, MapRecord>();
/** Those that nobody uses here, by id: whether the stacks of this thread have the positions of what ran. */
const unused = new Map<string, boolean>();

/** Whether stacks are made of what ran, although a map is known: some loaders live in another thread, and nobody maps in this one. */
function isUnused({ id, file }: MapRecord): boolean {
  let answer = unused.get(id);
  if (answer === undefined) {
    answer = probesOf(id, file).some(({ line, column }) => {
      const { stack } = evaluate('new Error()', { filename: file, line: line - 1, column: column - 1 }) as Error;
      return typeof stack === 'string' && stack.split('\n', 2)[1]?.includes(`${file}:${line}:${column}`) === true;
    });
    unused.set(id, answer);
  }
  return answer;
}

const PROBED_LINES = 500;

/** A position that the map would change, if there is one. */
function probesOf(map: string, file: string): Position[] {
  for (let line = 1; line <= PROBED_LINES; line++) {
    for (const column of [1, 9, 33]) {
      const mapped = mapPosition({ file, line, column, map });
      if (mapped.line !== line || mapped.column !== column) return [{ file, line, column }];
    }
  }
  return [];
}

/** The map of a file that was never captured from, in a thread whose loader's maps nobody uses. */
function mapBesides(file: string): MapRecord | undefined {
  if (![...ofLoaders.values()].some(isUnused)) return undefined;
  return remember(`besides ${file}`, () => {
    try {
      const script = scriptOf(file);
      const comment = script === undefined ? undefined : mapComment(scriptSource(script));
      return comment === undefined ? undefined : { file, payload: comment };
    } finally {
      leave();
    }
  });
}

/** A path or a URL, not something like `[eval1]`. */
const isPlace = (file: string): boolean => asPath(file) !== undefined || /^[a-z][a-z+.-]+:/i.test(file);

/** Only positions are of use, and the texts of the sources are most of a map. */
const withoutTexts = ({ sourcesContent: _texts, ...payload }: SourceMapPayload): object => payload;

const COMMENT = 'sourceMappingURL=';
/** Loaders wrap the text, tools sign it: so much may follow the comment. */
const LAST_PART = 4096;

/** The URL in a comment that ends a text. */
function mapComment(text: string): string | undefined {
  const at = text.lastIndexOf(COMMENT);
  if (at < 0 || !/\/[/*][#@]\s$/.test(text.slice(Math.max(0, at - 4), at))) return undefined;
  const start = at + COMMENT.length;
  const rest = text.slice(start);
  const length = rest.search(/[\s'"]|$/);
  if (rest.length - length > LAST_PART || !rest.slice(length).split('\n').every(endsText)) return undefined;
  return rest.slice(0, length) || undefined;
}

const endsText = (line: string): boolean => line.trimStart().startsWith('//') || /^[\s})\];,*/]*$/.test(line);

function openMap(id: string): OpenMap | undefined {
  const map = known.get(id);
  if (!map || map.failed) return undefined;
  try {
    map.opened ??= open(map.record);
  } catch {
    // A map that cannot be read maps nothing: the generated position is still right.
  }
  map.failed = map.opened === undefined;
  return map.opened;
}

function open({ file, shown = file, payload }: MapRecord): OpenMap | undefined {
  if (payload === undefined) return undefined;
  if (typeof payload !== 'string') return withPayload(payload as SourceMapPayload, asUrl(shown));
  const comment = payload === IN_FILE ? mapComment(readText(asPath(file) ?? '') ?? '') : payload;
  if (comment === undefined) return undefined;
  if (comment.startsWith('data:')) return withPayload(JSON.parse(textOfData(comment)), asUrl(file));
  const url = new URL(comment, asUrl(file)).href;
  const text = readText(asPath(url) ?? '');
  // Some servers put a line before it, so that no browser runs it as a script.
  return text === undefined ? undefined : withPayload(JSON.parse(text.replace(/^\)\]\}'[^\n]*\n/, '')), url);
}

function textOfData(url: string): string {
  const comma = url.indexOf(',');
  const data = url.slice(comma + 1);
  return url.slice(0, comma).endsWith(';base64') ? Buffer.from(data, 'base64').toString() : decodeURIComponent(data);
}

const withPayload = (payload: SourceMapPayload, base: string): OpenMap => ({
  find: openSourceMap(payload),
  base,
  root: payload.sourceRoot ?? '',
});

/** The user's position for a generated one; the same position where there is no map. */
export function mapPosition(position: Position): Position {
  const { file, line, column, map } = position;
  if (map === undefined) return position;
  const opened = openMap(map);
  const generated = known.get(map)?.record.shown ?? file;
  const entry = opened?.find.findEntry(line - 1, column - 1);
  if (!opened || !entry || !('originalSource' in entry) || !entry.originalSource)
    return { file: generated, line, column };
  const { originalSource, originalLine, originalColumn } = entry;
  return { file: originalFile(generated, originalSource, opened), line: originalLine + 1, column: originalColumn + 1 };
}

/** A map as it is read without the files that this thread has: its sources are URLs. Undefined if it cannot be read, or maps nothing. */
export function wholeMap(id: string): object | undefined {
  const opened = openMap(id);
  if (opened === undefined) return undefined;
  const { base, root, find } = opened;
  const payload = withoutTexts(find.payload as SourceMapPayload) as { sources?: readonly (string | null)[] };
  const sources = (payload.sources ?? []).map((source) => source && absolute(source, root, base));
  return { ...payload, sources, sourceRoot: '' };
}

const absolute = (source: string, root: string, base: string): string =>
  sourceUrl(root === '' || isPlace(source) ? source : `${root.replace(/\/?$/, '/')}${source}`, base);

/** Shown as a URL only if the generated file was. */
function originalFile(generated: string, source: string, { base, root }: OpenMap): string {
  const url = absolute(source, root, base);
  return generated.startsWith('file:') ? url : (asPath(url) ?? url);
}

/** Sources are URLs, but some tools write paths, in which `#`, `?` and `%` mean themselves. */
function sourceUrl(source: string, base: string): string {
  if (asPath(source) !== undefined && !source.startsWith('file:')) return asUrl(source);
  const url = new URL(source, base).href;
  if (!/[#?%]/.test(source)) return url;
  const asWritten = new URL(source.replace(/[%#?]/g, encodeURIComponent), base).href;
  const path = asPath(asWritten);
  return path !== undefined && readText(path) !== undefined ? asWritten : url;
}

/** `/abs/path/app.ts:12:7`, for labels and messages. */
export function showPosition(position: Position): string {
  const { file, line, column } = mapPosition(position);
  return `${asPath(file) ?? file}:${line}:${column}`;
}

const INSTALLED = /[\\/]node_modules[\\/]/;

/**
 * The user's position for one in a stack that was made in this thread. Mostly Node or the program's loader has mapped it; where nobody does,
 * it is that of a file whose last line names a map, or of what a loader has made. Installed packages stay as they are.
 */
export function originOf(position: Position): Position {
  const { file } = position;
  const path = asPath(file);
  if (!isPlace(file) || INSTALLED.test(file) || loadedSourceMap(file) !== undefined) return position;
  const loaded = ofLoaders.get(file);
  const map = loaded ? loaded : (mapOfFile(file, () => readText(path ?? '')) ?? mapBesides(file));
  if (map === undefined || (loaded && !isUnused(loaded))) return position;
  return mapPosition({ ...position, map: map.id });
}
