// An HTTP server that renders on an executor: its event loop only takes requests and answers, so it stays responsive however long a page
// takes. GET /prime/1000 finds the thousandth prime; GET /health is answered at once.
//
//   node examples/13-server.ts [port]

import { createServer } from 'node:http';
import { ThreadPoolExecutor } from 'heddle';

const [port = '8080'] = process.argv.slice(2);
const LARGEST = 200_000;

const executor = new ThreadPoolExecutor({ threadNamePrefix: 'renderer' });

function render(nth: number): string {
  let [found, candidate] = [0, 1];
  while (found < nth) {
    candidate++;
    let prime = true;
    for (let divisor = 2; prime && divisor * divisor <= candidate; divisor++) prime = candidate % divisor !== 0;
    if (prime) found++;
  }
  return `<p>Prime number ${nth} is ${candidate}.</p>\n`;
}

const server = createServer(async (request, response) => {
  const [, nth] = /^\/prime\/(\d{1,6})$/.exec(request.url ?? '') ?? [];
  if (request.url === '/health') {
    response.end('well\n');
  } else if (nth === undefined || Number(nth) < 1 || Number(nth) > LARGEST) {
    response.writeHead(404).end('GET /prime/1000 or /health\n');
  } else {
    try {
      const page = await executor.submit(render, Number(nth));
      response.setHeader('content-type', 'text/html').end(page);
    } catch (error) {
      response.writeHead(500).end(`${String(error)}\n`);
    }
  }
});

server.listen(Number(port), () => {
  const address = server.address();
  console.log(`http://localhost:${typeof address === 'object' ? address?.port : address}/prime/1000`);
});

// Ctrl-C: no more requests, what is being rendered is finished, and the process ends by itself.
process.once('SIGINT', () => {
  server.close();
  server.closeIdleConnections();
  executor.shutdown({ wait: false });
});
