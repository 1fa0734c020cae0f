// The error of a write into captured data. The engine's own text ("Cannot add property 0, object is not extensible") does not name the
// object, and the error does not lead to it. So the object is looked up at the place of the error: the expression there, in the text of the
// function that travelled; the variable that the expression begins with; and whether the value captured under that name was made read-only
// here.
import { isNativeError } from '../../platform/kinds.js';
import type { CodeRecord } from '../graph.js';
import { latestOf, rebuiltFunctions } from '../rebuilt.js';
import { placeIn, splitStack } from '../text/frames.js';
import { fileOf } from '../text/maps.js';
import { childrenOf, isSyntax, parseScript, type Syntax } from '../text/parse.js';
import { stackAsRan } from '../text/stacks.js';
import { wasFrozenHere } from '../values/freeze.js';
import { labelOf, nameOf } from '../values/labels.js';
import { allCodes } from './decode-function.js';

/** The engine's texts for a write into an object that is frozen, and those of a map, set or date (freeze.ts), without what to do. */
const REFUSED =
  /^(Cannot (?:add property .{1,200}, object is not extensible|assign to read only property .{1,300}|delete property .{1,300}|define property .{1,200}, object is not extensible|redefine property: .{1,200})|#<.{1,200}> is not extensible|cannot \w+ on a captured \w+(?=: a thread has its own copy))(?:$|: a thread has its own copy)/s;

/** Frames that are looked at: a helper gets what its caller has captured. */
const DEPTH = 8;

/** Adds to a TypeError what was captured, by whom, and what to do instead; if it is about something that was captured. */
export function explainFrozen(error: unknown): void {
  try {
    if (!isNativeError(error) || !(error instanceof TypeError)) return;
    const { message, stack } = error;
    const [, refusal] = REFUSED.exec(message) ?? [];
    if (refusal === undefined || typeof stack !== 'string') return;
    const found = find(splitStack(stackAsRan(error) ?? stack, message).lines);
    if (found === undefined) return;
    error.message =
      `${refusal}: '${found.name}' was captured by ${found.by}, and a thread's copy of what is captured is read-only, because a change would ` +
      'be lost. Put data that is changed together into shared(), pass it as an argument for a copy that can be changed, or use a ThreadLocal';
    error.stack = stack.replace(message, () => error.message);
  } catch {
    // It is frozen itself, or the program has its own stacks: it says what it said.
  }
}

function find(lines: readonly string[]): { readonly name: string; readonly by: string } | undefined {
  for (const line of lines.slice(0, DEPTH)) {
    const place = placeIn(line);
    if (place === undefined) continue;
    const { file, map } = fileOf(place.file);
    for (const record of allCodes()) {
      const isThere = map === undefined ? record.file === file : record.map === map;
      const offset = isThere ? offsetIn(record, place.line - 1, place.column - 1) : -1;
      const fn = offset < 0 ? undefined : latestOf(record.id);
      if (fn === undefined) continue;
      const written = writtenAt(record, offset);
      if (written === 'own') return undefined;
      const { env } = rebuiltFunctions.get(fn)!;
      for (const { name, path } of written) {
        const at = record.free.indexOf(name);
        if (at >= 0 && isOurs(env[at], path)) return { name, by: labelOf(nameOf(fn), record) };
      }
    }
  }
  return undefined;
}

/** Whether it is this thread that has made read-only what the path leads to. */
function isOurs(root: unknown, path: readonly string[]): boolean {
  let value = root;
  for (const key of path) {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
    const found: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
    if (typeof found !== 'object' || found === null) break;
    value = found;
  }
  return wasFrozenHere(value);
}

/** Where in a function's text a place of its file is; -1 = not in it. */
function offsetIn({ text, line, column }: CodeRecord, row: number, at: number): number {
  if (row < line || (row === line && at < column)) return -1;
  if (row === line) return at - column < text.length ? at - column : -1;
  let start = 0;
  for (let n = line; n < row; n++) {
    start = text.indexOf('\n', start) + 1;
    if (start === 0) return -1;
  }
  return start + at < text.length ? start + at : -1;
}

/** A variable, and the keys by which something is reached from it, as far as the text says. */
interface Reached {
  readonly name: string;
  readonly path: readonly string[];
}

/** What the expression at a place may have written to; 'own' = something that the function itself has made. */
function writtenAt({ text, form }: CodeRecord, offset: number): readonly Reached[] | 'own' {
  const open = form === 'method' ? '({' : '(';
  const program = parseScript(`${open}${text}\n${form === 'method' ? '})' : ')'}`);
  const at = offset + open.length;
  let expression: Syntax | undefined;
  const declared = new Map<string, Syntax>();
  const visit = (node: Syntax): void => {
    if (node.start <= at && at < node.end && WRITES.has(node.type)) expression = node;
    if (node.type === 'VariableDeclarator' && isSyntax(node['init']))
      declare(node['id'] as Syntax, node['init'], declared);
    if (node.type === 'ForOfStatement') {
      const left = node['left'] as Syntax;
      const [declarator] = left.type === 'VariableDeclaration' ? (left['declarations'] as Syntax[]) : [];
      if (declarator) declare(declarator['id'] as Syntax, node['right'] as Syntax, declared);
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(program);
  if (expression === undefined) return [];
  const found = targetsOf(expression).map((target) => reach(target, declared, 0));
  if (found[0] === 'own') return 'own';
  return found.filter((each) => each !== undefined && each !== 'own') as Reached[];
}

const WRITES = new Set(['CallExpression', 'AssignmentExpression', 'UpdateExpression', 'UnaryExpression']);

function declare(pattern: Syntax, value: Syntax, declared: Map<string, Syntax>): void {
  if (pattern.type === 'Identifier') declared.set(pattern['name'] as string, value);
  else for (const child of childrenOf(pattern)) declare(child, value, declared);
}

/** The objects that are written to, the likeliest first. */
function targetsOf(expression: Syntax): Syntax[] {
  const objectOf = (node: Syntax): Syntax[] =>
    node.type === 'MemberExpression'
      ? alternativesOf(node['object'] as Syntax)
      : [...childrenOf(node)].flatMap(objectOf);
  if (expression.type === 'CallExpression') {
    const callee = expression['callee'] as Syntax;
    const args = (expression['arguments'] as Syntax[]).flatMap(alternativesOf);
    // `[].push.call(list, 1)`: what it is called on is an argument.
    return callee.type === 'MemberExpression' && !isApplied(callee) ? [...objectOf(callee), ...args] : args;
  }
  return objectOf((expression['left'] ?? expression['argument']) as Syntax);
}

const isApplied = (callee: Syntax): boolean =>
  /^(?:call|apply)$/.test(String((callee['property'] as { name?: unknown }).name)) &&
  (callee['object'] as Syntax).type === 'MemberExpression';

/** What an expression may give: `(a ? b : c).x = 1` writes to one of two. */
function alternativesOf(node: Syntax): Syntax[] {
  switch (node.type) {
    case 'ConditionalExpression':
      return [node['consequent'] as Syntax, node['alternate'] as Syntax].flatMap(alternativesOf);
    case 'LogicalExpression':
      return [node['left'] as Syntax, node['right'] as Syntax].flatMap(alternativesOf);
    case 'SequenceExpression':
      return alternativesOf((node['expressions'] as Syntax[]).at(-1)!);
    case 'AssignmentExpression':
      return alternativesOf(node['right'] as Syntax);
    default:
      return [node];
  }
}

const MADE = new Set(['ArrayExpression', 'ObjectExpression', 'NewExpression']);
/** Declarations that are followed back from one variable to the other. */
const STEPS = 6;

/** Which variable an expression begins with. */
function reach(node: Syntax, declared: ReadonlyMap<string, Syntax>, steps: number): Reached | 'own' | undefined {
  if (MADE.has(node.type)) return 'own';
  switch (node.type) {
    case 'Identifier': {
      const name = node['name'] as string;
      const from = declared.get(name);
      if (from === undefined || steps > STEPS) return { name, path: [] };
      const found = reach(from, declared, steps + 1);
      return found;
    }
    case 'MemberExpression': {
      const found = reach(node['object'] as Syntax, declared, steps);
      if (found === undefined || found === 'own') return found;
      const { name: key } = node['property'] as { name?: unknown };
      return node['computed'] === false && typeof key === 'string' ? { ...found, path: [...found.path, key] } : found;
    }
    case 'CallExpression': {
      const callee = node['callee'] as Syntax;
      // Object.freeze([]) is as good as [].
      const [first] = node['arguments'] as Syntax[];
      const isOwn = first !== undefined && MADE.has(first.type);
      return isOwn
        ? 'own'
        : callee.type === 'MemberExpression'
          ? reach(callee['object'] as Syntax, declared, steps)
          : undefined;
    }
    case 'AwaitExpression':
    case 'ChainExpression':
      return reach((node['argument'] ?? node['expression']) as Syntax, declared, steps);
    default:
      return undefined;
  }
}
