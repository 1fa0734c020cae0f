// Shared variables that one module exports and others use. The module exports the box too, under a name of its own, and modules that are
// transformed import that. What else imports the variable sees what this thread has given it last.
import type MagicString from 'magic-string';
import { boxExport, mirrorOf } from './boxes.js';
import { identifierOf, nameOf, type ParsedText, type Syntax, type Variable } from './text.js';
import type { Form } from './variables.js';

/** Names that a module exports as boxes, by what imports call it. */
export type BoxesOf = (specifier: string) => ReadonlySet<string>;

const textOf = (node: unknown): string => String((node as Syntax)['name'] ?? (node as Syntax)['value']);

/** Exports boxes; gives what is to stand at the end of the module. */
export function exportBoxes(parsed: ParsedText, edits: MagicString, variables: ReadonlySet<Variable>): string {
  if (variables.size === 0) return '';
  const byName = new Map([...variables].map((variable) => [variable.name, variable]));
  const exported: string[] = [];
  for (const statement of parsed.program['body'] as Syntax[]) {
    if (statement.type !== 'ExportNamedDeclaration' || statement['source']) continue;
    const declaration = statement['declaration'] as Syntax | null;
    if (declaration?.type === 'VariableDeclaration') {
      const declared = parsed.scopes.getDeclaredVariables(declaration as never);
      if (!declared.some((variable) => variables.has(variable))) continue;
      edits.remove(statement.start, declaration.start);
      for (const variable of declared)
        exported.push(...(variables.has(variable) ? both(variable.name, variable.name) : [variable.name]));
    }
    for (const specifier of statement['specifiers'] as Syntax[]) {
      const local = nameOf(specifier['local']);
      if (local === undefined || !byName.has(local)) continue;
      edits.update(specifier.start, specifier.end, both(local, textOf(specifier['exported'])).join(','));
    }
  }
  const mirrors = [...byName.keys()].map(mirrorOf).join(',');
  return `\nvar ${mirrors};${exported.length > 0 ? `export{${exported.join(',')}};` : ''}`;
}

const both = (local: string, exported: string): string[] => [
  `${mirrorOf(local)} as ${exported}`,
  `${local} as ${boxExport(exported)}`,
];

/** Imports boxes in the place of their values; gives the variables that are boxes then. */
export function importBoxes(
  parsed: ParsedText,
  edits: MagicString,
  boxesOf: BoxesOf,
): { forms: Map<Variable, Form>; tail: string } {
  const forms = new Map<Variable, Form>();
  const again: string[] = [];
  for (const statement of parsed.program['body'] as Syntax[]) {
    const source = (statement['source'] as Syntax | null | undefined)?.['value'];
    const names = typeof source === 'string' ? boxesOf(source) : new Set<string>();
    if (names.size === 0) continue;
    for (const specifier of (statement['specifiers'] as Syntax[] | undefined) ?? []) {
      if (specifier.type === 'ImportSpecifier' && names.has(textOf(specifier['imported']))) {
        const imported = textOf(specifier['imported']);
        const [variable] = parsed.scopes.getDeclaredVariables(specifier as never);
        edits.update(specifier.start, specifier.end, `${boxExport(imported)} as ${variable!.name}`);
        forms.set(variable!, 'imported');
        again.push(...exportedAgain(parsed, edits, variable!, imported, source as string));
      } else if (specifier.type === 'ImportNamespaceSpecifier') useMembers(parsed, edits, specifier, names);
      else if (specifier.type === 'ExportSpecifier' && names.has(textOf(specifier['local']))) {
        const box = `${boxExport(textOf(specifier['local']))} as ${boxExport(textOf(specifier['exported']))}`;
        edits.appendLeft(specifier.end, `,${box}`);
      }
    }
  }
  return { forms, tail: again.join('') };
}

/** `import { a } from 'b'; export { a };` */
function exportedAgain(
  parsed: ParsedText,
  edits: MagicString,
  variable: Variable,
  imported: string,
  source: string,
): string[] {
  const again: string[] = [];
  for (const reference of variable.references) {
    const specifier = parsed.parentOf(identifierOf(reference));
    if (specifier.type !== 'ExportSpecifier') continue;
    const exported = textOf(specifier['exported']);
    edits.update(specifier.start, specifier.end, `${variable.name} as ${boxExport(exported)}`);
    again.push(`\nexport{${imported} as ${exported}}from${JSON.stringify(source)};`);
  }
  return again;
}

/** `all.count` of `import * as all` */
function useMembers(parsed: ParsedText, edits: MagicString, specifier: Syntax, names: ReadonlySet<string>): void {
  const [variable] = parsed.scopes.getDeclaredVariables(specifier as never);
  for (const reference of variable!.references) {
    const identifier = identifierOf(reference);
    const member = parsed.parentOf(identifier);
    if (member.type !== 'MemberExpression' || member['object'] !== identifier || member['computed']) continue;
    const property = member['property'] as Syntax;
    if (names.has(textOf(property))) edits.update(property.start, property.end, `${boxExport(textOf(property))}.v`);
  }
}

/** The names under which a module exports boxes of its own, and those that it passes on. */
export function boxesExported(parsed: ParsedText, variables: ReadonlySet<Variable>, boxesOf: BoxesOf): Set<string> {
  const found = new Set<string>();
  const local = new Set([...variables].map(({ name }) => name));
  for (const statement of parsed.program['body'] as Syntax[]) {
    const source = (statement['source'] as Syntax | null | undefined)?.['value'] as string | undefined;
    const declaration = statement['declaration'] as Syntax | null | undefined;
    if (statement.type === 'ImportDeclaration') {
      for (const specifier of statement['specifiers'] as Syntax[])
        if (specifier.type === 'ImportSpecifier' && boxesOf(source!).has(textOf(specifier['imported'])))
          local.add(textOf(specifier['local']));
    } else if (statement.type === 'ExportAllDeclaration' && !statement['exported']) {
      for (const name of boxesOf(source!)) found.add(name);
    } else if (statement.type === 'ExportNamedDeclaration') {
      const passed = source === undefined ? local : boxesOf(source);
      for (const specifier of statement['specifiers'] as Syntax[])
        if (passed.has(textOf(specifier['local']))) found.add(textOf(specifier['exported']));
      if (declaration?.type === 'VariableDeclaration')
        for (const variable of parsed.scopes.getDeclaredVariables(declaration as never))
          if (variables.has(variable)) found.add(variable.name);
    }
  }
  return found;
}
