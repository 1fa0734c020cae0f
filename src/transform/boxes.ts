// Puts variables into boxes: `let count = 0` becomes a box that holds 0, and `count++` becomes `count.v++`. What may stand where a
// variable stands may be a property there too: assignments of every kind, also by destructuring, and the targets of loops. A variable that is
// not initialised yet is so as a box too, and a loop that makes a variable for each round makes a box for each.
import type MagicString from 'magic-string';
import { STAMP } from './prelude.js';
import { identifierOf, nameOf, type ParsedText, type Reference, type Syntax, type Variable } from './text.js';
import { type Form, loopOf } from './variables.js';

/** What is to stand at the beginning of the program, beside what is put there. */
export type Heads = string[];

/** Names under which a module exports a box, and keeps what other modules see that know of no boxes. */
export const boxExport = (name: string): string => `__heddle_${name}`;
export const mirrorOf = (name: string): string => `__heddle_mirror_${name}`;

const boxText = (name: string, value: string, isMirrored = false): string =>
  `${STAMP}.v(${JSON.stringify(name)},${value}${isMirrored ? `,v=>{${mirrorOf(name)}=v}` : ''})`;

/** The uses of the variables. Comes before all else that is put at the same places. */
export function boxUses(parsed: ParsedText, edits: MagicString, forms: ReadonlyMap<Variable, Form>): void {
  // `[a = 1] = b` is two references to one identifier.
  const done = new Set<Syntax>();
  for (const [variable, form] of forms) {
    for (const reference of variable.references) {
      const identifier = identifierOf(reference);
      if (done.has(identifier) || !isBoxed(variable, form, reference)) continue;
      done.add(identifier);
      const parent = parsed.parentOf(identifier);
      if (parent.type === 'ExportSpecifier') continue;
      const isShort = parent.type === 'Property' && parent['shorthand'] === true;
      const isDefault =
        parent.type === 'AssignmentPattern' &&
        parsed.parentOf(parent)['shorthand'] === true &&
        parent['left'] === identifier;
      if (isShort || isDefault) edits.appendLeft(identifier.end, `:${variable.name}.v`);
      else if ((parent['callee'] === identifier && parent.type === 'CallExpression') || parent['tag'] === identifier) {
        // The box is not to be the function's `this`.
        edits.appendRight(identifier.start, '(0,');
        edits.appendLeft(identifier.end, '.v)');
      } else edits.appendLeft(identifier.end, '.v');
    }
  }
}

function isBoxed(variable: Variable, form: Form, reference: Reference): boolean {
  if (form === 'hoisted') return true;
  if (reference.init) return false;
  if (form === 'declared' || form === 'imported') return true;
  // What a pattern uses of itself, it uses before there is a box.
  const { start, end } = identifierOf(reference);
  const [definition] = variable.defs;
  const node = definition!.node as unknown as Syntax;
  const heads = definition!.type === 'Parameter' ? (node['params'] as Syntax[]) : [node['id'] as Syntax];
  return !heads.some((head) => head.start <= start && end <= head.end);
}

/** The declarations of the variables. Comes behind all else that is put at the same places. */
export function boxDeclarations(
  parsed: ParsedText,
  edits: MagicString,
  forms: ReadonlyMap<Variable, Form>,
  heads: Heads,
  mirrored: ReadonlySet<Variable> = new Set(),
): void {
  const hoisted = new Set<Syntax>();
  const loops = new Map<Syntax, string[]>();
  for (const [variable, form] of forms) {
    const { name } = variable;
    const [definition] = variable.defs;
    const isMirrored = mirrored.has(variable);
    if (form === 'imported') continue;
    if (form === 'hoisted') {
      const block = variable.scope.block as unknown as Syntax;
      begin(parsed, edits, block, `var ${name}=${boxText(name, 'void 0', isMirrored)};`, heads);
      for (const { parent } of variable.defs) hoisted.add(parent as unknown as Syntax);
    } else if (form === 'declared') {
      declare(edits, definition!.node as unknown as Syntax, name, isMirrored);
      const loop = loopOf(parsed, variable);
      if (loop) loops.set(loop, [...(loops.get(loop) ?? []), `${name}=${STAMP}.n(${name})`]);
    } else rebind(parsed, edits, variable);
  }
  for (const declaration of hoisted) assign(parsed, edits, declaration, heads, forms);
  for (const [loop, steps] of loops) stepBefore(parsed, edits, loop, steps.join(','));
}

