// The versions of Node that Heddle is tested on, and the other runtimes. Their binaries come from npm and lie in .nodes/.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const majors = [20, 22, 24, 26];

/** The packages of the other runtimes, and where their binary lies in them. */
export const runtimes = {
  bun: { version: '1.4.5', installer: 'install.js', binary: 'bin/bun.exe' },
  deno: { version: '2.9.6', installer: 'install.cjs', binary: platform() === 'win32' ? 'deno.exe' : 'deno' },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const system = `node-${platform() === 'win32' ? 'win' : platform()}-${arch()}`;

/** Path of the binary of one major version, installed when it is not there yet. */
export function nodeBinary(major) {
  const binary = join('node_modules', system, 'bin', platform() === 'win32' ? 'node.exe' : 'node');
  return installed(String(major), `${system}@${major}`, binary);
}

/** Path of the binary of another runtime, installed when it is not there yet. */
export function runtimeBinary(name) {
  const { version, installer, binary } = runtimes[name];
  const place = join('node_modules', name);
  return installed(name, `${name}@${version}`, join(place, binary), join(place, installer));
}

/** `installer`: a script of the package that is to have run, also where npm runs none by itself. */
function installed(folder, what, binary, installer) {
  const prefix = join(root, '.nodes', folder);
  const path = join(prefix, binary);
  if (existsSync(path)) return path;
  mkdirSync(prefix, { recursive: true });
  const options = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', ['install', '--prefix', prefix, ...options, what], {
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: platform() === 'win32',
  });
  if (installer !== undefined && !existsSync(path)) {
    execFileSync(process.execPath, [join(prefix, installer)], {
      cwd: dirname(join(prefix, installer)),
      stdio: 'inherit',
    });
  }
  return path;
}
