// PostgreSQL: https://www.postgresql.org. Each step on a lock, a variable or a queue is one statement. Time is the server's.

import type { Client, Pool } from 'pg';
import { isAway } from './away.js';
import { type Connector, consumeFrom, jobsOn } from './jobs.js';
import { peer } from './peer.js';
import type { Acquired, Engine, EngineSettings, Written } from './seam.js';

/** Tables are made by one process at a time: this number is the lock for it. */
const TABLES_LOCK = 0x4845444c;

const tables = (schema: string): string => `
  CREATE SCHEMA IF NOT EXISTS ${schema};
  CREATE TABLE IF NOT EXISTS ${schema}.bytes (name text PRIMARY KEY, value bytea NOT NULL, until timestamptz NOT NULL);
  CREATE INDEX IF NOT EXISTS bytes_until ON ${schema}.bytes (until);
  CREATE TABLE IF NOT EXISTS ${schema}.members (name text PRIMARY KEY, value text NOT NULL, until timestamptz NOT NULL);
  CREATE TABLE IF NOT EXISTS ${schema}.locks (name text PRIMARY KEY, owner text NOT NULL, until timestamptz NOT NULL, token bigint NOT NULL);
  CREATE TABLE IF NOT EXISTS ${schema}.variables (name text PRIMARY KEY, value bytea, version bigint NOT NULL, token numeric);
  CREATE TABLE IF NOT EXISTS ${schema}.queues (id bigserial PRIMARY KEY, name text NOT NULL, value bytea NOT NULL);
  CREATE INDEX IF NOT EXISTS queues_name ON ${schema}.queues (name, id);
  CREATE OR REPLACE FUNCTION ${schema}.push(queue text, item bytea, most bigint) RETURNS boolean LANGUAGE plpgsql AS $$
    BEGIN
      IF most > 0 THEN
        PERFORM pg_advisory_xact_lock(${TABLES_LOCK}, hashtext(queue));
        IF (SELECT count(*) FROM ${schema}.queues WHERE name = queue) >= most THEN RETURN false; END IF;
      END IF;
      INSERT INTO ${schema}.queues (name, value) VALUES (queue, item);
      RETURN true;
    END $$;`;

/** Milliseconds between looks for bytes that nobody keeps any more. */
const SWEEP = 60_000;

const ms = (parameter: string): string => `clock_timestamp() + ${parameter} * interval '1 millisecond'`;

const ignore = (): void => {};
const pause = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