/** Puts a statement before all others of a function or program. */
function begin(parsed: ParsedText, edits: MagicString, block: Syntax, statement: string, heads: Heads): void {
  if (block.type === 'Program') heads.push(statement);
  else edits.appendLeft(parsed.beginOf(block['body'] as Syntax), `;${statement}`);
}

function declare(edits: MagicString, declarator: Syntax, name: string, isMirrored: boolean): void {
  const init = declarator['init'] as Syntax | null;
  if (!init) {
    edits.appendLeft((declarator['id'] as Syntax).end, `=${boxText(name, 'void 0', isMirrored)}`);
    return;
  }
  const [before, after] = boxText(name, '\0', isMirrored).split('\0') as [string, string];
  const isSequence = init.type === 'SequenceExpression';
  edits.prependRight(init.start, `${before}${isSequence ? '(' : ''}`);
  edits.appendLeft(init.end, `${isSequence ? ')' : ''}${after}`);
}

function rebind(parsed: ParsedText, edits: MagicString, variable: Variable): void {
  const { name } = variable;
  const [definition] = variable.defs;
  const statement = `${name}=${boxText(name, name)};`;
  const loop = loopOf(parsed, variable);
  if (definition!.type === 'Parameter')
    edits.appendLeft(parsed.beginOf((definition!.node as unknown as Syntax)['body'] as Syntax), `;${statement}`);
  else if (loop) edits.appendLeft(parsed.beginOf(loop['body'] as Syntax), statement);
  else {
    // A declarator of its own: those behind it see the box.
    const { end } = definition!.node as unknown as Syntax;
    edits.appendLeft(end, `,__heddle_${name}_=${name}=${boxText(name, name)}`);
  }
}

/** Each round of a loop has a box of its own, with what the last round has left. */
function stepBefore(parsed: ParsedText, edits: MagicString, loop: Syntax, step: string): void {
  const update = loop['update'] as Syntax | null;
  if (update) edits.prependRight(update.start, `${step},`);
  else edits.appendLeft(parsed.text.lastIndexOf(')', (loop['body'] as Syntax).start - 1), step);
}

/** `var a = 1, b;` becomes `a.v = 1;`: all that it declares is declared at the beginning of the function. */
function assign(
  parsed: ParsedText,
  edits: MagicString,
  declaration: Syntax,
  heads: Heads,
  forms: ReadonlyMap<Variable, Form>,
): void {
  const declarators = declaration['declarations'] as Syntax[];
  const parent = parsed.parentOf(declaration);
  const isTarget = parent['left'] === declaration;
  const others = parsed.scopes.getDeclaredVariables(declaration as never).filter((variable) => !forms.has(variable));
  const [first] = others;
  if (first) {
    const names = [...new Set(others.map(({ name }) => name))];
    begin(parsed, edits, functionBlock(first), `var ${names.join(',')};`, heads);
  }
  const kept = declarators.filter((declarator) => declarator['init'] || isTarget);
  const isStatement = !isTarget && parent['init'] !== declaration;
  if (kept.length === 0) {
    edits.remove(declaration.start, isStatement ? declaration.end : declarators.at(-1)!.end);
    if (isStatement) edits.appendLeft(declaration.start, ';');
    return;
  }
  let from = declaration.start;
  for (const declarator of kept) {
    edits.remove(from, declarator.start);
    const isPattern = !nameOf(declarator['id']) && !isTarget;
    const comma = declarator === kept[0] ? '' : ',';
    edits.prependRight(declarator.start, `${comma}${isPattern ? '(' : ''}`);
    if (isPattern) edits.appendLeft(declarator.end, ')');
    from = declarator.end;
  }
  const last = declarators.at(-1)!;
  if (last !== kept.at(-1)) edits.remove(from, last.end);
  if (isStatement && /^(?:Program|BlockStatement|StaticBlock|SwitchCase)$/.test(parent.type))
    edits.appendLeft(declaration.start, ';');
}

const functionBlock = ({ scope }: Variable): Syntax => scope.block as unknown as Syntax;
