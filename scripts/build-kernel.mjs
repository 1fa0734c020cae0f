// Compiles kernel/kernel.ts to Wasm and writes it into a TypeScript module as text, so that no bundler, loader or file lookup is
// needed to have it. Does nothing when the module is newer than its sources.
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = 'kernel/kernel.ts';
const target = `${root}src/memory/kernel-bytes.ts`;

const modified = (path) => statSync(path).mtimeMs;
const inputs = [
  ...readdirSync(`${root}kernel`).map((name) => `${root}kernel/${name}`),
  ...['memory/layout.ts', 'heap/types.ts'].map((name) => `${root}src/${name}`),
  fileURLToPath(import.meta.url),
];
if (existsSync(target) && inputs.every((input) => modified(input) < modified(target))) process.exit(0);

let binary;
const { error, stderr } = await asc.main(
  [
    source,
    ...['--baseDir', root, '--outFile', 'kernel.wasm'],
    ...['--importMemory', '--sharedMemory', '--initialMemory', '256', '--maximumMemory', '65536', '--noExportMemory'],
    ...['--enable', 'threads', '--runtime', 'stub', '-O3', '--converge', '--noAssert'],
  ],
  {
    writeFile: (_name, contents) => {
      binary = contents;
    },
  },
);
if (error || !(binary instanceof Uint8Array)) {
  console.error(stderr.toString());
  throw error ?? new Error('the kernel did not compile');
}
writeFileSync(
  target,
  `// Made by scripts/build-kernel.mjs from kernel/kernel.ts: do not edit.\n\n` +
    `/** The kernel's Wasm binary, base64. */\nexport const KERNEL = '${Buffer.from(binary).toString('base64')}';\n`,
);
console.error(`kernel: ${binary.length} bytes of Wasm`);
