// What a graph needs besides its nodes, as bytes that are known by their hash: the code of functions, source maps, functions that are kept. The
// engine has each once, whoever sends it, and a worker reads it once.

import type { CodeRecord, MapRecord } from '../../closure/graph.js';
import { mapRecord, wholeMap } from '../../closure/text/maps.js';
import { sha256 } from '../../platform/crypto.js';
import { fileAt, type Place, placeOf } from './places.js';

export interface Blob {
  readonly hash: string;
  readonly bytes: Uint8Array;
  /** Hashes of what it needs itself. */
  readonly need: readonly Blob[];
}

export function blobOf(bytes: Uint8Array, need: readonly Blob[] = []): Blob {
  return { hash: sha256(bytes), bytes, need };
}

type Portable = Omit<CodeRecord, 'id' | 'file' | 'map'> & {
  readonly place: Place;
  /** The file as its own machine shows it. */
  readonly shown: string;
  /** Hash of its source map. */
  readonly map: string | undefined;
};

const known = new WeakMap<CodeRecord, Blob>();

export function codeBlob(record: CodeRecord, root: string): Blob {
  let blob = known.get(record);
  if (blob === undefined) {
    const { id: _id, file, map, ...rest } = record;
    const shown = mapRecord(map)?.shown ?? file;
    const payload = map === undefined ? undefined : wholeMap(map);
    const carried = payload === undefined ? undefined : blobOf(Buffer.from(JSON.stringify(payload)));
    const portable: Portable = { ...rest, place: placeOf(root, file), shown, map: carried?.hash };
    blob = blobOf(Buffer.from(JSON.stringify(portable)), carried === undefined ? [] : [carried]);
    known.set(record, blob);
  }
  return blob;
}

/** Names of scripts have the id of their map: digits and a dot. */
const mapId = (text: string): string => `${BigInt(`0x${sha256(Buffer.from(text)).slice(0, 15)}`)}.0`;

export interface Landed {
  readonly record: CodeRecord;
  readonly map: MapRecord;
}

/** The record of code that has come by its hash, with its map. `bytesOf` gives what came besides. */
export function landCode(hash: string, root: string, bytesOf: (hash: string) => Uint8Array): Landed {
  const { place, shown, map, ...rest } = JSON.parse(Buffer.from(bytesOf(hash)).toString()) as Portable;
  const file = fileAt(root, place);
  const payload: unknown = map === undefined ? undefined : JSON.parse(Buffer.from(bytesOf(map)).toString());
  const record: MapRecord = { id: mapId(`${map ?? ''} ${file} ${shown}`), file, shown, payload };
  return { record: { ...rest, id: hash, file, map: record.id } as CodeRecord, map: record };
}
