// A way to a server that can fall silent: connections stay, and nothing goes through them any more, as when a cable is pulled.

import { connect, createServer, type Socket } from 'node:net';

export interface Proxy {
  readonly port: number;
  /** From now on nothing goes through, in neither direction, and nobody is told. */
  silence(): void;
  heal(): void;
  close(): void;
}

export async function startProxy(to: number, host = '127.0.0.1'): Promise<Proxy> {
  let silent = false;
  const sockets = new Set<Socket>();
  const join = (from: Socket, into: Socket): void => {
    sockets.add(from);
    from.on('data', (bytes) => {
      if (!silent) into.write(bytes);
    });
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      if (!silent) into.destroy();
    });
  };
  const server = createServer((client) => {
    if (silent) {
      sockets.add(client);
      client.on('error', () => {});
      return;
    }
    const target = connect(to, '127.0.0.1');
    join(client, target);
    join(target, client);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as { port: number };
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    silence() {
      silent = true;
    },
    /** What was lost is lost: connections are made anew. */
    heal() {
      silent = false;
      drop();
    },
    close() {
      drop();
      server.close();
    },
  };
}
