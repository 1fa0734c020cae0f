// Objects of the platform that only messages carry, in shared data.

import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { BlockList } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { test } from 'node:test';
import { isShared, run, SharedArray, SharedMap, shared, snapshot, struct, t } from 'heddle';
import { checkHeap, collectAll, elsewhere } from '../support/heap.ts';

const { Module, Memory } = (
  globalThis as never as {
    WebAssembly: {
      Module: new (bytes: Uint8Array) => object;
      Memory: new (size: object) => { readonly buffer: ArrayBufferLike; grow(pages: number): number };
    };
  }
).WebAssembly;

const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

test('a Blob that never travelled is shared as it is, alone and inside other data', async () => {
  const blob = new Blob(['some text'], { type: 'text/plain' });
  const world = shared({ blob, list: [blob], named: new Map([['it', blob]]) });
  assert.equal(world.blob, blob);
  assert.equal(world.list.at(0), blob);
  assert.equal(world.named.get('it'), blob);
  assert.ok(isShared(blob));
  assert.equal(shared(blob), blob);
  assert.equal(
    await run(async ({ blob }: { blob: Blob }) => `${blob.type}: ${await blob.text()}`, world),
    'text/plain: some text',
  );
  assert.equal(await run(async () => (await world.list.at(0)!.arrayBuffer()).byteLength), 9);
  checkHeap();
});

test('one that is stored in a shared object is shared, whatever is stored in', async () => {
  const Letter = struct('AttachedLetter', { body: t.any });
  const letter = new Letter();
  letter.body = new Blob(['a']);
  const list = new SharedArray<Blob>();
  list.push(new Blob(['bc']));
  const map = new SharedMap<string, Blob>();
  map.set('x', new Blob(['def']));
  const sizes = await run(
    (a: typeof letter, b: typeof list, c: typeof map) =>
      [a.body, b.at(0), c.get('x')].map((blob) => (blob as Blob).size),
    letter,
    list,
    map,
  );
  assert.deepEqual(sizes, [1, 2, 3]);
});

test('the other members of the kind: keys, modules, shared memories, lists, histograms', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const secret = createSecretKey(Buffer.from('secret'));
  const addresses = new BlockList();
  addresses.addAddress('1.2.3.4');
  const histogram = createHistogram();
  histogram.record(5);
  const webKey = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']);
  const world = shared({
    publicKey,
    privateKey,
    secret,
    webKey,
    addresses,
    histogram,
    module: new Module(EMPTY_MODULE),
    memory: new Memory({ initial: 1, maximum: 2, shared: true }),
  });
  assert.equal(world.secret, secret);
  const seen = await run((given: typeof world) => {
    const { WebAssembly } = globalThis as never as { WebAssembly: { Instance: new (module: object) => object } };
    new Uint8Array(given.memory.buffer)[0] = 7;
    return [
      given.publicKey.type,
      given.privateKey.asymmetricKeyType,
      given.secret.export().toString(),
      given.webKey.usages.join(),
      given.addresses.check('1.2.3.4'),
      given.histogram.max,
      typeof new WebAssembly.Instance(given.module),
    ];
  }, world);
  assert.deepEqual(seen, ['public', 'ed25519', 'secret', 'encrypt', true, 5, 'object']);
  assert.equal(new Uint8Array(world.memory.buffer)[0], 7);
  assert.ok((createPublicKey(privateKey) as KeyObject).equals(world.publicKey));
});

test('a snapshot has the object itself', () => {
  const blob = new Blob(['x']);
  assert.equal(snapshot(shared({ blob })).blob, blob);
});

test('one that Node does not pass is refused with its path and what to do, and nothing is left', async () => {
  const blob = await openAsBlob(new URL(import.meta.url).pathname);
  for (let round = 0; round < 3; round++) {
    assert.throws(() => shared({ deep: [blob] }), {
      name: 'TypeError',
      message:
        'the value.deep[0] cannot be shared: it is a Blob of a file that Node cannot pass to another thread. Pass the path, or its ' +
        'bytes: await blob.arrayBuffer()',
    });
  }
  collectAll();
  checkHeap();
});

test('an object of the platform that is no attachment is refused with what to do', () => {
  for (const [value, what] of [
    [new File(['x'], 'x.txt'), 'a File'],
    [new URL('file:///x'), 'a URL'],
    [new AbortController(), 'an AbortController'],
  ] as const) {
    assert.throws(() => shared({ value } as never), {
      name: 'TypeError',
      message: `the value.value cannot be shared: it is ${what}. Share what it is made from, or pass it to threads as an argument`,
    });
  }
});

test('a class of the program that is called so is no attachment', () => {
  class Blob {}
  assert.throws(
    () => shared({ blob: new Blob() as never }),
    /the value\.blob cannot be shared: it is an instance of Blob/,
  );
});

test('one that nobody holds goes, and its number with it', () => {
  const world = shared({ blob: new Blob(['0']) });
  for (let n = 0; n < 200; n++) world.blob = new Blob([String(n)]);
  collectAll();
  elsewhere((given) => {
    if (given.blob.size !== 3) throw new Error(String(given.blob.size));
  }, world);
  checkHeap();
});
