// The seam to the engine: all that the cluster needs of it. jobs.ts is BullMQ, which is the same on every server; redis.ts (Redis, Valkey) and
// postgres.ts (PostgreSQL) have what it does not do.

/** A task that waits to be taken. */
export interface Job {
  readonly id: string;
  /** Sealed bytes as text, or the key under which they are stored. */
  readonly data: JobData;
  /** 1 goes first, then 2, …; none = after all that have one. */
  readonly priority?: number | undefined;
  /** Milliseconds for which the outcome is kept. */
  readonly keep: number;
}

export type JobData = { readonly p: string } | { readonly ref: string };

/** What is known of a task that is over. */
export interface Over {
  readonly id: string;
  /** The sealed outcome, in the form of `JobData`. */
  readonly returned?: JobData | undefined;
  readonly failed?: string | undefined;
}

/** The producing side of a queue. */
export interface Jobs {
  /** Adding a task whose id is there already changes nothing. */
  add(jobs: readonly Job[]): Promise<void>;
  /** Of these ids, those whose tasks are over, and those that nobody knows. */
  look(ids: readonly string[]): Promise<{ readonly over: readonly string[]; readonly unknown: readonly string[] }>;
  outcome(id: string): Promise<Over | undefined>;
  /** Removes a task that nobody has taken; whether it was there, and is not now. */
  remove(id: string): Promise<boolean>;
  /** Told of what is over: a hint, of which some are lost. */
  onOver(tell: (over: Over) => void): Promise<void>;
  limit(rate: { readonly max: number; readonly duration: number }): Promise<void>;
  close(): Promise<void>;
}

/** A task that was taken, for as long as its lease is renewed. */
export interface Taken {
  readonly id: string;
  readonly data: JobData;
  /** 1, 2, …: how often it was begun. */
  readonly attempt: number;
  /** Whether it is still this worker's. @throws Error when the engine does not answer. */
  renew(lease: number): Promise<boolean>;
}

/** What becomes of a task that was taken. */
export type Settled =
  | { readonly returned: JobData }
  /** It is over, and has failed for this reason. */
  | { readonly failed: string }
  /** Somebody else will have it when its lease is over. */
  | 'abandoned';

export interface Consumer {
  readonly begun: Promise<unknown>;
  /** Takes no more. Done when all that were taken are settled. */
  close(): Promise<void>;
}

export interface ConsumeOptions {
  readonly concurrency: number;
  /** Milliseconds for which a task is taken at first. */
  readonly lease: number;
  readonly name: string;
  /** The engine has taken the outcome of a task. */
  readonly accepted: (id: string) => void;
  /** Something went wrong that it goes on from: the connection is away, an outcome came too late. */
  readonly trouble: (error: Error) => void;
}

/** Numbers that rise with each holder of a lock come as text: they may be larger than a double holds. */
export type Acquired = { readonly token: string } | { readonly left: number };

export type Written = { readonly version: number } | { readonly stale: string } | { readonly conflict: number };

export interface Engine {
  jobs(queue: string): Promise<Jobs>;
  consume(queue: string, perform: (taken: Taken) => Promise<Settled>, options: ConsumeOptions): Promise<Consumer>;

  /** Bytes by key, for so many milliseconds. */
  put(key: string, bytes: Uint8Array, keep: number): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  /** What was announced under a name and has not ended: a text for each member. */
  announce(member: string, text: string, keep: number): Promise<void>;
  announced(): Promise<string[]>;
  retract(member: string): Promise<void>;

  publish(channel: string, text: string): Promise<void>;
  subscribe(channel: string, tell: (text: string) => void): Promise<void>;

  /** A lock, if it is free or its lease is over: the token is higher than that of every holder before. Otherwise how long its lease lasts. */
  acquire(lock: string, owner: string, lease: number): Promise<Acquired>;
  renew(lock: string, owner: string, lease: number): Promise<boolean>;
  release(lock: string, owner: string): Promise<boolean>;

  /** With a token: from now on writes with an older one are refused, as this is if there was a later one. */
  read(
    variable: string,
    token: string | undefined,
  ): Promise<{ readonly bytes: Uint8Array | undefined; readonly version: number } | { readonly stale: string }>;
  write(
    variable: string,
    bytes: Uint8Array,
    conditions: { readonly token?: string | undefined; readonly ifVersion?: number | undefined },
  ): Promise<Written>;

  /** Whether there was room. */
  push(queue: string, bytes: Uint8Array, maxSize: number): Promise<boolean>;
  shift(queue: string): Promise<Uint8Array | undefined>;
  size(queue: string): Promise<number>;

  close(): Promise<void>;
}

/** Where the engine is, and what of it is this cluster's. */
export interface EngineSettings {
  readonly address: string;
  /** Of several clusters on one server, each has its own. */
  readonly namespace: string;
}
