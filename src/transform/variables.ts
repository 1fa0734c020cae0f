// Which variables of a module are to be shared: those that a function uses which can travel, and that are assigned to. Each of them becomes
// a box, and all its uses become uses of what is in the box; `boxes.ts` does that. A function that does not travel does not notice: the box holds
// the thread's own value until a function that uses it first travels.

import {
  identifierOf,
  isClass,
  isFunction,
  type ParsedText,
  type Reference,
  type Syntax,
  type Variable,
} from './text.js';
import { isLive } from './travellers.js';

/** How a shared variable is declared. */
export type Form =
  /** `let a = 1`: its value goes into a box where it stands. */
  | 'declared'
  /** `let { a } = b`, a parameter, `for (let a of b)`: it holds its value first, and then the box. */
  | 'rebound'
  /** `var a`: its box is made at the beginning of its function. */
  | 'hoisted'
  /** It comes as a box from another module. */
  | 'imported';

export interface Shared {
  readonly forms: ReadonlyMap<Variable, Form>;
  /** Those that the module exports: other modules use them too. */
  readonly exported: ReadonlyMap<Variable, Form>;
}

export function sharedVariables(parsed: ParsedText, travelling: ReadonlySet<Syntax>): Shared {
  const forms = new Map<Variable, Form>();
  const exported = new Map<Variable, Form>();
  if (parsed.hasEval) return { forms, exported };
  const seen = new Set<Variable>();
  for (const node of travelling) {
    for (const variable of parsed.captured(node)) {
      if (seen.has(variable) || !isWritten(parsed, variable)) continue;
      seen.add(variable);
      const form = formOf(parsed, variable);
      if (form === undefined) continue;
      if (!isLive(parsed, variable)) forms.set(variable, form);
      else if (form !== 'rebound' && variable.defs.length === 1) exported.set(variable, form);
    }
  }
  return { forms, exported };
}

/** Whether it is assigned to after its declaration, other than by the head of its own loop. */
function isWritten(parsed: ParsedText, variable: Variable): boolean {
  return (
    parsed.isAssigned(variable) && variable.references.some((reference) => isAssignment(parsed, variable, reference))
  );
}

function isAssignment(parsed: ParsedText, variable: Variable, reference: Reference): boolean {
  if (!reference.isWrite()) return false;
  const [definition] = variable.defs;
  if (reference.init) return variable.defs.length > 1 || isVar(variable);
  const loop = loopOf(parsed, variable);
  if (loop === undefined || definition!.type !== 'Variable') return true;
  const { start, end } = identifierOf(reference);
  // Each round has a variable of its own, which the head changes before any function has it.
  return ![loop['update'], loop['test']].some(
    (part) => part && (part as Syntax).start <= start && end <= (part as Syntax).end,
  );
}

const isVar = ({ defs }: Variable): boolean =>
  defs.every(({ type, parent }) => type === 'Variable' && (parent as unknown as Syntax)['kind'] === 'var');

/** The loop in whose head a variable is declared. */
export function loopOf(parsed: ParsedText, { defs: [definition] }: Variable): Syntax | undefined {
  const declaration = definition!.parent as unknown as Syntax | null;
  if (definition!.type !== 'Variable' || declaration === null) return undefined;
  const parent = parsed.parentOf(declaration);
  return parent['init'] === declaration || parent['left'] === declaration ? parent : undefined;
}

/** Undefined where a box cannot take the variable's place. */
export function formOf(parsed: ParsedText, variable: Variable): Form | undefined {
  if (variable.references.some((reference) => isDeleted(parsed, reference))) return undefined;
  const [definition] = variable.defs;
  if (definition!.type === 'Parameter')
    return variable.defs.length === 1 ? formOfParameter(parsed, variable) : undefined;
  if (definition!.type !== 'Variable') return undefined;
  if (isVar(variable)) return isFunctionScope(variable) ? 'hoisted' : undefined;
  if (variable.defs.length !== 1) return undefined;
  const declarator = definition!.node as unknown as Syntax;
  const init = declarator['init'] as Syntax | null;
  // It holds functions, which nobody can share.
  if (init && (isFunction(init) || isClass(init))) return undefined;
  const loop = loopOf(parsed, variable);
  if (loop?.type === 'ForStatement' && init && usedWithin(variable, init)) return undefined;
  if (loop && loop.type !== 'ForStatement') return bodyOf(parsed, loop, variable) ? 'rebound' : undefined;
  const id = declarator['id'] as Syntax;
  if (id.type === 'Identifier') return loop && !headIsPlain(parsed, loop) ? undefined : 'declared';
  return loop || usedWithin(variable, id) ? undefined : 'rebound';
}

/** It may be a function's own, or the module's. */
const isFunctionScope = ({ scope }: Variable): boolean => scope.type === 'function' || scope.type === 'module';

function formOfParameter(parsed: ParsedText, variable: Variable): Form | undefined {
  const fn = variable.defs[0]!.node as unknown as Syntax;
  const parameters = (fn['params'] as Syntax[] | undefined) ?? [];
  if ((fn['body'] as Syntax).type !== 'BlockStatement') return undefined;
  if (parameters.some((parameter) => usedWithin(variable, parameter))) return undefined;
  // `arguments` shows what the parameters hold.
  const args = variable.scope.set.get('arguments');
  return args !== undefined && args.references.length > 0 && !parsed.isModule ? undefined : 'rebound';
}

/** Whether a function inside a node uses the variable: it may do so before there is a box. */
function usedWithin(variable: Variable, { start, end }: Syntax): boolean {
  return variable.references.some((reference) => {
    const identifier = identifierOf(reference);
    return (
      start <= identifier.start &&
      identifier.end <= end &&
      reference.from.variableScope !== variable.scope.variableScope
    );
  });
}

function isDeleted(parsed: ParsedText, reference: Reference): boolean {
  const parent = parsed.parentOf(identifierOf(reference));
  return parent.type === 'UnaryExpression' && parent['operator'] === 'delete';
}

/** The block of a loop's body, in which the name means the loop's variable. */
function bodyOf(parsed: ParsedText, loop: Syntax, { name }: Variable): Syntax | undefined {
  const body = loop['body'] as Syntax;
  if (body.type !== 'BlockStatement') return undefined;
  return parsed.scopes.acquire(body as never)?.set.has(name) ? undefined : body;
}

/** Whether it is clear where the loop's head ends. */
function headIsPlain(parsed: ParsedText, loop: Syntax): boolean {
  const body = loop['body'] as Syntax;
  const last = (loop['update'] ?? loop['test'] ?? loop['init']) as Syntax;
  return !/\/[/*]/.test(parsed.text.slice(last.end, body.start));
}
