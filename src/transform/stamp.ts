// Puts a stamp on each closure of a module: a call beside it, with an accessor of the variables that it has captured from the functions
// around it. What it has captured from the top of the module is told once for the whole module (top.ts), and functions that are
// written there as declarations or constants need no stamp at all.
//
// The accessor goes through the same minifier as the closure, so the names in both texts stay the same.
import type MagicString from 'magic-string';
import { STAMP } from './prelude.js';
import { isClass, isFunction, nameOf, type ParsedText, type Syntax, usesThis, type Variable } from './text.js';

/** Numbers of the places at which closures are made. */
export interface Sites {
  next: number;
}

/** Stamps the functions of a module. `boxed`: variables that are boxes, and do not change. */
export function stampAll(
  parsed: ParsedText,
  edits: MagicString,
  sites: Sites,
  boxed: ReadonlyMap<Variable, unknown>,
  heads: string[],
): void {
  const methods = new Map<Syntax, string[]>();
  for (const node of parsed.functions) {
    const parent = parsed.parentOf(node);
    if (!isMethod(node, parent)) stamp(parsed, edits, node, sites, boxed, heads);
    else if (isFound(parsed, parent)) {
      const object = parsed.parentOf(parent);
      const stamps = methods.get(object) ?? [];
      methods.set(object, [...stamps, methodName(parent), environmentText(parsed, node, sites, boxed)]);
    }
  }
  for (const [object, stamps] of methods) {
    edits.appendRight(object.start, `/*#__PURE__*/${STAMP}.m(`);
    edits.appendLeft(object.end, `,${stamps.join(',')})`);
  }
}

function stamp(
  parsed: ParsedText,
  edits: MagicString,
  node: Syntax,
  sites: Sites,
  boxed: ReadonlyMap<Variable, unknown>,
  heads: string[],
): void {
  const parent = parsed.parentOf(node);
  if (isMember(node, parent) || isNamedLate(node, parent) || isTold(parsed, node) || isRead(parsed, node)) return;
  const text = (): string => environmentText(parsed, node, sites, boxed);
  if (node.type === 'FunctionDeclaration') stampFunction(parsed, edits, node, text, heads);
  else if (node.type === 'ClassDeclaration') {
    if (parent.type !== 'ExportDefaultDeclaration')
      edits.appendLeft(node.end, `;${STAMP}(${nameOf(node['id'])},${text()});`);
  } else if (isConstant(parsed, node, parent)) {
    const declaration = parsed.parentOf(parent);
    edits.appendLeft(declaration.end, `;${STAMP}(${nameOf(parent['id'])},${text()});`);
  } else if (!isCallee(node, parent)) wrap(edits, node, nameGiven(node, parent), text());
}

/** A method of a class travels with the class. */
const isMember = (node: Syntax, parent: Syntax): boolean =>
  parent.type === 'MethodDefinition' && parent['value'] === node;

const isMethod = (node: Syntax, parent: Syntax): boolean =>
  parent.type === 'Property' && parent['value'] === node && (parent['method'] === true || parent['kind'] !== 'init');

/** Under a key that is only known when it runs: it gets its name from there, and in no other way. */
const isNamedLate = (node: Syntax, parent: Syntax): boolean =>
  (parent.type === 'Property' || parent.type === 'PropertyDefinition') &&
  parent['computed'] === true &&
  parent['value'] === node;

/** It is called where it stands, and by nobody else. */
const isCallee = (node: Syntax, parent: Syntax): boolean => parent['callee'] === node || parent['tag'] === node;

/**
 * A loader reads it: what a CommonJS module exports is found in its text, by those who import it. `Object.defineProperty(exports, 'a', { get:
 * function () { … } })`, and `Object.keys(all).forEach(function (key) { … })`.
 */
function isRead(parsed: ParsedText, node: Syntax): boolean {
  if (parsed.isModule) return false;
  const parent = parsed.parentOf(node);
  const call = parent.type === 'Property' ? parsed.parentOf(parsed.parentOf(parent)) : parent;
  const callee = call['callee'] as Syntax | undefined;
  if (call.type !== 'CallExpression' || callee?.type !== 'MemberExpression') return false;
  const method = nameOf(callee['property']);
  if (method === 'forEach') return isKeys(callee['object'] as Syntax);
  const [target] = call['arguments'] as Syntax[];
  return method === 'defineProperty' && /^(?:module\.)?exports$/.test(parsed.text.slice(target?.start, target?.end));
}

function isKeys(node: Syntax): boolean {
  const callee = node['callee'] as Syntax | undefined;
  return callee?.type === 'MemberExpression' && nameOf(callee['property']) === 'keys';
}

/** Told with the top of its module. */
function isTold(parsed: ParsedText, node: Syntax): boolean {
  const variable = ownVariable(parsed, node);
  return variable !== undefined && variable.scope === parsed.topScope;
}

