// A graph on its way to another machine: what names something of this process gets a name that another one understands.
//
//   code of a function        the hash of its record           (blobs.ts)
//   a function's origin       <process>/<thread>:<n>
//   a recipe's key            <process>/<key>
//   a kept function's number  the hash of its contents
//   an import of a package    the package and the file in it, or the name under which the program imports it (packages.ts)
//   an import of this library the file in it
//   a file of the program     where it lies under the root     (places.ts)
//   shared memory             is refused                       (refuse.ts)

import { CaptureError } from '../../closure/errors.js';
import type { CodeRecord, Graph, Node, Payloads } from '../../closure/graph.js';
import type { Captured } from '../../closure/out/capture.js';
import { isOwnExport } from '../../closure/text/installed.js';
import { isBuiltin } from '../../platform/modules.js';
import { type Blob, codeBlob } from './blobs.js';
import { faceAt } from './faces.js';
import { PackageList } from './packages.js';
import { placeOf } from './places.js';
import { explainShared, type Naming, refuseShared } from './refuse.js';

/** Who sends: the process, and where its program lies. */
export interface Sender {
  readonly process: string;
  readonly root: string;
}

export interface Departing {
  readonly graph: object;
  readonly bytes: readonly Uint8Array[];
  readonly need: readonly Blob[];
  readonly packages: PackageList;
}

export interface DepartOptions {
  readonly naming: Naming;
  /** The hash of the kept function to which the graph may refer. */
  readonly kept?: Blob | undefined;
  /** What cannot go is left out of it: it is an error. */
  readonly lenient?: boolean;
}

/** @throws CaptureError for what cannot go to another machine. */
export function depart(
  { graph, codes, bytes }: Pick<Captured, 'graph' | 'codes' | 'bytes'>,
  sender: Sender,
  options: DepartOptions,
): Departing {
  const walk = new Departure(graph, codes, sender, options);
  const nodes = graph.nodes.map((node, index) => walk.node(node, index));
  return { graph: { ...graph, nodes }, bytes, need: walk.need, packages: walk.packages };
}

class Departure {
  readonly need: Blob[] = [];
  readonly packages: PackageList;
  readonly #graph: Graph;
  readonly #codes: ReadonlyMap<string, CodeRecord>;
  readonly #hashes = new Map<string, string>();
  readonly #sender: Sender;
  readonly #options: DepartOptions;

  constructor(graph: Graph, codes: readonly CodeRecord[], sender: Sender, options: DepartOptions) {
    this.#graph = graph;
    this.#codes = new Map(codes.map((code) => [code.id, code]));
    this.#sender = sender;
    this.#options = options;
    this.packages = new PackageList(sender.root);
    if (options.kept) this.need.push(options.kept);
    for (const code of codes) {
      const blob = codeBlob(code, sender.root);
      this.need.push(blob, ...blob.need);
      this.#hashes.set(code.id, blob.hash);
    }
  }

  node(node: Node, index: number): readonly unknown[] {
    if (node[0] === 'shared') return this.#shared(index);
    const payload = this.#payload(node);
    return payload === node[1] ? node : [node[0], payload, ...node.slice(2)];
  }

  #payload(node: Node): unknown {
    switch (node[0]) {
      case 'function':
        return { ...node[1], code: this.#hash(node[1].code), origin: this.#global(node[1].origin) };
      case 'again': {
        const { key, file, parts } = node[1];
        const at = this.#place(file);
        const codes = parts.map((part) => ({ ...part, code: this.#hash(part.code) }));
        return { ...node[1], key: this.#global(key), file: at, parts: codes };
      }
      case 'cached':
        return { ...node[1], closure: this.#options.kept?.hash };
      case 'import':
        return this.#import(node[1]);
      case 'require':
        return { ...node[1], file: this.#package(node[1].file) };
      case 'requireFunction':
      case 'importFunction':
      case 'importMeta':
        return this.#place(node[1]);
      case 'moduleObject':
        return { ...node[1], file: this.#place(node[1].file) };
      default:
        return node[1];
    }
  }

  /** Nothing of the values that a message is about may be missing in silence; of an error it may. */
  #shared(index: number): readonly unknown[] {
    const { naming, lenient } = this.#options;
    if (lenient) return ['absent', explainShared(this.#graph, index, this.#codes, naming)];
    return refuseShared(this.#graph, index, this.#codes, naming);
  }

  /** What has come from another process has that one's name already. */
  #global(name: string): string {
    return /^[0-9a-f-]{36}\//.test(name) ? name : `${this.#sender.process}/${name}`;
  }

  #hash(code: string): string {
    const hash = this.#hashes.get(code);
    if (hash === undefined) throw new Error(`the code ${code} did not come with its graph`);
    return hash;
  }

  #place(file: string): object {
    return placeOf(this.#sender.root, file);
  }

  #import({ base, specifier, name, after }: Payloads['import']): object {
    if (isBuiltin(specifier)) return { builtin: specifier, name };
    const own = ownNameOf(base, specifier, name);
    if (own !== undefined) return { own, name };
    const file = /^(?:file:|\.{0,2}\/)/.test(specifier) ? new URL(specifier, base).href : undefined;
    if (file !== undefined) {
      // What the program imports of the package comes first there too.
      const entries = after?.map((entry) => this.#import({ ...entry, name: '*' }));
      return { file: this.#package(file), name, after: entries };
    }
    this.packages.named(base, specifier);
    return { base: this.#place(base), specifier, name };
  }

  #package(file: string): object {
    const found = this.packages.file(file);
    if (found !== undefined) return found;
    throw new CaptureError(
      `the module ${file} cannot go to another machine: it is imported as it is, and belongs to no installed package. ` +
        'Import it from a package, or define what is used of it in the function',
    );
  }
}

/** What a module of this library is called on every machine; undefined = it is none. */
function ownNameOf(base: string, specifier: string, name: string): string | undefined {
  const face = specifier === 'heddle/cluster' ? 'cluster' : faceAt(specifier);
  if (face !== undefined) return face;
  if (specifier.startsWith('heddle:')) return specifier;
  if (!isOwnExport({ base, specifier, name })) return undefined;
  const entry = /^heddle(?:\/_?(\w+))?$/.exec(specifier);
  return entry === null ? undefined : `heddle:${entry[1] ?? 'index'}`;
}
