// The receiving side: packets back into calls and values.
import { Decoder, keptClosures } from './decode.js';
import { addCode } from './decode-function.js';
import type { CallPacket, Shipment, ValuePacket } from './graph.js';
import { importsFor } from './imports.js';
import { addMap } from './maps.js';

export interface Call {
  readonly fn: (...args: unknown[]) => unknown;
  readonly args: unknown[];
}

/** The call of a function that this thread keeps, without arguments. */
export function keptCall(id: number): Call {
  const kept = keptClosures.get(id);
  if (kept === undefined) throw new Error(`the function ${id} is not kept in this thread`);
  return { fn: kept.fn as Call['fn'], args: [] };
}

/** Nobody will call a kept function again. */
export function dropKept(id: number): void {
  keptClosures.delete(id);
}

/** A promise when modules must be imported first. */
export function rebuildCall(packet: unknown): Call | Promise<Call> {
  const { closure, args, graph, codes, maps, drop } = packet as CallPacket;
  // Fast path: everything is here.
  const kept = closure && keptClosures.get(closure.id);
  if (kept && args && !codes && !drop) return { fn: kept.fn as Call['fn'], args };
  admit({ ...(codes && { codes }), ...(maps && { maps }), ...(drop && { drop }) });
  const imports = importsFor([closure?.graph, graph]);
  return imports ? imports.then(() => build(packet as CallPacket)) : build(packet as CallPacket);
}

function build({ closure, args, graph }: CallPacket): Call {
  if (!closure) {
    const decoder = new Decoder(graph!);
    const [fn, ...values] = graph!.roots.map((slot) => decoder.value(slot));
    decoder.decode(undefined);
    return { fn: fn as Call['fn'], args: values };
  }
  let kept = keptClosures.get(closure.id);
  if (!kept) {
    const decoder = new Decoder(closure.graph!);
    kept = { decoder, fn: decoder.decode(closure.graph!.roots[0]!) };
    keptClosures.set(closure.id, kept);
  }
  const fn = kept.fn as Call['fn'];
  if (args) return { fn, args };
  const decoder = new Decoder(graph!);
  const values = graph!.roots.map((slot) => decoder.value(slot));
  decoder.decode(undefined);
  return { fn, args: values };
}

/** The value of a packet made by `captureValue`. */
export function rebuildValue(packet: unknown): unknown {
  const { graph, ...shipment } = packet as ValuePacket;
  admit(shipment);
  const imports = importsFor([graph]);
  const decode = (): unknown => new Decoder(graph).decode(graph.roots[0]);
  return imports ? imports.then(decode) : decode();
}

function admit({ codes, maps, drop }: Shipment): void {
  for (const map of maps ?? []) addMap(map);
  for (const code of codes ?? []) addCode(code);
  for (const id of drop ?? []) keptClosures.delete(id);
}
