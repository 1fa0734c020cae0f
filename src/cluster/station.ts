// The station: what a process has of a cluster that it is connected to. It lives in a thread of its own (serve.ts), and runs no code of the program.

import { Client } from './client.js';
import type { Engine } from './engine/seam.js';
import { Notices } from './notices.js';
import { Post } from './post.js';
import type { StationSettings } from './requests.js';

export class Station extends Post {
  readonly notices: Notices;
  readonly #clients = new Map<string, Client>();
  /** What must be done before the connection is closed. */
  readonly closing: (() => Promise<void>)[] = [];

  constructor(settings: StationSettings, engine: Engine) {
    super(settings, engine);
    this.notices = new Notices(this);
  }

  clientOf(queue: string): Client {
    let client = this.#clients.get(queue);
    if (client === undefined) {
      client = new Client(this, queue);
      this.#clients.set(queue, client);
    }
    return client;
  }

  async close(): Promise<void> {
    for (const step of this.closing) await step();
    for (const client of this.#clients.values()) await client.close();
    await this.engine.close();
  }
}