/** The variable that holds a function or class and nothing else, from where it is written on. */
export function ownVariable(parsed: ParsedText, node: Syntax): Variable | undefined {
  const parent = parsed.parentOf(node);
  let variable: Variable | undefined;
  if (node.type.endsWith('Declaration')) {
    if (!nameOf(node['id'])) return undefined;
    variable = parsed.scopes.getDeclaredVariables(node as never)[0];
  } else if (parent.type === 'VariableDeclarator' && nameOf(parent['id'])) {
    const kind = parsed.parentOf(parent)['kind'];
    if (kind !== 'const' && kind !== 'let' && kind !== 'var') return undefined;
    variable = parsed.scopes.getDeclaredVariables(parent as never)[0];
  }
  return variable && !parsed.isAssigned(variable) ? variable : undefined;
}

function stampFunction(
  parsed: ParsedText,
  edits: MagicString,
  node: Syntax,
  text: () => string,
  heads: string[],
): void {
  const block = parsed.parentOf(node);
  const variable = parsed.scopes.getDeclaredVariables(node as never)[0];
  const inBlock = block.type === 'BlockStatement' || block.type === 'StaticBlock' || block.type === 'Program';
  // In sloppy mode a block's function can be two variables; of two declarations of a name the last one counts.
  if (!inBlock || variable?.defs.length !== 1) return;
  const statement = `${STAMP}(${nameOf(node['id'])},${text()});`;
  if (block.type === 'Program') heads.push(statement);
  else edits.appendLeft(parsed.beginOf(block), `;${statement}`);
}

/** `const f = () => …;` as a statement: the stamp stands behind it. */
function isConstant(parsed: ParsedText, node: Syntax, parent: Syntax): boolean {
  if (parent.type !== 'VariableDeclarator' || parent['init'] !== node || !nameOf(parent['id'])) return false;
  const declaration = parsed.parentOf(parent);
  const around = parsed.parentOf(declaration).type;
  return (
    declaration['kind'] === 'const' &&
    (declaration['declarations'] as Syntax[]).length === 1 &&
    (around === 'BlockStatement' || around === 'Program' || around === 'StaticBlock')
  );
}

/** `{ f: () => … }.f` gives the function the name that it would get where it stands, at no cost. */
function wrap(edits: MagicString, node: Syntax, name: string | undefined, environment: string): void {
  const key = name === undefined ? '' : name === '__proto__' ? '["__proto__"]' : propertyName(name);
  const access = name === undefined ? '' : /^[A-Za-z_$]/.test(key) ? `.${key}` : key.startsWith('[') ? key : `[${key}]`;
  edits.appendRight(node.start, `/*#__PURE__*/${STAMP}(${name === undefined ? '' : `{${key}:`}`);
  edits.appendLeft(node.end, `${name === undefined ? '' : `}${access}`},${environment})`);
}

const propertyName = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

/** The name that a function without one gets from where it stands. */
function nameGiven(node: Syntax, parent: Syntax): string | undefined {
  if (node['id']) return undefined;
  switch (parent.type) {
    case 'VariableDeclarator':
      return parent['init'] === node ? nameOf(parent['id']) : undefined;
    case 'AssignmentExpression':
      return /^(?:\?\?|\|\||&&)?=$/.test(parent['operator'] as string) ? nameOf(parent['left']) : undefined;
    case 'AssignmentPattern':
      return nameOf(parent['left']);
    case 'ExportDefaultDeclaration':
      return 'default';
    case 'Property':
    case 'PropertyDefinition':
      return parent['value'] === node ? keyOf(parent) : undefined;
    default:
      return undefined;
  }
}

function keyOf({ key, computed, type }: Syntax): string | undefined {
  const { type: kind, name, value } = key as Syntax;
  if (computed) return undefined;
  if (kind === 'PrivateIdentifier') return `#${name}`;
  const text = String(name ?? value);
  // `{ __proto__: value }` is no property.
  return text === '__proto__' && type === 'Property' ? undefined : text;
}

/** Whether a method is what its object has under that name in the end. */
function isFound(parsed: ParsedText, method: Syntax): boolean {
  const properties = parsed.parentOf(method)['properties'] as Syntax[];
  const later = properties.slice(properties.indexOf(method) + 1);
  const key = keyOf(method);
  return (
    key !== undefined &&
    !key.includes(' ') &&
    later.every((other) => other.type === 'Property' && !other['computed'] && !isSame(other, method))
  );
}

const methodName = (method: Syntax): string =>
  JSON.stringify(method['kind'] === 'init' ? keyOf(method) : `${method['kind']} ${keyOf(method)}`);

const isSame = (a: Syntax, b: Syntax): boolean => keyOf(a) === keyOf(b) && a['kind'] === b['kind'];

/** The second argument of a stamp. */
function environmentText(
  parsed: ParsedText,
  node: Syntax,
  sites: Sites,
  boxed: ReadonlyMap<Variable, unknown>,
): string {
  const isChanging = (variable: Variable): boolean => parsed.isAssigned(variable) && !boxed.has(variable);
  const site = sites.next++;
  const local = [...parsed.captured(node)].filter(({ scope }) => scope !== parsed.topScope);
  const constant = local.filter((variable) => !isChanging(variable)).map(({ name }) => name);
  const changing = local.filter(isChanging).map(({ name }) => name);
  if (isFunction(node) && !isClass(node) && usesThis(node)) constant.push('this');
  if (local.length === 0 && constant.length === 0) return String(site);
  const names = [site, ...constant, ...(changing.length === 0 ? [] : [`[${changing.join(',')}]`])];
  return `()=>[${names.join(',')}]`;
}
