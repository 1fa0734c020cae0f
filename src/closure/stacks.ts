// Source maps: positions in what ran, as positions in what the user wrote. A thread maps the frames of code it was sent; frames of
// modules that a thread loads itself are mapped, or not, by Node.
import { readText } from '../platform/files.js';
import { asPath, asUrl } from '../platform/modules.js';
import { loadedSourceMap, openSourceMap, type SourceMapPayload } from '../platform/sourcemaps.js';
import type { MapRecord } from './graph.js';

export interface Position {
  readonly file: string;
  /** One-based, as stacks count. */
  readonly line: number;
  readonly column: number;
}

type OpenMap = ReturnType<typeof openSourceMap>;

/** By the generated file. Opened when first needed: most threads never show a stack. */
const maps = new Map<string, MapRecord | OpenMap | undefined>();
/** Files whose code this thread got from another one. */
const received = new Set<string>();

/** Stands for the comment at the end of the file: the receiver reads it there, if it ever needs it. */
const IN_FILE = 'in file';

/** The map of a file whose text ends in a comment that names it, or of a file that Node has mapped. */
export function findMap(file: string, text: string | undefined, onDisk: boolean): MapRecord | undefined {
  const loaded = loadedSourceMap(file);
  if (loaded) return { id: file, payload: loaded };
  const url = text && mapComment(text);
  return url ? { id: file, payload: onDisk ? IN_FILE : url } : undefined;
}

function mapComment(text: string): string | undefined {
  const at = text.lastIndexOf('sourceMappingURL=');
  if (at < 0 || !/\/[/*][#@] $/.test(text.slice(Math.max(0, at - 4), at))) return undefined;
  return /^sourceMappingURL=([^\s'"]+)/.exec(text.slice(at))?.[1];
}

export function addMap(map: MapRecord): void {
  if (!maps.has(map.id)) maps.set(map.id, map);
}

export function addReceivedFile(file: string): void {
  received.add(file);
}

function openMap(file: string): OpenMap | undefined {
  const known = maps.get(file);
  if (known === undefined || !('payload' in known) || 'findEntry' in known) return known as OpenMap | undefined;
  let opened: OpenMap | undefined;
  try {
    const payload = typeof known.payload === 'string' ? readMap(file, known.payload) : known.payload;
    if (payload) opened = openSourceMap(payload as SourceMapPayload);
  } catch {
    // A map that cannot be read maps nothing: the generated position is still right.
  }
  maps.set(file, opened);
  return opened;
}

function readMap(file: string, comment: string): unknown {
  const url = comment === IN_FILE ? mapComment(readText(asPath(file) ?? '') ?? '') : comment;
  if (!url) return undefined;
  const inline = /^data:[^,]*?(;base64)?,(.*)$/s.exec(url);
  if (inline)
    return JSON.parse(inline[1] ? Buffer.from(inline[2]!, 'base64').toString() : decodeURIComponent(inline[2]!));
  const path = asPath(new URL(url, asUrl(file)).href);
  const text = path && readText(path);
  return text ? JSON.parse(text) : undefined;
}

/** The user's position for a generated one; the same position where there is no map. */
export function mapPosition(position: Position): Position {
  const entry = openMap(position.file)?.findEntry(position.line - 1, position.column - 1);
  if (!entry || !('originalSource' in entry) || entry.originalSource === undefined) return position;
  const { originalSource, originalLine, originalColumn } = entry;
  return { file: originalFile(position.file, originalSource), line: originalLine + 1, column: originalColumn + 1 };
}

/** Sources in a map are relative to the map, which lies beside the generated file. Shown as a URL only if the generated file was. */
function originalFile(generated: string, source: string): string {
  const url = new URL(source, asUrl(generated)).href;
  return generated.startsWith('file:') ? url : (asPath(url) ?? url);
}

/** A stack as the user should see it. */
export function mapStack(stack: string): string {
  if (received.size === 0) return stack;
  return stack.replace(
    /((?:[a-z][a-z+.-]+:\/\/|\/|[A-Za-z]:[\\/])[^\s()]*?):(\d+):(\d+)/g,
    (frame, file, line, column) => {
      // Where Node itself has loaded the map it has already used it.
      if (!received.has(file) || !maps.get(file) || loadedSourceMap(file)) return frame;
      const mapped = mapPosition({ file, line: Number(line), column: Number(column) });
      return `${mapped.file}:${mapped.line}:${mapped.column}`;
    },
  );
}

/** `/abs/path/app.ts:12:7`, for labels and messages. */
export function showPosition(position: Position): string {
  const mapped = mapPosition(position);
  return `${asPath(mapped.file) ?? mapped.file}:${mapped.line}:${mapped.column}`;
}

/** As `showPosition`, of a frame in this thread's stack: the map is looked for in the file, unless Node has used it already. */
export function showOrigin(position: Position): string {
  const { file } = position;
  if (!maps.has(file) && !loadedSourceMap(file)) {
    maps.set(file, findMap(file, readText(asPath(file) ?? '') ?? undefined, true));
  }
  return loadedSourceMap(file) ? `${asPath(file) ?? file}:${position.line}:${position.column}` : showPosition(position);
}