export async function openPostgres({ address, namespace }: EngineSettings): Promise<Engine> {
  const pg = await peer('pg', async () => (await import('pg')).default);
  const { createPostgresBackend } = await peer('bullmq', () => import('bullmq'));
  const schema = namespace.replaceAll(/\W/g, '_');
  const pool: Pool = new pg.Pool({ connectionString: address, max: 4, keepAlive: true });
  pool.on('error', ignore);
  let closed = false;

  /** While the server is away it is asked again: every statement here may be repeated. */
  async function query<R extends object>(text: string, values: readonly unknown[] = []): Promise<R[]> {
    for (let tries = 0; ; tries++) {
      try {
        return (await pool.query<R>(text, [...values])).rows;
      } catch (error) {
        if (closed || !isAway(error)) throw error;
        await pause(Math.min(50 * (tries + 1), 1000));
      }
    }
  }

  const setUp = await pool.connect();
  try {
    await setUp.query(`BEGIN; SELECT pg_advisory_xact_lock(${TABLES_LOCK}); ${tables(schema)} COMMIT`);
  } finally {
    setUp.release();
  }

  const sweep = setInterval(() => {
    pool.query(`DELETE FROM ${schema}.bytes WHERE until < clock_timestamp()`).catch(ignore);
    pool.query(`DELETE FROM ${schema}.members WHERE until < clock_timestamp()`).catch(ignore);
  }, SWEEP);
  sweep.unref();

  const listening = new Map<string, (text: string) => void>();
  let listener: Client | undefined;
  /** A connection of its own, made again when it is lost. */
  async function listen(): Promise<void> {
    for (;;) {
      const client = new pg.Client({ connectionString: address, keepAlive: true });
      client.on('error', ignore);
      try {
        await client.connect();
        client.on('notification', ({ channel, payload }) => listening.get(channel)?.(payload ?? ''));
        for (const channel of listening.keys()) await client.query(`LISTEN "${channel}"`);
        listener = client;
        client.on('end', () => {
          if (!closed) void listen();
        });
        return;
      } catch {
        await client.end().catch(ignore);
        if (closed) return;
        await pause(250);
      }
    }
  }

  /** Names of channels have 63 bytes at most. */
  const channelName = (channel: string): string => `${schema}.${channel}`.replaceAll('"', '').slice(0, 63);

  const jobSchema = `${schema}_jobs`;
  const connector: Connector = {
    options: { connection: { connectionString: address, schema: jobSchema, migrate: true, max: 8 } as never },
    backend: [createPostgresBackend as never],
    async look(queue, ids) {
      const rows = await query<{ id: string; over: boolean }>(
        `SELECT id, finished_at_ms IS NOT NULL AS over FROM ${jobSchema}.job WHERE queue = $1 AND id = ANY($2)`,
        [queue, ids],
      );
      const known = new Set(rows.map(({ id }) => id));
      return { over: rows.filter(({ over }) => over).map(({ id }) => id), unknown: ids.filter((id) => !known.has(id)) };
    },
  };

  return {
    jobs: (queue) => jobsOn(connector, queue),
    consume: (queue, perform, options) => consumeFrom(connector, queue, perform, options),

    async put(name, bytes, keep) {
      await query(
        `INSERT INTO ${schema}.bytes VALUES ($1, $2, ${ms('$3')}) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, until = EXCLUDED.until`,
        [name, Buffer.from(bytes), keep],
      );
    },
    async get(name) {
      const [row] = await query<{ value: Buffer }>(
        `SELECT value FROM ${schema}.bytes WHERE name = $1 AND until > clock_timestamp()`,
        [name],
      );
      return row?.value;
    },
    async announce(member, text, keep) {
      await query(
        `INSERT INTO ${schema}.members VALUES ($1, $2, ${ms('$3')}) ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, until = EXCLUDED.until`,
        [member, text, keep],
      );
    },
    async announced() {
      const rows = await query<{ value: string }>(
        `SELECT value FROM ${schema}.members WHERE until > clock_timestamp() ORDER BY name`,
      );
      return rows.map(({ value }) => value);
    },
    async retract(member) {
      await query(`DELETE FROM ${schema}.members WHERE name = $1`, [member]);
    },

    async publish(channel, text) {
      await query('SELECT pg_notify($1, $2)', [channelName(channel), text]);
    },
    async subscribe(channel, tell) {
      const name = channelName(channel);
      listening.set(name, tell);
      if (listener === undefined) await listen();
      else await listener.query(`LISTEN "${name}"`).catch(ignore);
    },

    async acquire(lock, owner, lease): Promise<Acquired> {
      const [row] = await query<{ token: string }>(
        `INSERT INTO ${schema}.locks AS held VALUES ($1, $2, ${ms('$3')}, 1)
         ON CONFLICT (name) DO UPDATE SET owner = EXCLUDED.owner, until = EXCLUDED.until, token = held.token + 1
         WHERE held.owner = '' OR held.owner = EXCLUDED.owner OR held.until <= clock_timestamp() RETURNING token::text`,
        [lock, owner, lease],
      );
      if (row !== undefined) return { token: row.token };
      const [held] = await query<{ left: number }>(
        `SELECT extract(epoch FROM until - clock_timestamp())::float8 * 1000 AS left FROM ${schema}.locks WHERE name = $1`,
        [lock],
      );
      return { left: Math.max(0, held?.left ?? 0) };
    },
    async renew(lock, owner, lease) {
      const rows = await query(
        `UPDATE ${schema}.locks SET until = ${ms('$3')} WHERE name = $1 AND owner = $2 AND until > clock_timestamp() RETURNING 1`,
        [lock, owner, lease],
      );
      return rows.length > 0;
    },
    async release(lock, owner) {
      const rows = await query(`UPDATE ${schema}.locks SET owner = '' WHERE name = $1 AND owner = $2 RETURNING 1`, [
        lock,
        owner,
      ]);
      return rows.length > 0;
    },

    async read(variable, token) {
      if (token !== undefined) {
        const [noted] = await query<{ value: Buffer | null; version: string }>(
          `INSERT INTO ${schema}.variables AS known VALUES ($1, NULL, 0, $2::numeric)
           ON CONFLICT (name) DO UPDATE SET token = $2::numeric WHERE known.token IS NULL OR known.token <= $2::numeric
           RETURNING value, version`,
          [variable, token],
        );
        if (noted !== undefined) return { bytes: noted.value ?? undefined, version: Number(noted.version) };
        const [later] = await query<{ token: string }>(`SELECT token::text FROM ${schema}.variables WHERE name = $1`, [
          variable,
        ]);
        return { stale: later!.token };
      }
      const [row] = await query<{ value: Buffer | null; version: string }>(
        `SELECT value, version FROM ${schema}.variables WHERE name = $1`,
        [variable],
      );
      return { bytes: row?.value ?? undefined, version: Number(row?.version ?? 0) };
    },
    async write(variable, bytes, { token, ifVersion }): Promise<Written> {
      const values = [variable, Buffer.from(bytes), token ?? null, ifVersion ?? null];
      for (;;) {
        // A variable that is not there has version 0: of two that write it first, one updates what the other has inserted.
        const [row] = await query<{ version: string }>(
          `WITH written AS (
             UPDATE ${schema}.variables SET value = $2, version = version + 1, token = coalesce($3::numeric, token)
             WHERE name = $1 AND ($3::numeric IS NULL OR token IS NULL OR token <= $3::numeric) AND ($4::bigint IS NULL OR version = $4)
             RETURNING version),
           made AS (
             INSERT INTO ${schema}.variables SELECT $1, $2, 1, $3::numeric
             WHERE ($4::bigint IS NULL OR $4 = 0) AND NOT EXISTS (SELECT 1 FROM ${schema}.variables WHERE name = $1)
             ON CONFLICT (name) DO NOTHING RETURNING version)
           SELECT version FROM written UNION ALL SELECT version FROM made`,
          values,
        );
        if (row !== undefined) return { version: Number(row.version) };
        const [now] = await query<{ version: string; token: string | null; stale: boolean }>(
          `SELECT version, token::text, coalesce(token > $2::numeric, false) AS stale FROM ${schema}.variables WHERE name = $1`,
          [variable, token ?? null],
        );
        if (now?.stale) return { stale: now.token! };
        if (ifVersion !== undefined && Number(now?.version ?? 0) !== ifVersion)
          return { conflict: Number(now?.version ?? 0) };
      }
    },

    async push(queue, bytes, maxSize) {
      // Of those that count at the same time, only one may find the last place: the lock ends with the statement.
      const rows = await query<{ put: boolean }>(`SELECT ${schema}.push($1, $2, $3) AS put`, [
        queue,
        Buffer.from(bytes),
        maxSize,
      ]);
      return rows[0]!.put;
    },
    async shift(queue) {
      const [row] = await query<{ value: Buffer }>(
        `DELETE FROM ${schema}.queues WHERE id = (
           SELECT id FROM ${schema}.queues WHERE name = $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING value`,
        [queue],
      );
      return row?.value;
    },
    async size(queue) {
      const [row] = await query<{ size: string }>(`SELECT count(*) AS size FROM ${schema}.queues WHERE name = $1`, [
        queue,
      ]);
      return Number(row!.size);
    },

    async close() {
      closed = true;
      clearInterval(sweep);
      await listener?.end().catch(ignore);
      await pool.end();
    },
  };
}
