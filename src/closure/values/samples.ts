// Prototypes of classes, and symbols of properties, that Node does not export but that its ordinary objects have. Each thread finds its own on a
// sample of the class.
import { SAMPLES } from '../../platform/samples.js';
import type { SampleSymbol } from '../graph.js';

const samples = new Map<string, object>();

/** An instance of a class of this thread's Node. */
function sampleOf(name: string): object {
  let sample = samples.get(name);
  if (sample === undefined) {
    sample = SAMPLES[name]!();
    samples.set(name, sample);
  }
  return sample;
}

/** The prototype of the instances of a class that is not exported. */
export const samplePrototype = (name: string): object => Object.getPrototypeOf(sampleOf(name)) as object;

/** Whether a prototype is that of a class which is not exported and has a sample. */
export function isSamplePrototype(prototype: object, name: string): boolean {
  if (!Object.hasOwn(SAMPLES, name)) return false;
  try {
    return samplePrototype(name) === prototype;
  } catch {
    // It may not look at files.
    return false;
  }
}

const symbols = new Map<symbol, SampleSymbol>();
const known = new Set<string>();

/** How a unique symbol is found in another thread, if it is one of those that `knowSymbols` has seen. */
export const sampleSymbolOf = (symbol: symbol): SampleSymbol | undefined => symbols.get(symbol);

/** Looks for the symbols that instances of a class have. */
export function knowSymbols(name: string): void {
  if (!Object.hasOwn(SAMPLES, name) || known.has(name)) return;
  known.add(name);
  try {
    for (const symbol of Object.getOwnPropertySymbols(sampleOf(name))) {
      const { description = '' } = symbol;
      if (!symbols.has(symbol)) symbols.set(symbol, { sample: name, described: description });
    }
  } catch {
    // It may not look at files.
  }
}

/** This thread's symbol of that description. */
export function sampleSymbol({ sample, described }: SampleSymbol): symbol {
  const found = Object.getOwnPropertySymbols(sampleOf(sample)).find(({ description }) => description === described);
  if (found === undefined) throw new Error(`this thread's ${sample} has no symbol ${described}`);
  return found;
}
