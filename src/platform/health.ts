// A web address that says how a process is: for what looks after processes, such as Kubernetes.

import { createServer } from 'node:http';

export interface Health {
  readonly port: number;
  close(): void;
}

/** Answers every request with what `look` says: 200 if it is well, 503 if not. @throws Error if the port is taken. */
export function serveHealth(port: number, look: () => Promise<{ readonly well: boolean }>): Promise<Health> {
  const server = createServer((_request, response) => {
    look().then(
      (said) => {
        response.writeHead(said.well ? 200 : 503, { 'content-type': 'application/json' });
        response.end(`${JSON.stringify(said)}\n`);
      },
      () => {
        response.writeHead(503);
        response.end();
      },
    );
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, () => {
      const address = server.address();
      const close = (): void => {
        server.close();
        server.closeAllConnections();
      };
      resolve({ port: typeof address === 'object' && address !== null ? address.port : port, close });
    });
  });
}
