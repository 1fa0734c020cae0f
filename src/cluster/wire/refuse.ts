// What stays on its machine: shared objects, locks, memory that threads share. The way to it is found in the graph, for the message.

import { CaptureError } from '../../closure/errors.js';
import { type CodeRecord, type Graph, isRef, type Slot } from '../../closure/graph.js';
import { adoptCell } from '../../heap/inflight.js';

/** What the roots are called, in their order. */
export type Naming = (root: number) => string;

const REMEDY: Readonly<Record<string, string>> = {
  Lock: 'use cluster.lock(name)',
  RLock: 'use cluster.lock(name)',
  Queue: 'use cluster.queue(name)',
  SimpleQueue: 'use cluster.queue(name)',
  SharedArrayBuffer: 'pass a copy of the bytes, such as Uint8Array.from(view)',
  Blob: 'pass its bytes: await blob.arrayBuffer()',
  SharedArray: 'pass a copy, such as [...list], or put it into cluster.variable(name)',
  SharedMap: 'pass a copy, such as new Map(map), or put it into cluster.variable(name)',
  SharedSet: 'pass a copy, such as new Set(set), or put it into cluster.variable(name)',
};

/** The part of a Cluster that is in this process's memory. */
const CONNECTION = '.clusterRequests';

const SHARED = 'pass snapshot(object), or put it into cluster.variable(name)';

/** @throws CaptureError that names what the node at an index stands for, and how it was reached. */
export function refuseShared(
  graph: Graph,
  index: number,
  codes: ReadonlyMap<string, CodeRecord>,
  naming: Naming,
): never {
  throw new CaptureError(explainShared(graph, index, codes, naming));
}

export function explainShared(
  graph: Graph,
  index: number,
  codes: ReadonlyMap<string, CodeRecord>,
  naming: Naming,
): string {
  const object = adoptCell(graph.nodes[index]![1] as number) as object;
  const name = object.constructor?.name ?? '';
  const known = /^[A-Z]/.test(name) && name !== 'Object' && !/^Shape/.test(name);
  const path = pathTo(graph, index, codes, naming);
  if (path.endsWith(CONNECTION)) {
    return (
      `'${path.slice(0, -CONNECTION.length)}' cannot go to another machine: it is the connection of this process to the cluster. ` +
      'In a task, use currentTask().cluster()'
    );
  }
  const what = known ? `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}` : 'a shared object';
  return (
    `${path} cannot go to another machine: it is ${what}, which lives in this process's memory. ` +
    `To have it there, ${REMEDY[name] ?? SHARED}`
  );
}

interface Step {
  readonly slot: Slot;
  readonly text: string;
}

function pathTo(graph: Graph, target: number, codes: ReadonlyMap<string, CodeRecord>, naming: Naming): string {
  const queue: Step[] = graph.roots.map((slot, root) => ({ slot, text: naming(root) }));
  const seen = new Set<number>();
  for (const { slot, text } of queue) {
    if (slot === undefined || !isRef(slot) || seen.has(slot[0])) continue;
    if (slot[0] === target) return text;
    seen.add(slot[0]);
    queue.push(...partsOf(graph, slot[0], text, codes));
  }
  return 'something';
}

function* partsOf(graph: Graph, index: number, text: string, codes: ReadonlyMap<string, CodeRecord>): Generator<Step> {
  const node = graph.nodes[index]!;
  switch (node[0]) {
    case 'function': {
      const { code, env, name, heritage, home, keys, privates } = node[1];
      const by = name === '' ? 'the function' : name;
      for (const [at, slot] of env.entries()) {
        yield { slot, text: `'${codes.get(code)?.free[at] ?? '?'}', captured by ${by},` };
      }
      for (const slot of [heritage, home, ...(keys ?? []), ...(privates ?? [])])
        yield { slot, text: `a part of ${by}` };
      break;
    }
    case 'array':
    case 'arguments':
      for (const [at, slot] of node[1].entries()) yield { slot, text: `${bare(text)}[${at}]` };
      break;
    case 'set':
      for (const slot of node[1]) yield { slot, text: `a member of ${text}` };
      break;
    case 'map':
      for (const slot of node[1]) yield { slot, text: `an entry of ${text}` };
      break;
    case 'bound':
      yield { slot: node[1].target, text };
      yield { slot: node[1].self, text: `'this' of ${text}` };
      for (const slot of node[1].args) yield { slot, text: `a bound argument of ${text}` };
      break;
    case 'view':
      yield { slot: node[1].buffer, text };
      break;
    case 'again':
      for (const part of node[1].parts)
        for (const slot of part.env) yield { slot, text: `what makes '${node[1].name}'` };
      break;
    case 'remade':
      for (const slot of node[1].values) yield { slot, text: `a part of ${text}` };
      break;
    case 'struct':
      yield { slot: node[1].methods, text: `the methods of struct ${node[1].name}` };
      break;
    case 'member':
      yield { slot: node[1].home, text };
      break;
    case 'prototype':
    case 'boxed':
      yield { slot: node[1], text };
      break;
    case 'moduleObject':
      yield { slot: node[1].exports, text: `${bare(text)}.exports` };
      break;
  }
  if (node[2] !== undefined) yield { slot: node[2], text: `the prototype of ${text}` };
  for (const [key, ...slots] of node[3] ?? []) {
    const step = typeof key === 'string' ? `.${key}` : '[symbol]';
    for (const slot of slots) if (typeof slot !== 'number') yield { slot, text: bare(text) + step };
  }
}

/** A property of what a function has captured: the variable's name is enough. */
const bare = (text: string): string => /^'([^']+)', captured by/.exec(text)?.[1] ?? text;
