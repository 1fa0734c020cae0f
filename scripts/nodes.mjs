// The versions of Node that Heddle is tested on. Their binaries come from npm and lie in .nodes/.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const majors = [20, 22, 24, 26];

const root = fileURLToPath(new URL('..', import.meta.url));
const system = `node-${platform() === 'win32' ? 'win' : platform()}-${arch()}`;

/** Path of the binary of one major version, installed when it is not there yet. */
export function nodeBinary(major) {
  const prefix = join(root, '.nodes', String(major));
  const binary = join(prefix, 'node_modules', system, 'bin', platform() === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(binary)) {
    mkdirSync(prefix, { recursive: true });
    const options = ['--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--prefer-offline'];
    execFileSync('npm', ['install', '--prefix', prefix, ...options, `${system}@${major}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: platform() === 'win32',
    });
  }
  return binary;
}
