// A worker that runs the calls it is sent, one at a time, and sends back what they give. Plain JavaScript: it runs as it is, whatever
// the tests were compiled with.
import { parentPort } from 'node:worker_threads';
import { inspectorCalls } from '#heddle/closure/capture.js';
import { captureValue } from '#heddle/closure/codec.js';
import { rebuildCall } from '#heddle/closure/rebuild.js';

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
