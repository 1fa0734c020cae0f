// Real servers for the tests of the cluster: Redis and Valkey where they are installed, PostgreSQL where it is, and the one that comes from npm.

import { spawn } from 'node:child_process';
import { accessSync, chownSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../support/program.ts';

export interface Server {
  readonly address: string;
  readonly port: number;
  /** Ends it as a crash does, and starts it again with the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

interface Postgres {
  freePort(): Promise<number>;
  startPostgres(): Promise<Server>;
}

const postgres = (await import(pathToFileURL(join(root, 'scripts', 'postgres.mjs')).href)) as Postgres;
export const { freePort } = postgres;

/** Where a program is; undefined if it is not installed. */
export function find(program: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // It is not there.
    }
  }
  return undefined;
}

/** Redis and Valkey write down each change, so that a crash loses nothing. */
async function startRedis(program: string, scheme: string): Promise<Server> {
  const place = mkdtempSync(join(tmpdir(), 'heddle-redis-'));
  const port = await freePort();
  const args = ['--port', String(port), '--dir', place, '--save', '', '--appendonly', 'yes', '--appendfsync', 'always'];
  let server: ReturnType<typeof spawn>;
  let over: Promise<unknown>;
  async function start(): Promise<void> {
    server = spawn(program, [...args, '--bind', '127.0.0.1'], { stdio: ['ignore', 'pipe', 'ignore'] });
    over = new Promise((resolve) => server.on('exit', resolve));
    await new Promise<void>((resolve, reject) => {
      let said = '';
      server.stdout!.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-8192);
        if (/ready to accept connections/i.test(said)) resolve();
      });
      server.on('exit', (status) => reject(new Error(`${program} ended with ${status}: ${said}`)));
    });
  }
  await start();
  const kill = (): void => void server.kill('SIGKILL');
  process.on('exit', kill);
  return {
    address: `${scheme}://127.0.0.1:${port}`,
    port,
    async restart() {
      server.kill('SIGKILL');
      await over;
      await start();
    },
    async stop() {
      process.off('exit', kill);
      server.kill('SIGKILL');
      await over;
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** The PostgreSQL of the system, if its programs are in the PATH. */
async function startInstalled(program: string): Promise<Server> {
  const place = mkdtempSync(join(tmpdir(), 'heddle-installed-'));
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
  if (user.uid !== undefined) chownSync(place, user.uid, user.gid);
  const data = join(place, 'data');
  const run = (path: string, args: string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = spawn(path, args, { ...user, cwd: place, stdio: 'ignore' });
      child.on('error', reject);
      child.on('exit', (status) => (status === 0 ? resolve() : reject(new Error(`${path} ended with ${status}`))));
    });
  await run(find('initdb')!, ['-D', data, '-U', 'heddle', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C']);
  const port = await freePort();
  const options = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'max_connections=200'];
  let server: ReturnType<typeof spawn>;
  let over: Promise<unknown>;
  async function start(): Promise<void> {
    const args = ['-D', data, '-p', String(port), ...options.flatMap((option) => ['-c', option])];
    server = spawn(program, args, { ...user, cwd: place, stdio: ['ignore', 'ignore', 'pipe'] });
    over = new Promise((resolve) => server.on('exit', resolve));
    await new Promise<void>((resolve, reject) => {
      server.stderr!.setEncoding('utf8').on('data', (text: string) => {
        if (/ready to accept connections/.test(text)) resolve();
      });
      server.on('exit', (status) => reject(new Error(`${program} ended with ${status}`)));
    });
  }
  await start();
  const kill = (): void => void server.kill('SIGQUIT');
  process.on('exit', kill);
  return {
    address: `postgres://heddle@127.0.0.1:${port}/postgres`,
    port,
    async restart() {
      server.kill('SIGQUIT');
      await over;
      await start();
    },
    async stop() {
      process.off('exit', kill);
      server.kill('SIGINT');
      await over;
      rmSync(place, { recursive: true, force: true });
    },
  };
}

export interface Kind {
  readonly name: string;
  /** Undefined if it is not installed; `skip` says so. */
  readonly start?: () => Promise<Server>;
  readonly skip?: string;
}

const installed = (name: string, program: string, start: (path: string) => Promise<Server>): Kind => {
  const path = find(program);
  return path === undefined ? { name, skip: `${program} is not in the PATH` } : { name, start: () => start(path) };
};

/** All engines; `HEDDLE_ENGINES=redis,npm` leaves others out. */
export const kinds: readonly Kind[] = [
  { name: 'npm', start: () => postgres.startPostgres() },
  installed('redis', 'redis-server', (path) => startRedis(path, 'redis')),
  installed('valkey', 'valkey-server', (path) => startRedis(path, 'valkey')),
  find('initdb') === undefined
    ? { name: 'postgres', skip: 'initdb is not in the PATH' }
    : installed('postgres', 'postgres', startInstalled),
].filter(({ name }) => (process.env['HEDDLE_ENGINES'] ?? name).split(',').includes(name));
