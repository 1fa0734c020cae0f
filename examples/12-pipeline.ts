// A pipeline with back-pressure: three stages, two queues that hold a few items. A stage that is slower than the one before makes that one
// wait, so memory stays bounded however long the input is.

import { createHash } from 'node:crypto';
import { Queue, shared, Thread } from 'heddle';

const BLOCKS = 500;
const HASHERS = 2;

interface Block {
  readonly index: number;
  readonly text: string;
}
interface Digest {
  readonly index: number;
  readonly digest: string;
}

const blocks = new Queue<Block>({ maxSize: 4 });
const digests = new Queue<Digest>({ maxSize: 4 });
const longest = shared({ blocks: 0 });

const read = new Thread(
  () => {
    for (let index = 0; index < BLOCKS; index++) {
      blocks.put({ index, text: `block ${index} `.repeat(1000) });
      longest.blocks = Math.max(longest.blocks, blocks.size);
    }
    // The items in the queue are still given out.
    blocks.shutdown();
  },
  { name: 'reader' },
);

const hash = Array.from(
  { length: HASHERS },
  (_, n) =>
    new Thread(
      async () => {
        for await (const { index, text } of blocks) {
          digests.put({ index, digest: createHash('sha256').update(text).digest('hex') });
        }
      },
      { name: `hasher-${n + 1}` },
    ),
);

for (const thread of [read, ...hash]) thread.start();

// The last stage is the main thread, on its event loop.
const ordered: string[] = [];
for (let got = 0; got < BLOCKS; got++) {
  const { index, digest } = await digests.getAsync();
  ordered[index] = digest;
}
for (const thread of [read, ...hash]) await thread.joinAsync();

const all = createHash('sha256').update(ordered.join('')).digest('hex');
console.log(`${BLOCKS} blocks, ${all.slice(0, 16)}; no more than ${longest.blocks} waited`);
