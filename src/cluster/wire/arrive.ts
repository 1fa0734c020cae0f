// The way back: a graph that has come from another machine gets the names of this process. The opposite of depart.ts.

import type { CodeRecord, Graph, MapRecord } from '../../closure/graph.js';
import { addCode, addMap, codeOf, hasMap } from '../../closure/in/rebuild.js';
import { join } from '../../platform/folders.js';
import { asUrl } from '../../platform/modules.js';
import { PackageMismatch } from '../errors.js';
import { type Landed, landCode } from './blobs.js';
import { placeOfFace } from './faces.js';
import type { Installed } from './packages.js';
import { fileAt, type Place } from './places.js';
import type { Header } from './seal.js';

/** Who receives. */
export interface Receiver {
  readonly process: string;
  readonly root: string;
  readonly installed: Installed;
  /** Code that has come already, by its hash. */
  readonly landed: Map<string, Landed>;
}

export interface Arrived {
  readonly graph: Graph;
  readonly codes: CodeRecord[];
  readonly maps: MapRecord[];
}

type Fields = Readonly<Record<string, unknown>>;

/** `bytesOf` gives the bytes of a hash; `keptAs` the number of the kept function that the graph refers to. */
export function arrive(
  graph: Graph,
  header: Header,
  receiver: Receiver,
  bytesOf: (hash: string) => Uint8Array,
  keptAs = 0,
): Arrived {
  const codes = new Map<string, Landed>();
  const land = (hash: string): string => {
    let landed = receiver.landed.get(hash);
    if (landed === undefined) {
      landed = landCode(hash, receiver.root, bytesOf);
      receiver.landed.set(hash, landed);
    }
    codes.set(hash, landed);
    return hash;
  };
  const nodes = graph.nodes.map((node) => {
    const payload = arrivedPayload(node as readonly unknown[], header, receiver, land, keptAs);
    return payload === node[1] ? node : [node[0], payload, ...node.slice(2)];
  });
  const landed = [...codes.values()];
  for (const { record, map } of landed) {
    if (!hasMap(map.id)) addMap(map);
    if (codeOf(record.id) === undefined) addCode(record);
  }
  return {
    graph: { ...graph, nodes: nodes as Graph['nodes'] },
    codes: landed.map(({ record }) => record),
    maps: landed.map(({ map }) => map),
  };
}

function arrivedPayload(
  [tag, payload]: readonly unknown[],
  header: Header,
  receiver: Receiver,
  land: (hash: string) => string,
  keptAs: number,
): unknown {
  const fields = payload as Fields;
  const place = (at: unknown): string => fileAt(receiver.root, at as Place);
  const home = `${receiver.process}/`;
  const local = (name: unknown): string => {
    const text = name as string;
    return text.startsWith(home) ? text.slice(home.length) : text;
  };
  switch (tag) {
    case 'function':
      return { ...fields, code: land(fields['code'] as string), origin: local(fields['origin']) };
    case 'again': {
      const parts = (fields['parts'] as { code: string }[]).map((part) => ({ ...part, code: land(part.code) }));
      return { ...fields, key: local(fields['key']), file: place(fields['file']), parts };
    }
    case 'cached':
      return { ...fields, closure: keptAs };
    case 'import':
      return arrivedImport(fields, header, receiver, place);
    case 'require':
      return { ...fields, file: packageFile(fields['file'] as Fields, header, receiver) };
    case 'requireFunction':
    case 'importFunction':
    case 'importMeta':
      return place(payload);
    case 'moduleObject':
      return { ...fields, file: place(fields['file']) };
    case 'view': {
      const type = fields['type'] as string;
      if (!(type in globalThis)) throw new PackageMismatch(missing(type, header));
      return payload;
    }
    default:
      return payload;
  }
}

const missing = (what: string, { node }: Header): string =>
  `${what} comes from Node ${node}, and Node ${process.versions.node} here does not have it: use the same major version on both machines`;

function arrivedImport(
  { own, builtin, file, base, specifier, name, after }: Fields,
  header: Header,
  receiver: Receiver,
  place: (at: unknown) => string,
): object {
  if (own !== undefined) return imported(placeOfFace(own as string) ?? (own as string), name);
  if (builtin !== undefined) return { base: asUrl(join(receiver.root, 'x.mjs')), specifier: builtin, name };
  if (file !== undefined) {
    const entries = (after as Fields[] | undefined)?.map((entry) => arrivedImport(entry, header, receiver, place));
    return {
      ...imported(asUrl(packageFile(file as Fields, header, receiver)), name),
      ...(entries && { after: entries }),
    };
  }
  return { base: asUrl(place(base)), specifier, name };
}

const imported = (url: string, name: unknown): object => ({ base: url, specifier: url, name });

function packageFile({ name, path }: Fields, { packages }: Header, { installed }: Receiver): string {
  const use = packages.find((each) => each.name === name && each.files.includes(path as string));
  if (use === undefined) throw new PackageMismatch(`package '${String(name)}' is not in the list of its message`);
  return join(installed.folder(use), path as string);
}
