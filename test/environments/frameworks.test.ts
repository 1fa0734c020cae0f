// Servers that frameworks build: a copy of the folder that Next and Nitro make runs where nothing else is. They take minutes to install and to
// build, so they are asked for: HEDDLE_FRAMEWORKS=1 npm run test:environments -- frameworks
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { install, pack } from '../support/packed.ts';
import { PACKAGES, TEN_CHECKS } from './ten_checks.ts';

const run = promisify(execFile);
const asked = { skip: process.env['HEDDLE_FRAMEWORKS'] === undefined && 'HEDDLE_FRAMEWORKS=1 asks for it' };
const folders: string[] = [];

after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function temporary(name: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `heddle-${name}-`)));
  folders.push(folder);
  return folder;
}

/** A project with the ten checks in `lib/`, and these files and packages. */
async function project(name: string, files: Readonly<Record<string, string>>, packages: string[]): Promise<string> {
  const folder = temporary(name);
  const checks = Object.entries(TEN_CHECKS).map(([file, text]) => [`lib/${file}`, text] as const);
  for (const [file, text] of [...Object.entries(files), ...checks]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const packed = await pack(folder);
  await install(folder, [join(folder, packed.filename), ...PACKAGES, ...packages]);
  rmSync(join(folder, 'staged'), { recursive: true });
  return folder;
}

const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...outer } = process.env;
const env = { ...outer, NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };

const build = (folder: string, args: readonly string[]): Promise<unknown> =>
  run(process.execPath, [...args], { cwd: folder, env, maxBuffer: 1e8 });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What a server answers to each of these paths. It runs in a copy of `folder`, and the project is gone. */
async function answers(folder: string, main: string, paths: readonly string[]): Promise<string[]> {
  const copy = temporary('server');
  cpSync(folder, copy, { recursive: true });
  const port = await freePort();
  const where = { PORT: String(port), HOSTNAME: '127.0.0.1', HOST: '127.0.0.1' };
  const server = spawn(process.execPath, [main], { cwd: copy, env: { ...env, ...where }, stdio: 'pipe' });
  try {
    let printed = '';
    const ready = new Promise<void>((resolve, reject) => {
      server.on('exit', () => reject(new Error(printed)));
      for (const stream of [server.stdout, server.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          printed += text;
          if (/Ready|Listening/.test(printed)) resolve();
        });
      }
    });
    await ready;
    const texts: string[] = [];
    for (const path of paths) texts.push(await (await fetch(`http://127.0.0.1:${port}${path}`)).text());
    return texts;
  } finally {
    server.removeAllListeners('exit');
    server.kill('SIGKILL');
  }
}

test('Nitro: outside of the bundle, and inside', asked, async () => {
  const folder = await project(
    'nitro',
    {
      'package.json': JSON.stringify({ name: 'nitro-server', private: true, type: 'module' }),
      'nitro.config.ts':
        "export default { compatibilityDate: '2026-01-01', sourceMap: true, noExternals: process.env.INSIDE === '1', esbuild: { options: { target: 'es2022' } } };\n",
      'routes/index.ts':
        "import { tenChecks } from '../lib/checks.ts';\nexport default eventHandler(() => tenChecks());\n",
    },
    ['nitropack@2'],
  );
  for (const inside of ['0', '1']) {
    Object.assign(env, { INSIDE: inside });
    await build(folder, [join(folder, 'node_modules/nitropack/dist/cli/index.mjs'), 'build']);
    assert.deepEqual(await answers(join(folder, '.output'), 'server/index.mjs', ['/']), ['TEN OF TEN'], inside);
  }
});

const NEXT = {
  'package.json': JSON.stringify({ name: 'next-server', private: true }),
  'next.config.mjs':
    "export default { output: 'standalone', typescript: { ignoreBuildErrors: true }, outputFileTracingRoot: import.meta.dirname ?? process.cwd(), experimental: { serverSourceMaps: true } };\n",
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      allowImportingTsExtensions: true,
      noEmit: true,
      jsx: 'react-jsx',
      moduleResolution: 'bundler',
      module: 'esnext',
    },
  }),
  'app/layout.tsx':
    'export default function Layout({ children }: { children: unknown }) { return <html><body>{children as never}</body></html>; }\n',
  'app/page.tsx': `import { run } from 'heddle';
export const dynamic = 'force-dynamic';
const FACTOR = 3;
export default async function Page() { return <p>{'page ' + await run((n: number) => n * FACTOR, 5)}</p>; }
`,
  'app/checks/route.ts': `import { tenChecks } from '../../lib/checks.ts';
export const dynamic = 'force-dynamic';
export async function GET() { return new Response(await tenChecks()); }
`,
};

test("Next, output: 'standalone', with webpack and with Turbopack", asked, async () => {
  const folder = await project('next', NEXT, [
    'next@16',
    'react@19',
    'react-dom@19',
    'typescript@5',
    '@types/react@19',
    '@types/node@22',
  ]);
  for (const bundler of ['--webpack', '--turbopack']) {
    rmSync(join(folder, '.next'), { recursive: true, force: true });
    await build(folder, [join(folder, 'node_modules/next/dist/bin/next'), 'build', bundler]);
    const [checks, page] = await answers(join(folder, '.next/standalone'), 'server.js', ['/checks', '/']);
    assert.match(page!, /page 15/);
    // Turbopack lays no map beside what it copies: only the position in the stack is that of the bundle.
    if (bundler === '--webpack') assert.equal(checks, 'TEN OF TEN');
    else assert.match(checks!, /^(?:TEN OF TEN|the stack of an error: Error: it says RangeError: broken 3\n)/);
    assert.doesNotMatch(checks!, /\n[a-z ]+: Error/);
  }
});
