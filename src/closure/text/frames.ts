// The text of stacks, line by line and in linear time: a message may be megabytes long, have any number of lines, and look like a stack.

export interface StackText {
  /** What the error says. Nobody's business here. */
  readonly header: string;
  /** The lines below it: frames, and what was put between them. */
  readonly lines: readonly string[];
}

/** `message`: what the error says now; the stack may still say what it said when it was made. */
export function splitStack(stack: string, message = ''): StackText {
  const length = headerLength(stack, message);
  if (length >= stack.length) return { header: stack, lines: [] };
  return { header: stack.slice(0, length), lines: stack.slice(length + (length === 0 ? 0 : 1)).split('\n') };
}

export const joinStack = ({ header, lines }: StackText): string =>
  lines.length === 0 ? header : header === '' ? lines.join('\n') : `${header}\n${lines.join('\n')}`;

/** The message follows the name, if that is all there is before it; else the header ends where frames begin. */
function headerLength(stack: string, message: string): number {
  if (message !== '') {
    for (const start of [0, stack.indexOf(': ') + 2]) {
      const end = start + message.length;
      if (stack.startsWith(message, start) && (end === stack.length || stack[end] === '\n')) return end;
    }
  }
  for (let at = 0; at >= 0 && at < stack.length; ) {
    const end = stack.indexOf('\n', at);
    if (isFrame(stack.slice(at, end < 0 ? undefined : end))) return Math.max(0, at - 1);
    at = end < 0 ? -1 : end + 1;
  }
  return stack.length;
}

/** "    at …" */
export const isFrame = (line: string): boolean => line.startsWith('at ', indentOf(line)) && indentOf(line) > 0;

function indentOf(line: string): number {
  let at = 0;
  while (line[at] === ' ' || line[at] === '\t') at++;
  return at;
}

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where it is in the line of the stack. */
  readonly start: number;
  readonly end: number;
}

const NUMBERS = /:(\d{1,10}):(\d{1,10})\)?$/;
/** A path or a URL, at an index. */
const PATH = /\/|[A-Za-z]:[\\/]|\\\\|[a-z][a-z+.-]{1,30}:\/\//y;

/** Where a frame lies: "at work (/app/my (new) files/main.ts:3:1)", "at async file:///app/main.ts:3:1". */
export function placeIn(frame: string): Place | undefined {
  if (!isFrame(frame)) return undefined;
  const numbers = NUMBERS.exec(frame.slice(-24));
  if (numbers === null) return undefined;
  const [text, line, column] = numbers;
  const fileEnd = frame.length - text.length;
  const start = text.endsWith(')') ? inParentheses(frame) : bare(frame);
  if (start < 0 || start >= fileEnd) return undefined;
  const end = frame.length - (text.endsWith(')') ? 1 : 0);
  return { file: frame.slice(start, fileEnd), line: Number(line), column: Number(column), start, end };
}

/** Behind the first parenthesis that opens a path: a path may have parentheses, the name before it hardly one with a path in it. */
function inParentheses(frame: string): number {
  for (let at = frame.indexOf(' ('); at >= 0; at = frame.indexOf(' (', at + 2)) {
    if (beginsPath(frame, at + 2)) return at + 2;
  }
  // The frame of code in a folder such as "/app/(group)" may have no name.
  return bare(frame);
}

function bare(frame: string): number {
  const start = indentOf(frame) + 'at '.length;
  const name = frame.startsWith('async ', start) ? start + 'async '.length : start;
  return beginsPath(frame, name) ? name : -1;
}

function beginsPath(frame: string, at: number): boolean {
  PATH.lastIndex = at;
  return PATH.test(frame);
}
