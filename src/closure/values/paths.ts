// How a value was reached, and what to say when it cannot travel.
import type { Made } from '../again.js';
import { type Position, showPosition } from '../text/maps.js';

export interface Path {
  readonly up: Path | undefined;
  /** A property key, or text that is shown as it is. */
  readonly step: string | number | symbol;
  readonly isText: boolean;
  /** The object that has the value as a property. */
  readonly owner: object | undefined;
  /** Of a variable: the function that captured it and where it was declared. */
  readonly capture: Capture | undefined;
  /** The package inside of which it is: a function of it has led here. */
  readonly inside: string | undefined;
}

export interface Capture {
  /** "function work at /app.ts:12:7" */
  readonly by: string;
  readonly declared: () => Position | undefined;
  /** How that function was reached. */
  readonly through?: Path;
  readonly inside?: string | undefined;
  /** Where that function was written. */
  readonly file?: string;
  /** Of a variable of the program's own: its value, and how a thread could make it by itself, or why it cannot. */
  readonly value?: object;
  readonly again?: (() => Made | string) | undefined;
  /** The same for members of the value, if that is a module. */
  readonly member?: ((name: string) => Made | string) | undefined;
}

export const rootPath = (name: string, capture?: Capture): Path => ({
  up: undefined,
  step: name,
  isText: true,
  owner: undefined,
  capture,
  inside: capture?.inside,
});

/** A property of an object. */
export const propertyPath = (up: Path, step: string | number | symbol, owner: object): Path => ({
  up,
  step,
  isText: false,
  owner,
  capture: undefined,
  inside: up.inside,
});

/** Any other part, already written as it is to be shown. */
export const partPath = (up: Path, text: string): Path => ({
  up,
  step: text,
  isText: true,
  owner: undefined,
  capture: undefined,
  inside: up.inside,
});

/** A member of a module, which may be a constant that a thread can make by itself. */
export function memberPath(up: Path, name: string, owner: object, value: unknown, key: string | symbol = name): Path {
  const path = propertyPath(up, key, owner);
  const { capture } = up;
  if (!capture?.member || !((typeof value === 'object' && value !== null) || typeof value === 'function')) return path;
  const { by, declared, through, member } = capture;
  return { ...path, capture: { by, declared, ...(through && { through }), value, again: () => member(name) } };
}

/** Steps of a long path that are shown at its beginning and at its end. */
const SHOWN = 8;

export function showPath(path: Path): string {
  const steps: Path[] = [];
  let root = path;
  for (; root.up; root = root.up) steps.push(root);
  steps.reverse();
  const left = steps.length - 2 * SHOWN;
  const show = (part: readonly Path[]): string => part.map(showStep).join('');
  const shown = left > 1 ? `${show(steps.slice(0, SHOWN))}… (${left} more) …${show(steps.slice(-SHOWN))}` : show(steps);
  return String(root.step) + shown;
}

function showStep({ step, isText }: Path): string {
  if (isText) return String(step);
  if (typeof step === 'number') return `[${step}]`;
  if (typeof step === 'symbol') return `[${String(step)}]`;
  return /^[\p{ID_Start}$_#][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

function rootOf(path: Path): Path {
  let root = path;
  while (root.up) root = root.up;
  return root;
}

/** Why something cannot travel, and what to do instead. */
export interface Reason {
  readonly why: string;
  readonly remedy: string;
}

/** The way out where nothing can be copied. */
export const MAKE_THERE = 'Make it in the thread: new ThreadLocal(() => …) keeps one for each thread';

/** What the thread throws when it uses what stayed behind. */
export function explainPoison(path: Path, { why, remedy }: Reason): string {
  return `'${showPath(path)}' did not travel to this thread: ${why}${whence(path)}. ${remedy}`;
}

/** What is done with a value of this name, and where it would go. */
const WAYS: Readonly<Record<string, readonly [verb: string, where: string]>> = {
  'the result': ['return', 'from a thread'],
  'the error': ['throw', 'out of a thread'],
  item: ['put', 'into a queue'],
};
const PASSED = ['pass', 'to a thread'] as const;

/** The error that the sender of the value gets at once. */
export function explainRefusal(path: Path, { why, remedy }: Reason): string {
  const root = rootOf(path);
  const [verb, where] = (root.capture === undefined ? WAYS[String(root.step)] : undefined) ?? PASSED;
  return `cannot ${verb} '${showPath(path)}' ${where}: ${why}${whence(path)}. ${remedy}`;
}

/** What was to be given away, and the platform refuses: if there are several, it does not say which. */
export function explainGift(gifts: readonly { readonly path: Path; readonly object: object }[]): string {
  const names = gifts.map(({ path }) => `'${showPath(path)}'`).join(' or ');
  const kinds = [...new Set(gifts.map(({ object }) => object.constructor.name))].join(' or a ');
  return (
    `cannot pass ${names} to a thread: it is a ${kinds} that was given away before, or is in use. Each can only be in one thread: pass one ` +
    'that nobody has used yet'
  );
}

function whence(path: Path): string {
  const root = rootOf(path);
  const { capture } = root;
  if (!capture) return '';
  const declared = capture.declared();
  const name = String(root.step);
  const tool = toolOf(name);
  const parts = [
    declared ? `'${name}' is declared at ${showPosition(declared)}` : undefined,
    `captured by ${capture.by}`,
    tool && `'${name}' was put there by ${tool}`,
  ];
  return ` (${parts.filter(Boolean).join(', ')})`;
}

const TOOLS: readonly (readonly [RegExp, string])[] = [
  [/^cov_[0-9a-z]+$/i, 'a coverage tool (istanbul)'],
  [/^__vite_ssr_|^__vi_import_/, 'Vite (vitest)'],
  [
    /^__(?:name|toESM|toCommonJS|require|commonJS|esm|export|publicField|privateGet|privateSet|privateAdd|using|callDispose)$/,
    'esbuild',
  ],
  [
    /^__(?:awaiter|generator|decorate|metadata|param|rest|spreadArray|values|read|await|async\w+|classPrivateField\w+)$/,
    'TypeScript',
  ],
  [/^__(?:esDecorate|runInitializers|propKey|setFunctionName|addDisposableResource|disposeResources)$/, 'TypeScript'],
  [
    /^__(?:createBinding|importStar|importDefault|setModuleDefault|exportStar|extends|assign|makeTemplateObject)$/,
    'TypeScript',
  ],
];

/** The tool that put a variable into the program, by its name. */
export function toolOf(name: string): string | undefined {
  return TOOLS.find(([pattern]) => pattern.test(name))?.[1];
}
