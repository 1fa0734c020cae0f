// Redis and Valkey: https://redis.io, https://valkey.io. Each step on a lock, a variable or a queue is a script, which the server runs as one. Time is the server's.

import type { Redis as RedisClient } from 'ioredis';
import { type Connector, consumeFrom, jobsOn } from './jobs.js';
import { peer } from './peer.js';
import type { Acquired, Engine, EngineSettings, Written } from './seam.js';

const NOW = "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000);";

const SCRIPTS = {
  // A lock is a hash {owner, until, token}. It stays when nobody holds it: tokens only rise.
  heddleAcquire: `${NOW}
    local ends = tonumber(redis.call('HGET', KEYS[1], 'until') or '0')
    local owner = redis.call('HGET', KEYS[1], 'owner')
    if owner and owner ~= '' and owner ~= ARGV[1] and ends > now then return {'', tostring(ends - now)} end
    local token = redis.call('HINCRBY', KEYS[1], 'token', 1)
    redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', string.format('%.0f', now + ARGV[2]))
    return {tostring(token), ''}`,
  heddleRenew: `${NOW}
    if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
    if tonumber(redis.call('HGET', KEYS[1], 'until')) <= now then return 0 end
    redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + ARGV[2]))
    return 1`,
  heddleRelease: `
    if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
    redis.call('HSET', KEYS[1], 'owner', '', 'until', '0')
    return 1`,
  // A variable is a hash {value, version, token}. Tokens are compared as texts of digits: they may be larger than a double holds.
  heddleWrite: `
    local token = redis.call('HGET', KEYS[1], 'token') or ''
    local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
    if ARGV[2] ~= '' then
      if #ARGV[2] < #token or (#ARGV[2] == #token and ARGV[2] < token) then return {'stale', token} end
    end
    if ARGV[3] ~= '' and tonumber(ARGV[3]) ~= version then return {'conflict', tostring(version)} end
    redis.call('HSET', KEYS[1], 'value', ARGV[1], 'version', tostring(version + 1))
    if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'token', ARGV[2]) end
    return {'written', tostring(version + 1)}`,
  heddleNote: `
    local token = redis.call('HGET', KEYS[1], 'token') or ''
    if #ARGV[1] < #token or (#ARGV[1] == #token and ARGV[1] < token) then return token end
    redis.call('HSET', KEYS[1], 'token', ARGV[1])
    return ''`,
  heddlePush: `
    if ARGV[2] ~= '0' and redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
    redis.call('RPUSH', KEYS[1], ARGV[1])
    return 1`,
} as const;

type Scripts = Record<keyof typeof SCRIPTS, (key: string, ...args: (string | number | Buffer)[]) => Promise<unknown>>;

const ignore = (): void => {};

export async function openRedis({ address, namespace }: EngineSettings): Promise<Engine> {
  const { Redis } = await peer('ioredis', () => import('ioredis'));
  // Commands wait while the server is away.
  const settings = { maxRetriesPerRequest: null, retryStrategy: (times: number) => Math.min(times * 50, 1000) };
  const client: RedisClient = new Redis(address, settings);
  client.on('error', ignore);
  for (const [name, lua] of Object.entries(SCRIPTS)) client.defineCommand(name, { numberOfKeys: 1, lua });
  const scripts = client as unknown as Scripts;
  let listener: RedisClient | undefined;
  const key = (kind: string, name: string): string => `${namespace}:${kind}:${name}`;
  const connector: Connector = {
    options: { connection: client as never, prefix: `${namespace}:jobs` },
    backend: [],
    async look(queue, ids) {
      const pipeline = client.pipeline();
      for (const id of ids) pipeline.hmget(`${namespace}:jobs:${queue}:${id}`, 'timestamp', 'finishedOn');
      const found = (await pipeline.exec()) ?? [];
      const over: string[] = [];
      const unknown: string[] = [];
      for (const [at, [error, fields]] of found.entries()) {
        if (error) throw error;
        const [timestamp, finished] = fields as (string | null)[];
        if (timestamp === null) unknown.push(ids[at]!);
        else if (finished !== null) over.push(ids[at]!);
      }
      return { over, unknown };
    },
  };
  return {
    jobs: (queue) => jobsOn(connector, queue),
    consume: (queue, perform, options) => consumeFrom(connector, queue, perform, options),

    async put(name, bytes, keep) {
      await client.set(key('bytes', name), Buffer.from(bytes), 'PX', Math.ceil(keep));
    },
    async get(name) {
      return (await client.getBuffer(key('bytes', name))) ?? undefined;
    },
    async announce(member, text, keep) {
      await client.set(key('member', member), text, 'PX', Math.ceil(keep));
      await client.sadd(key('members', 'all'), member);
    },
    async announced() {
      const members = await client.smembers(key('members', 'all'));
      if (members.length === 0) return [];
      const texts = await client.mget(members.map((member) => key('member', member)));
      const gone = members.filter((_, at) => texts[at] === null);
      if (gone.length > 0) await client.srem(key('members', 'all'), ...gone);
      return texts.filter((text) => text !== null);
    },
    async retract(member) {
      await client.del(key('member', member));
    },

    async publish(channel, text) {
      await client.publish(key('channel', channel), text);
    },
    async subscribe(channel, tell) {
      if (listener === undefined) {
        listener = new Redis(address, settings);
        listener.on('error', ignore);
        listener.setMaxListeners(0);
      }
      const name = key('channel', channel);
      listener.on('message', (from, text) => {
        if (from === name) tell(text);
      });
      await listener.subscribe(name);
    },

    async acquire(lock, owner, lease): Promise<Acquired> {
      const [token, left] = (await scripts.heddleAcquire(key('lock', lock), owner, lease)) as [string, string];
      return token === '' ? { left: Number(left) } : { token };
    },
    renew: async (lock, owner, lease) => (await scripts.heddleRenew(key('lock', lock), owner, lease)) === 1,
    release: async (lock, owner) => (await scripts.heddleRelease(key('lock', lock), owner)) === 1,

    async read(variable, token) {
      // What is read afterwards is at least as new as what the token was noted for.
      const later = token === undefined ? '' : ((await scripts.heddleNote(key('variable', variable), token)) as string);
      if (later !== '') return { stale: later };
      const [bytes, version] = await client.hmgetBuffer(key('variable', variable), 'value', 'version');
      return { bytes: bytes ?? undefined, version: Number(version?.toString() ?? 0) };
    },
    async write(variable, bytes, { token = '', ifVersion }): Promise<Written> {
      const condition = ifVersion === undefined ? '' : String(ifVersion);
      const [what, value] = (await scripts.heddleWrite(
        key('variable', variable),
        Buffer.from(bytes),
        token,
        condition,
      )) as ['stale' | 'conflict' | 'written', string];
      if (what === 'stale') return { stale: value };
      return what === 'conflict' ? { conflict: Number(value) } : { version: Number(value) };
    },

    push: async (queue, bytes, maxSize) =>
      (await scripts.heddlePush(key('queue', queue), Buffer.from(bytes), String(maxSize))) === 1,
    shift: async (queue) => (await client.lpopBuffer(key('queue', queue))) ?? undefined,
    size: (queue) => client.llen(key('queue', queue)),

    async close() {
      listener?.disconnect();
      client.disconnect();
    },
  };
}
