// Which functions of a module can travel to another thread, as far as its text shows. What is wrongly taken to travel costs a little speed;
// what is missed keeps the refusal that there is without the transform.
import { ownVariable } from './stamp.js';
import { identifierOf, isClass, nameOf, type ParsedText, type Reference, type Syntax, type Variable } from './text.js';

/** Methods that call what they are given in this thread and keep it here. `map` is not one: executors have it too. */
const STAYS = new Set([
  ...['forEach', 'filter', 'reduce', 'reduceRight', 'some', 'every', 'find', 'findIndex', 'findLast', 'findLastIndex'],
  ...['flatMap', 'sort', 'toSorted', 'then', 'catch', 'finally', 'replace', 'replaceAll'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'nextTick', 'requestAnimationFrame', 'Promise'],
]);

/** `all`: whatever is used as a value may be given to a thread; else only what the module exports, and what that leads to. */
export function travellers(parsed: ParsedText, all: boolean): ReadonlySet<Syntax> {
  const own = new Map<Variable, Syntax>();
  for (const node of parsed.functions) {
    const variable = ownVariable(parsed, node);
    if (variable) own.set(variable, node);
  }
  const owned = new Map([...own].map(([variable, node]) => [node, variable]));
  const found = new Set<Syntax>();
  const follow = (node: Syntax): void => {
    if (found.has(node)) return;
    found.add(node);
    for (const variable of parsed.captured(node)) {
      const used = own.get(variable);
      if (used) follow(used);
    }
  };
  for (const node of parsed.functions) {
    const variable = owned.get(node);
    const starts = variable
      ? isExported(parsed, variable) || (all && isValue(parsed, variable))
      : all && escapes(parsed, node);
    if (starts) follow(node);
  }
  return found;
}

/** A function that is written where it is used. */
function escapes(parsed: ParsedText, node: Syntax): boolean {
  const parent = parsed.parentOf(node);
  if (parent['callee'] === node) return false;
  if (parent.type !== 'CallExpression' && parent.type !== 'NewExpression') return true;
  const callee = parent['callee'] as Syntax;
  const called =
    callee.type === 'MemberExpression' && !callee['computed'] ? nameOf(callee['property']) : nameOf(callee);
  return called === undefined || !STAYS.has(called);
}

/** Whether anything is done with it but to call it. */
function isValue(parsed: ParsedText, variable: Variable): boolean {
  return variable.references.some((reference) => !reference.init && !isCalled(parsed, reference));
}

function isCalled(parsed: ParsedText, reference: Reference): boolean {
  const identifier = identifierOf(reference);
  const parent = parsed.parentOf(identifier);
  // An instance takes its class along.
  return parent.type === 'CallExpression' && parent['callee'] === identifier;
}

/** Whether the module exports its value. */
const isExported = (parsed: ParsedText, variable: Variable): boolean =>
  isLive(parsed, variable) ||
  variable.references.some((reference) => parsed.parentOf(identifierOf(reference)).type === 'ExportDefaultDeclaration');

/** Whether other modules see the variable itself, as it changes. */
export function isLive(parsed: ParsedText, variable: Variable): boolean {
  if (variable.scope !== parsed.topScope) return false;
  for (const { node, parent } of variable.defs as unknown as { node: Syntax; parent: Syntax | null }[]) {
    const statement = parsed.parentOf(parent ?? node) ?? parsed.program;
    if (statement.type.startsWith('Export') || (isClass(node) && parsed.parentOf(node).type.startsWith('Export')))
      return true;
  }
  return variable.references.some((reference) => parsed.parentOf(identifierOf(reference)).type === 'ExportSpecifier');
}
