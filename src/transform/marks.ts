// What one module leaves for the chunk that it becomes a part of: calls of names that no program has.
//
//   __heddle__(…)          a stamp; the chunk declares the stamper, and numbers the places anew
//   __heddle_shared__(a)   the first value of an exported variable that is to be shared: only the chunk has all its uses
import type MagicString from 'magic-string';
import { childrenOf } from '../closure/text/parse.js';
import { STAMP } from './prelude.js';
import { identifierOf, nameOf, type ParsedText, type Syntax, type Variable } from './text.js';

export const SHARED = '__heddle_shared__';

export const isMarked = (text: string): boolean => text.includes(STAMP) || text.includes(SHARED);

/** `export let count = 0` becomes `export let count = __heddle_shared__(0)`. */
export function mark(edits: MagicString, variables: Iterable<Variable>): void {
  for (const { defs } of variables) {
    const { id, init } = defs[0]!.node as unknown as { id: Syntax; init: Syntax | null };
    if (init) {
      edits.prependRight(init.start, `/*#__PURE__*/${SHARED}((`);
      edits.appendLeft(init.end, '))');
    } else edits.appendLeft(id.end, `=/*#__PURE__*/${SHARED}(void 0)`);
  }
}

export interface Marks {
  /** Uses of the stamper. */
  readonly stamps: readonly Syntax[];
  /** Variables that are to be shared. */
  readonly shared: ReadonlySet<Variable>;
}

/** Finds the marks, numbers the places, and takes away what is not for running. */
export function takeMarks(parsed: ParsedText, edits: MagicString, sites: { next: number }): Marks {
  const stamps: Syntax[] = [];
  const shared = new Set<Variable>();
  for (const reference of parsed.scopes.globalScope!.through) {
    const identifier = identifierOf(reference);
    const { name } = reference.identifier;
    if (name === STAMP) {
      stamps.push(identifier);
      number(parsed, edits, identifier, sites);
    } else if (name === SHARED) {
      const call = parsed.parentOf(identifier);
      const [value] = call['arguments'] as Syntax[];
      edits.remove(call.start, value!.start);
      edits.remove(value!.end, call.end);
      if (value!.type === 'SequenceExpression') {
        edits.prependRight(value!.start, '(');
        edits.appendLeft(value!.end, ')');
      }
      const variable = variableSet(parsed, call);
      if (variable) shared.add(variable);
    }
  }
  return { stamps, shared };
}

function number(parsed: ParsedText, edits: MagicString, identifier: Syntax, sites: { next: number }): void {
  const parent = parsed.parentOf(identifier);
  const isMember = parent.type === 'MemberExpression';
  if (isMember && nameOf(parent['property']) !== 'm') return;
  const call = isMember ? parsed.parentOf(parent) : parent;
  for (const argument of (call['arguments'] as Syntax[]).slice(1)) {
    const site = siteIn(argument);
    if (site) edits.update(site.start, site.end, String(sites.next++));
  }
}

/** The number of a place: the second argument of a stamp, or the first of the array that it gives. */
function siteIn(node: Syntax): Syntax | undefined {
  if (node.type === 'Literal') return typeof node['value'] === 'number' ? node : undefined;
  if (node.type === 'ArrayExpression') return siteIn((node['elements'] as Syntax[])[0]!);
  for (const child of childrenOf(node)) {
    const found = siteIn(child);
    if (found) return found;
  }
  return undefined;
}

/** The variable that gets the value of a call. */
function variableSet(parsed: ParsedText, call: Syntax): Variable | undefined {
  const parent = parsed.parentOf(call);
  const target = (parent.type === 'VariableDeclarator' ? parent['id'] : parent['left']) as Syntax | undefined;
  if (target?.type !== 'Identifier') return undefined;
  for (const scope of parsed.scopes.scopes) {
    const found = scope.references.find((reference) => identifierOf(reference) === target);
    if (found) return found.resolved ?? undefined;
  }
  return undefined;
}
