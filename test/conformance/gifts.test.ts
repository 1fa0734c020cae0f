// Ports and streams, which only one thread can have: a call that cannot be made leaves them to the caller.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { run, stackSize, startNewThread, Thread, ThreadPoolExecutor } from 'heddle';
import { waitForThreads } from '../support/bunch.ts';

/** More than any platform gives. */
const TOO_MUCH = 2 ** 42;

const send = (port: MessagePort): void => port.postMessage('from there');

/** Whether a port of this thread still works. */
async function works(port: MessagePort, other: MessagePort): Promise<boolean> {
  const heard = new Promise((resolve) => other.once('message', resolve));
  port.postMessage('from here');
  return (await heard) === 'from here';
}

const refused = { name: 'ThreadError', message: "can't start new thread" };

/** Starts that fail for want of a thread, by the name of what is called. */
const FAILING: Readonly<Record<string, (port: MessagePort) => unknown>> = {
  startNewThread: (port) => startNewThread(send, [port]),
  Thread: (port) => new Thread(send, { args: [port] }).start(),
  submit: (port) => new ThreadPoolExecutor().submit(send, port),
  withOptions: (port) => new ThreadPoolExecutor().withOptions({ interruptible: true }).submit(send, port),
  map: (port) => new ThreadPoolExecutor().map(send, [port]),
};

for (const [name, start] of Object.entries(FAILING)) {
  test(`${name}: a port that was for a thread which cannot start is still the caller's`, async () => {
    const { port1, port2 } = new MessageChannel();
    const before = stackSize(TOO_MUCH);
    try {
      assert.throws(() => start(port1), refused);
    } finally {
      stackSize(before);
    }
    assert.ok(await works(port1, port2));
    const heard = new Promise((resolve) => port2.once('message', resolve));
    await run(send, port1);
    assert.equal(await heard, 'from there');
    port2.close();
  });
}

test('a task that is cancelled before it begins has taken no port', async () => {
  const { port1, port2 } = new MessageChannel();
  const executor = new ThreadPoolExecutor();
  assert.ok(executor.withOptions({ signal: AbortSignal.abort() }).submit(send, port1).cancelled());
  assert.ok(await works(port1, port2));
  port1.close();
  executor.shutdown();
});

test('what the platform does not give fails the call, and all else that was for it is still here', async () => {
  const { port1, port2 } = new MessageChannel();
  const locked = new ReadableStream();
  locked.getReader();
  const writing = new WritableStream();
  writing.getWriter();
  const transforming = new TransformStream();
  transforming.readable.getReader();
  const { port1: gone } = new MessageChannel();
  structuredClone(gone, { transfer: [gone] });
  const take = (..._: unknown[]): void => {};
  // With a new worker, and with one that is parked.
  for (let round = 0; round < 2; round++) {
    for (const bad of [locked, writing, transforming, gone]) {
      assert.throws(() => startNewThread(take, [[port1, bad]]), { name: 'CaptureError' });
      await assert.rejects(run(take, port1, bad), { name: 'CaptureError' });
      assert.ok(await works(port1, port2), bad.constructor.name);
    }
    startNewThread(take, []);
    await waitForThreads();
  }
  const heard = new Promise((resolve) => port2.once('message', resolve));
  startNewThread(send, [port1]);
  assert.equal(await heard, 'from there');
  port2.close();
});

test('a port goes to a thread that had to be made for it, as to one that was parked', async () => {
  const size = stackSize(1024 * 1024);
  try {
    for (let round = 0; round < 3; round++) {
      const { port1, port2 } = new MessageChannel();
      const heard = new Promise((resolve) => port2.once('message', resolve));
      const thread = new Thread(send, { args: [port1], name: `giver ${round}` });
      thread.start();
      assert.equal(await heard, 'from there');
      await thread.joinAsync();
      port2.close();
    }
  } finally {
    stackSize(size);
  }
});
