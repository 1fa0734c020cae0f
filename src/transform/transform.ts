// The transform: text and source map in, text and source map out. A program behaves as without it, and its functions can travel without
// the engine's inspector.
//
//   transformModule   one module, on its own: what is marked in it is done by `finish`, or by `transformChunk`
//   transformChunk    all that a bundler has joined, after it has left out what nothing uses, and before the minifier
//   transform         both, for what is not joined
import remapping, { type SourceMapInput } from '@jridgewell/remapping';
import MagicString from 'magic-string';
import { boxDeclarations, boxUses, type Heads } from './boxes.js';
import { type BoxesOf, boxesExported, exportBoxes, importBoxes } from './exports.js';
import { mark } from './marks.js';
import { isTransformed, prelude, usesIn } from './prelude.js';
import { type Sites, stampAll } from './stamp.js';
import { ParsedText } from './text.js';
import { NOTHING, topText } from './top.js';
import { travellers } from './travellers.js';
import { sharedVariables } from './variables.js';

/** `auto`: every function of a module that imports Heddle, and functions and classes at the top of any other. `all`: every function. */
export type Mode = 'auto' | 'all';

export interface TransformOptions {
  /** Where the text comes from: it is named in the source map. */
  readonly id?: string;
  readonly mode?: Mode;
  /** Specifiers of Heddle, and of modules through which a program uses it. */
  readonly heddle?: RegExp | undefined;
  /** Names that other modules export as boxes. Without it, exported variables are not shared. */
  readonly boxesOf?: BoxesOf | undefined;
  /** The source map of the text that is given. */
  readonly map?: string | object | undefined;
}

export interface Transformed {
  readonly code: string;
  readonly map: SourceMap;
}

export interface SourceMap {
  readonly version: 3;
  readonly file?: string | null;
  readonly names: string[];
  readonly sources: (string | null)[];
  readonly sourcesContent?: (string | null)[];
  readonly mappings: string;
  toString(): string;
}

/** Declared at the top, as far as lines show it. */
const VARIABLES = /^(?:export\s+)?(?:let|var)\s/m;

const IMPORT = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(['"])([^'"\n]+)\1/g;
const HEDDLE = /^heddle(?:\/(?:thread|_thread))?$/;

/** Whether a module imports Heddle, or what `heddle` says stands for it. */
export function importsHeddle(text: string, heddle = HEDDLE): boolean {
  for (const [, , specifier] of text.matchAll(IMPORT)) if (heddle.test(specifier!)) return true;
  return false;
}

/** Gives undefined for a text that needs no change, or that no JavaScript parser reads: the engine will say so. */
export function transform(text: string, options: TransformOptions = {}): Transformed | undefined {
  if (isTransformed(text)) return undefined;
  const parsed = parse(text);
  if (!parsed) return undefined;
  const edits = new MagicString(text);
  const { heads, forms, sites, tail } = change(parsed, edits, options);
  const top = topText(parsed, parsed.topScope, forms, sites.next > 0 || forms.size > 0);
  if (top === NOTHING && !edits.hasChanged()) return undefined;
  if (top !== NOTHING) {
    const uses = usesIn(edits.toString() + heads.join(''));
    edits.appendLeft(parsed.beginOf(parsed.program), `;${prelude(parsed.isModule, top, uses)}${heads.join('')}`);
  }
  edits.append(tail);
  return result(edits, options);
}

/** The names that a module exports as boxes. */
export function boxesOfModule(
  text: string,
  options: TransformOptions & { readonly boxesOf: BoxesOf },
): ReadonlySet<string> {
  const parsed = parse(text);
  if (!parsed?.isModule) return new Set();
  const { exported } = sharedVariables(parsed, travellers(parsed, isWhole(text, options)));
  return boxesExported(parsed, new Set(exported.keys()), options.boxesOf);
}

/** Whether all functions of a module are stamped, and any of them may be given to a thread. */
const isWhole = (text: string, { mode = 'auto', heddle }: TransformOptions): boolean =>
  mode === 'all' || importsHeddle(text, heddle);

/** One module of what a bundler will join. What is left undefined in it, the chunk defines. */
export function transformModule(text: string, options: TransformOptions = {}): Transformed | undefined {
  if (isTransformed(text)) return undefined;
  // Most modules need not be read for this: only variables at the top can be shared there.
  if (!isWhole(text, options) && !VARIABLES.test(text)) return undefined;
  const parsed = parse(text);
  if (!parsed) return undefined;
  const edits = new MagicString(text);
  const { heads, exported } = change(parsed, edits, options);
  mark(edits, exported.keys());
  if (!edits.hasChanged()) return undefined;
  if (heads.length > 0) edits.appendLeft(parsed.beginOf(parsed.program), `;${heads.join('')}`);
  return result(edits, options);
}

function change(parsed: ParsedText, edits: MagicString, options: TransformOptions) {
  const whole = isWhole(parsed.text, options);
  const { boxesOf } = options;
  const { forms: own, exported } = sharedVariables(parsed, travellers(parsed, whole));
  const heads: Heads = [];
  const sites: Sites = { next: 0 };
  const imported = boxesOf && importBoxes(parsed, edits, boxesOf);
  const mirrored = new Set(boxesOf ? exported.keys() : []);
  const forms = new Map([...own, ...(imported?.forms ?? []), ...(boxesOf ? exported : [])]);
  boxUses(parsed, edits, forms);
  if (whole) stampAll(parsed, edits, sites, forms, heads);
  boxDeclarations(parsed, edits, forms, heads, mirrored);
  const tail = exportBoxes(parsed, edits, mirrored) + (imported?.tail ?? '');
  return { heads, forms, exported, sites, tail };
}

function parse(text: string): ParsedText | undefined {
  try {
    return new ParsedText(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function result(edits: MagicString, { id = '', map: before }: TransformOptions): Transformed {
  const own = edits.generateMap({ source: id, includeContent: true, hires: 'boundary' });
  if (before === undefined || before === null) return { code: edits.toString(), map: own as unknown as SourceMap };
  const joined = remapping([own as unknown as SourceMapInput, before as SourceMapInput], () => null);
  return { code: edits.toString(), map: joined as unknown as SourceMap };
}
