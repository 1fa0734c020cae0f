// Stacks as the user should see them. Positions in compiled code are mapped when the engine makes the text of a stack, so stacks that the program
// prints itself are mapped too. A program can replace that step by its own function, so a stack is also mapped when it leaves a thread.

import { asPath, asUrl } from '../../platform/modules.js';
import { rewriteStacks } from '../../platform/stacks.js';
import { joinStack, type Place, placeIn, splitStack } from './frames.js';
import { MARK, mapPosition, mapRecord, originOf, type Position } from './maps.js';

const REST_OF_PLACE = /(\d+\.\d+):(\d+):(\d+)/y;

/** The text with the user's positions in the place of those that are marked. They lose their mark, so that happens once. */
export function mapStack(text: string): string {
  let mapped = '';
  let done = 0;
  for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + MARK.length)) {
    REST_OF_PLACE.lastIndex = at + MARK.length;
    const [place = '', map, line, column] = REST_OF_PLACE.exec(text) ?? [];
    const file = mapRecord(map)?.file;
    const start = file === undefined ? -1 : startOfName(text, at, file);
    if (file === undefined || start < done) continue;
    const position = mapPosition({ file, line: Number(line), column: Number(column), map });
    mapped += `${text.slice(done, start)}${position.file}:${position.line}:${position.column}`;
    done = at + MARK.length + place.length;
  }
  return done === 0 ? text : mapped + text.slice(done);
}

/** Where a name begins that ends in a mark. It is compared with what it must be, so it may have anything in it; -1 = it is another. */
function startOfName(text: string, mark: number, file: string): number {
  const end = mark - (text[mark - 1] === '?' ? 1 : text.startsWith('%3F', mark - 3) ? 3 : 0);
  // Tools make paths of URLs, and URLs of paths.
  for (const name of end === mark ? [] : [asUrl(file), asPath(file) ?? file]) {
    if (text.startsWith(name, end - name.length)) return end - name.length;
  }
  return -1;
}

let mapping = false;

/** From now on the stacks of this thread are mapped as they are made. */
export function mapOwnStacks(): void {
  if (mapping) return;
  mapping = true;
  rewriteStacks((text, error) => {
    const mapped = mapStack(text);
    // Of other errors nobody asks.
    if (mapped !== text && error instanceof TypeError) asRan.set(error, text);
    return mapped;
  });
}

const asRan = new WeakMap<Error, string>();

/** A TypeError's stack with the positions of what ran, in files whose names have marks; as it is, if it was not mapped here. */
export const stackAsRan = (error: TypeError): string | undefined => asRan.get(error) ?? error.stack;

const settled = new WeakMap<object, string | undefined>();

/** The error's stack is as people should see it, or `stack` is, of one that is frozen: it is not mapped a second time. */
export function settle(error: object, stack?: string): void {
  settled.set(error, stack);
}

export const isSettled = (error: object): boolean => settled.has(error);

/** The stack with which an error leaves this thread. */
export function stackOf(error: object, stack: string, message: string): string {
  if (isSettled(error)) return settled.get(error) ?? stack;
  const { header, lines } = splitStack(stack, message);
  return joinStack({ header, lines: lines.map(showFrame) });
}

/** A frame of a stack that was made in this thread, as people should see it. */
export function showFrame(frame: string): string {
  const mapped = mapStack(frame);
  if (mapped !== frame) return mapped;
  const place = placeIn(frame);
  if (place === undefined) return frame;
  const shown = originOf(place);
  return shown === place ? frame : replacePlace(frame, place, shown);
}

/** As `showFrame`, with a path in the place of a file URL. */
export function showFrameByPath(frame: string): string {
  const shown = showFrame(frame);
  const place = placeIn(shown);
  if (place === undefined) return shown;
  const { file, line, column } = place;
  return replacePlace(shown, place, { file: asPath(file) ?? file, line, column });
}

const replacePlace = (frame: string, { start, end }: Place, { file, line, column }: Position): string =>
  `${frame.slice(0, start)}${file}:${line}:${column}${frame.slice(end)}`;
