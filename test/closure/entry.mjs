// A worker that makes the calls it is told of, one at a time, and says where what they give is. Plain JavaScript: it runs as it is,
// whatever the tests were compiled with.
import { MessageChannel, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { SEAT } from '#heddle/memory/seat.js';

Object.defineProperty(globalThis, SEAT, { value: workerData.seat });
const { inspectorCalls } = await import('#heddle/closure/out/capture.js');
const { exchangeBuffersBy } = await import('#heddle/heap/buffer.js');
const { adoptCell, addressOf } = await import('#heddle/heap/inflight.js');
const { share } = await import('#heddle/heap/copy.js');
const { callOf, readCall } = await import('#heddle/parcel/call.js');
const { packCopy } = await import('#heddle/parcel/parcel.js');
const { wire } = await import('#heddle/wiring.js');

wire();

// Buffers go through the parent, which looks after its port while it waits for an answer.
const { port1, port2 } = new MessageChannel();
parentPort.postMessage({ exchange: port2 }, [port2]);
exchangeBuffersBy({
  publish: (serial, kept) => port1.postMessage({ serial, kept }),
  give: (gifts) =>
    port1.postMessage(
      { gifts },
      gifts.map(({ object }) => object),
    ),
  fetch(serial) {
    port1.postMessage({ serial });
    for (;;) {
      const answer = receiveMessageOnPort(port1);
      if (answer) return answer.message;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  },
});
port1.unref();

/** Held until the next call. */
let answered;

parentPort.on('message', async (address) => {
  const job = adoptCell(address);
  let outcome;
  try {
    const { fn, args } = await readCall(callOf(job));
    outcome = { result: packCopy(await fn(...args), 'result') };
  } catch (error) {
    outcome = { error: packCopy(error, 'error') };
  }
  answered = share([outcome.error !== undefined, outcome.error ?? outcome.result]);
  parentPort.postMessage({ address: addressOf(answered), calls: inspectorCalls() });
});
