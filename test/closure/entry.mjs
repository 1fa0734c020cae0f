// A worker that runs the calls it is sent, one at a time, and sends back what they give. Plain JavaScript: it runs as it is, whatever
// the tests were compiled with.
import { parentPort, workerData } from 'node:worker_threads';
import { SEAT } from '#heddle/memory/seat.js';

// With a seat it shares the memory of who made it.
if (workerData?.seat) Object.defineProperty(globalThis, SEAT, { value: workerData.seat });
const { inspectorCalls } = await import('#heddle/closure/capture.js');
const { captureValue } = await import('#heddle/closure/codec.js');
const { rebuildCall } = await import('#heddle/closure/rebuild.js');
await import('#heddle/data/struct.js');
await import('#heddle/runtime/heap.js');

parentPort.on('message', async (packet) => {
  const answer = { calls: 0 };
  try {
    const { fn, args } = await rebuildCall(packet);
    answer.result = captureValue(await fn(...args), 'result').packet();
  } catch (error) {
    answer.error = captureValue(error, 'error').packet();
  }
  answer.calls = inspectorCalls();
  parentPort.postMessage(answer);
});
