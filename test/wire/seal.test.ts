// Sealed bytes: whoever has the key reads what was sealed, and nobody else gets anything read. No byte of a message can be changed, cut off,
// added, or put in another's place without a refusal, and that refusal is always the same error.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Unsigned } from '#heddle/cluster/errors.js';
import { type ClusterKey, plainKey, type Signer, signerOf } from '#heddle/cluster/wire/keys.js';
import { type Expected, frame, type Header, openSealed, seal, unframe } from '#heddle/cluster/wire/seal.js';

const header: Header = {
  kind: 'call',
  subject: 'task-1',
  from: 'a process',
  node: process.versions.node,
  heddle: '0.1.0',
  need: [],
  packages: [],
};
const expected: Expected = { kinds: ['call'], subject: 'task-1' };
const pair = (): { privateKey: string; publicKey: string } => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};
const signer = (key: ClusterKey): Signer => signerOf(plainKey(key));
const own = pair();
const signers: Readonly<Record<string, Signer>> = { hmac: signer('a secret'), ed25519: signer(own) };

for (const [name, signs] of Object.entries(signers)) {
  test(`${name}: what was sealed is read by who has the key`, () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), fc.string(), (chunks, label) => {
        const opened = openSealed(seal({ ...header, label }, chunks, signs), signs, expected);
        assert.deepEqual(
          opened.chunks.map((chunk) => [...chunk]),
          chunks.map((chunk) => [...chunk]),
        );
        assert.equal(opened.header.label, label);
      }),
      { numRuns: 100 },
    );
  });

  test(`${name}: a changed bit, a byte less, a byte more: Unsigned, and nothing else`, () => {
    const sealed = seal(header, [Uint8Array.of(1, 2, 3), new Uint8Array(64)], signs);
    const change = fc.oneof(
      fc.record({ at: fc.nat(sealed.length - 1), bit: fc.nat(7) }).map(({ at, bit }) => {
        const changed = Buffer.from(sealed);
        changed[at]! ^= 1 << bit;
        return changed;
      }),
      fc.nat(sealed.length - 1).map((length) => sealed.subarray(0, length)),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => Buffer.concat([sealed, more])),
      fc.uint8Array({ minLength: 1, maxLength: 40 }).map((more) => Buffer.concat([more, sealed])),
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(change, (changed) => {
        assert.throws(() => openSealed(changed, signs, expected), Unsigned);
      }),
      { numRuns: name === 'hmac' ? 3000 : 500 },
    );
  });

  test(`${name}: another key, another subject, another kind, too late`, () => {
    const other = name === 'hmac' ? signer('another secret') : signer(pair());
    const sealed = seal({ ...header, until: 1000 }, [], signs);
    const refused = (open: () => unknown, message: RegExp): void => {
      assert.throws(open, (error: Error) => error instanceof Unsigned && message.test(error.message));
    };
    refused(() => openSealed(sealed, other, expected, 500), /does not carry the signature/);
    refused(() => openSealed(sealed, signs, { ...expected, subject: 'task-2' }, 500), /was put in the place of/);
    refused(() => openSealed(sealed, signs, { ...expected, kinds: ['result'] }, 500), /was put in the place of/);
    refused(() => openSealed(sealed, signs, expected, 1001), /has expired 1 ms ago/);
    assert.equal(openSealed(sealed, signs, expected, 1000).header.subject, 'task-1');
  });
}

test('of pairs, each signs with its own, and accepts those that it knows', () => {
  const [client, worker, stranger] = [pair(), pair(), pair()];
  const atWorker = signer({ privateKey: worker.privateKey, publicKey: [client.publicKey, worker.publicKey] });
  const fromClient = seal(header, [], signer(client));
  assert.equal(openSealed(fromClient, atWorker, expected).header.subject, 'task-1');
  assert.throws(() => openSealed(seal(header, [], signer(stranger)), atWorker, expected), Unsigned);
});

test('frames: what does not fit is no frame', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const chunks = unframe(Buffer.from(bytes));
      if (chunks !== undefined) assert.deepEqual(Buffer.concat(frame(chunks)), Buffer.from(bytes));
    }),
  );
});

test('what is no key is refused, and the key is in no message', () => {
  const wrong: [unknown, RegExp][] = [
    [undefined, /a cluster needs a key/],
    ['', /the key is empty/],
    [42, /a cluster needs a key/],
    [{ privateKey: own.privateKey }, /a pair of keys is/],
  ];
  for (const [key, message] of wrong) assert.throws(() => plainKey(key as ClusterKey), message);
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  assert.throws(() => plainKey(rsa as never), /privateKey is a key of the kind rsa/);
});
