// Symbols that every thread has: registered ones, those of the language, those that Node exports, and those of its own (samples.ts).
import type { Node, Payloads } from '../graph.js';
import { sampleSymbol, sampleSymbolOf } from './samples.js';
import { exportedSymbol } from './wellknown.js';

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
  if (found !== undefined) return ['symbol', found];
  const exported = exportedSymbol(symbol);
  return exported && ['builtin', { module: exported.module, path: exported.path }];
}

/** This thread's symbol. */
export function symbolOf(name: Payloads['symbol']): symbol {
  if ('registered' in name) return Symbol.for(name.registered);
  if ('sample' in name) return sampleSymbol(name);
  return (Symbol as unknown as Record<string, symbol>)[name.wellKnown]!;
}
