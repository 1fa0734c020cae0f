// Symbols that every thread has: registered ones, those of the language, and those of Node's own (samples.ts).
import type { Node, Payloads } from './graph.js';
import { sampleSymbol, sampleSymbolOf } from './samples.js';

const wellKnownSymbols = new Map<symbol, string>();
for (const name of Object.getOwnPropertyNames(Symbol)) {
  const value = (Symbol as unknown as Record<string, unknown>)[name];
  if (typeof value === 'symbol') wellKnownSymbols.set(value, name);
}

/** Undefined for a unique symbol. */
export function symbolNode(symbol: symbol): Node | undefined {
  const registered = Symbol.keyFor(symbol);
  if (registered !== undefined) return ['symbol', { registered }];
  const wellKnown = wellKnownSymbols.get(symbol);
  if (wellKnown !== undefined) return ['symbol', { wellKnown }];
  const found = sampleSymbolOf(symbol);
  return found && ['symbol', found];
}

/** This thread's symbol. */
export function symbolOf(name: Payloads['symbol']): symbol {
  if ('registered' in name) return Symbol.for(name.registered);
  if ('sample' in name) return sampleSymbol(name);
  return (Symbol as unknown as Record<string, symbol>)[name.wellKnown]!;
}
