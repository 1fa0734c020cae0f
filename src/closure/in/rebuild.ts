// The way in: packets back into values. `importsOf` comes first: what a packet imports must be there.

import type { Packet } from '../graph.js';
import { GraphDecoder, keptClosures } from './decode.js';
import { makeWaiting } from './decode-again.js';
import { importsFor } from './imports.js';

export { addMap, hasMap } from '../text/maps.js';
export { addCode, codeOf } from './decode-function.js';

/** A promise for what a packet needs and this thread does not have, modules and what those await; undefined if it has it all. */
export function importsOf(packet: Packet): Promise<unknown> | undefined {
  const { graph } = packet;
  const imports = importsFor(graph);
  const wait = (): Promise<unknown> | undefined => makeWaiting(graph, () => new GraphDecoder(packet));
  return imports === undefined ? wait() : imports.then(wait);
}

/** Whether a packet needs what its receiver may have to wait for. */
export const namesModules = ({ graph }: Pick<Packet, 'graph'>): boolean =>
  graph.nodes.some((node) => node[0] === 'import' || (node[0] === 'again' && node[1].waits));

/** The roots of a packet. */
export function rebuild(packet: Packet): unknown[] {
  const decoder = new GraphDecoder(packet);
  const values = packet.graph.roots.map((slot) => decoder.value(slot));
  decoder.finish();
  return values;
}

/** The function of a packet, kept under its number: packets to come refer to what is in it. */
export function keep(packet: Packet): unknown {
  let kept = keptClosures.get(packet.kept);
  if (kept === undefined) {
    const decoder = new GraphDecoder(packet);
    kept = { decoder, fn: decoder.decode(packet.graph.roots[0]) };
    keptClosures.set(packet.kept, kept);
  }
  return kept.fn;
}

/** Nobody will call a kept function again. */
export function dropKept(id: number): void {
  keptClosures.delete(id);
}
