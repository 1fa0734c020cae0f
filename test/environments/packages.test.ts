// Programs with packages that people use: the first that one would write with each. A value that a package has made is a constant of the
// module, and a thread uses it. The packages are installed for the occasion, so this is not part of `npm test`: npm run test:environments
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { install, pack } from '../support/packed.ts';
import { programFile } from '../support/program.ts';

const execute = promisify(execFile);
const project = realpathSync(mkdtempSync(join(tmpdir(), 'heddle-packages-')));

const PACKAGES = [
  'ajv@8',
  'ajv-formats@3',
  'chai@6',
  'dayjs@1',
  'drizzle-orm@0.44',
  'esbuild@0.28',
  'handlebars@4',
  'knex@3',
  'lodash@4',
  'lru-cache@11',
  'luxon@3',
  'marked@16',
  'moment-timezone@0.6',
  'nanoid@5',
  'p-limit@7',
  'pino@9',
  'sharp@0.34',
  'undici@7',
  'vitest@4',
  'winston@3',
  'yargs@18',
  'zod@4',
];

before(async () => {
  const packed = await pack(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'packages', private: true, type: 'module' }));
  await install(project, [join(project, packed.filename), ...PACKAGES]);
});

after(() => rmSync(project, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  const file = join(project, name);
  writeFileSync(file, text);
  return file;
};

/** Each program, and what it prints. */
const PROGRAMS: Record<string, readonly [program: string, printed: string]> = {
  ajv: [
    `import Ajv from 'ajv';
     import addFormats from 'ajv-formats';
     const ajv = new Ajv({ allErrors: true });
     addFormats(ajv);
     const validate = ajv.compile({ type: 'object', properties: { mail: { type: 'string', format: 'email' } } });
     const check = (x) => [validate(x), validate.errors?.length ?? 0];
     show(await run(check, { mail: 'a@b.co' }), await run(check, { mail: 'no' }));`,
    '[[true,0],[false,1]]',
  ],
  chai: [
    `import * as chai from 'chai';
     import { expect } from 'chai';
     chai.use((chai, { addMethod }) => addMethod(chai.Assertion.prototype, 'seven', function () { this.assert(this._obj === 7, 'no', 'yes') }));
     show(await run((n) => { expect(n).to.be.a('number'); expect(n).to.be.seven(); return n }, 7));`,
    '[7]',
  ],
  dayjs: [
    `import dayjs from 'dayjs';
     import utc from 'dayjs/plugin/utc.js';
     dayjs.extend(utc);
     const start = dayjs('2020-01-02T03:04:05Z');
     const now = dayjs();
     show(await run(() => [dayjs.utc(0).format(), start.utc().add(1, 'day').format()]), (await run(() => now.valueOf())) === now.valueOf());`,
    '[["1970-01-01T00:00:00Z","2020-01-03T03:04:05Z"],true]',
  ],
  drizzle: [
    `import { eq } from 'drizzle-orm';
     import { integer, pgTable, QueryBuilder, text } from 'drizzle-orm/pg-core';
     const users = pgTable('users', { id: integer('id').primaryKey(), name: text('name') });
     const builder = new QueryBuilder();
     show(await run((id) => builder.select().from(users).where(eq(users.id, id)).toSQL().sql, 3));`,
    '["select \\"id\\", \\"name\\" from \\"users\\" where \\"users\\".\\"id\\" = $1"]',
  ],
  handlebars: [
    `import Handlebars from 'handlebars';
     Handlebars.registerHelper('loud', (text) => text.toUpperCase());
     const template = Handlebars.compile('Hi {{loud name}}');
     show(await run((name) => template({ name }), 'Bo'));`,
    '["Hi BO"]',
  ],
  knex: [
    `import knex from 'knex';
     const db = knex({ client: 'pg' });
     show(await run((id) => db('users').where({ id }).toString(), 3));`,
    '["select * from \\"users\\" where \\"id\\" = 3"]',
  ],
  lodash: [
    `import _ from 'lodash';
     const square = _.memoize((n) => n * n);
     const increment = _.curry((a, b) => a + b)(1);
     show(await run((n) => [square(n), square(n), square.cache.size, increment(n), _.chunk([1, 2, 3], 2).length], 7));`,
    '[[49,49,1,8,2]]',
  ],
  'lru-cache': [
    `import { LRUCache } from 'lru-cache';
     const cache = new LRUCache({ max: 10 });
     show(await run((key) => cache.set(key, 1).get(key), 'a'));`,
    '[1]',
  ],
  luxon: [
    `import { DateTime, Settings } from 'luxon';
     Settings.defaultZone = 'Asia/Tokyo';
     const start = DateTime.fromISO('2020-01-01T00:00:00Z');
     show(await run(() => [start.plus({ days: 1 }).toISO(), DateTime.fromMillis(0).toISO()]));`,
    '[["2020-01-02T09:00:00.000+09:00","1970-01-01T09:00:00.000+09:00"]]',
  ],
  marked: [
    `import { Marked } from 'marked';
     const marked = new Marked({ gfm: true });
     marked.use({ renderer: { strong({ text }) { return '<b>' + text + '</b>' } } });
     show(await run((text) => marked.parse(text).trim(), '**x**'));`,
    '["<p><b>x</b></p>"]',
  ],
  'moment-timezone': [
    `import moment from 'moment-timezone';
     const start = moment.tz('2020-01-01T00:00:00', 'Europe/Berlin');
     show(await run(() => [moment.tz(0, 'Asia/Tokyo').format(), start.format()]));`,
    '[["1970-01-01T09:00:00+09:00","2020-01-01T00:00:00+01:00"]]',
  ],
  nanoid: [
    `import { customAlphabet, nanoid } from 'nanoid';
     const id = customAlphabet('ab', 5);
     show(await run(() => [/^[ab]{5}$/.test(id()), nanoid().length]));`,
    '[[true,21]]',
  ],
  'p-limit': [
    `import pLimit from 'p-limit';
     const limit = pLimit(2);
     show(await run((n) => Promise.all([1, 2, n].map((x) => limit(async () => x * 2))), 3));`,
    '[[2,4,6]]',
  ],
  pino: [
    `import pino from 'pino';
     const logger = pino({ base: null, timestamp: false });
     show(await run((n) => { logger.info({ n }, 'hello'); return n }, 5));`,
    '{"level":30,"n":5,"msg":"hello"}\n[5]',
  ],
  sharp: [
    `import sharp from 'sharp';
     const red = { create: { width: 4, height: 4, channels: 3, background: 'red' } };
     show(await run(async () => (await sharp(red).png().toBuffer()).subarray(1, 4).toString()));`,
    '["PNG"]',
  ],
  undici: [
    `import { createServer } from 'node:http';
     import { once } from 'node:events';
     import { Agent, request } from 'undici';
     const agent = new Agent({ connections: 2 });
     const server = createServer((_request, response) => response.end('hi')).listen(0, '127.0.0.1');
     await once(server, 'listening');
     const ask = async (port) => (await request('http://127.0.0.1:' + port, { dispatcher: agent })).body.text();
     show(await run(ask, server.address().port));
     server.close();
     server.closeAllConnections();`,
    '["hi"]',
  ],
  winston: [
    `import winston from 'winston';
     const log = winston.createLogger({ format: winston.format.simple(), transports: [new winston.transports.Console()] });
     show(await run(() => { log.info('hello'); return 1 }));`,
    'info: hello\n[1]',
  ],
  yargs: [
    `import yargs from 'yargs';
     const parser = yargs([]).option('n', { type: 'number' }).help(false);
     show(await run((words) => parser.parse(words).n, ['--n', '5']));`,
    '[5]',
  ],
  zod: [
    `import { z } from 'zod';
     const Mail = z.string().email();
     const User = z.object({ mail: Mail, tags: z.array(z.string()).default([]) });
     const check = (x) => User.safeParse(x).success;
     show(await run(check, { mail: 'a@b.co' }), await run(check, { mail: 5 }));`,
    '[true,false]',
  ],
};

const linesOf = (text: string): string[] => text.trim().split('\n').sort();

const PREFIX = `import { run } from 'heddle';\nconst show = (...values) => console.log(JSON.stringify(values));\n`;

for (const [name, [program, printed]] of Object.entries(PROGRAMS)) {
  test(name, async () => {
    const { status, stdout, stderr } = await programFile(write(`${name}.mjs`, PREFIX + program), { cwd: project });
    // What a thread writes itself comes when it comes.
    assert.deepEqual({ status, lines: linesOf(stdout), stderr }, { status: 0, lines: linesOf(printed), stderr: '' });
  });
}

test('in a bundle that leaves packages outside', async () => {
  const input = write('bundled.mjs', PREFIX + PROGRAMS['zod']![0]);
  const output = join(project, 'bundle.mjs');
  const options = ['--bundle', '--packages=external', '--platform=node', '--format=esm', `--outfile=${output}`];
  await execute('npx', ['esbuild', input, ...options], { cwd: project });
  assert.equal((await programFile(output, { cwd: project })).stdout.trim(), PROGRAMS['zod']![1]);
});

test('vitest: what belongs to the test is refused at once, mocks are used, constants are made again', async () => {
  write(
    'thing.ts',
    `import { z } from 'zod';\nexport const Thing = z.object({ n: z.number() });\nexport const helper = (n: number) => n + 1;\nexport const other = () => 0;\n`,
  );
  write('helpers.ts', `export const helper = (n: number) => n + 1;\n`);
  write(
    'thing.test.ts',
    `import { expect, test, vi } from 'vitest';
     import { run } from 'heddle';
     import { z } from 'zod';
     import { Thing } from './thing.ts';
     import { helper } from './helpers.ts';
     vi.mock('./helpers.ts', () => ({ helper: (n: number) => n + 100 }));
     const Local = z.array(Thing);
     test('expect', async () => {
       await expect(run(() => { expect(1).toBe(1) })).rejects.toThrow(/belongs to the test package 'vitest'.*Return values from the thread/);
     });
     test('mocks', async () => {
       const mock = vi.fn();
       await expect(run(() => mock(1))).rejects.toThrow(/'mock' did not travel .* test package '@vitest\\/spy'/);
       await expect(run(mock as () => void)).rejects.toThrow(/test package '@vitest\\/spy'/);
     });
     test('mocked modules', async () => expect(await run((n) => helper(n), 1)).toBe(101));
     test('constants', async () => {
       expect(await run((x) => [Thing.safeParse(x).success, Local.safeParse([x]).success], { n: 1 })).toEqual([true, true]);
     });
    `,
  );
  await execute('npx', ['vitest', 'run', '--testTimeout=60000', '--root', '.', 'thing.test.ts'], { cwd: project });
});
