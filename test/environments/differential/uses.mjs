// Typical uses of packages that people use. Prints a line for each: it must be the same with the transform and without.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const show = (value) => JSON.stringify(value, (_key, each) => (typeof each === 'bigint' ? `${each}n` : typeof each === 'function' ? `${each.name}/${each.length}` : each));

const uses = {
  async 'lodash-es'() {
    const _ = await import('lodash-es');
    const debounced = _.memoize((n) => n * 2);
    return [_.chunk([1, 2, 3, 4, 5], 2), _.groupBy([1.2, 1.8, 2.1], Math.floor), _.template('hi <%= name %>')({ name: 'x' }), _.flow([debounced, (n) => n + 1])(4), _.sortBy([{ a: 2 }, { a: 1 }], 'a')];
  },
  lodash() {
    const _ = require('lodash');
    return [_.defaultsDeep({ a: { b: 1 } }, { a: { c: 2 } }), _.curry((a, b, c) => a + b + c)(1)(2)(3), _.words('one two-three'), _([1, 2, 3]).map((n) => n * n).reverse().value()];
  },
  async d3() {
    const d3 = await import('d3');
    const scale = d3.scaleLinear().domain([0, 10]).range([0, 100]).nice();
    const root = d3.hierarchy({ children: [{ value: 1 }, { value: 2 }] }).sum((d) => d.value ?? 0);
    return [scale(3), scale.ticks(4), d3.format(',.2f')(1234.5), d3.line()([[0, 0], [1, 2]]), d3.treemap().size([10, 10])(root).leaves().map((leaf) => leaf.x1), d3.csvParse('a,b\n1,2'), d3.timeFormat('%Y-%m')(new Date(2020, 1, 1)), d3.rollup([1, 2, 3], (v) => v.length, (n) => n % 2).get(1)];
  },
  async three() {
    const three = await import('three');
    const scene = new three.Scene();
    const mesh = new three.Mesh(new three.BoxGeometry(1, 2, 3), new three.MeshBasicMaterial({ color: 0xff0000 }));
    mesh.position.set(1, 2, 3);
    scene.add(mesh);
    scene.updateMatrixWorld();
    const hit = new three.Raycaster(new three.Vector3(1, 2, 10), new three.Vector3(0, 0, -1)).intersectObjects(scene.children);
    return [mesh.matrixWorld.toArray(), hit.length, hit[0].distance, new three.Color('hotpink').getHexString(), new three.Quaternion().setFromEuler(new three.Euler(1, 0, 0)).toArray()];
  },
  async react() {
    const React = require('react');
    const { renderToString } = require('react-dom/server');
    const Count = ({ from }) => {
      const [n] = React.useState(from);
      const doubled = React.useMemo(() => n * 2, [n]);
      return React.createElement('b', { className: 'x' }, doubled);
    };
    return [renderToString(React.createElement('div', null, React.createElement(Count, { from: 4 })))];
  },
  async preact() {
    const { h } = await import('preact');
    const { useState } = await import('preact/hooks');
    const App = () => h('p', null, useState(1)[0]);
    return [h(App, {}).type.name];
  },
  async vue() {
    const { reactive, computed, ref, watch, nextTick } = await import('vue');
    const state = reactive({ n: 1 });
    const twice = computed(() => state.n * 2);
    const seen = [];
    const r = ref(0);
    watch(r, (now) => seen.push(now));
    state.n = 5;
    r.value = 3;
    await nextTick();
    return [twice.value, seen];
  },
  async svelte() {
    const { compile } = await import('svelte/compiler');
    return [compile('<script>let n = $state(0)</script><b on:click={() => n++}>{n}</b>', {}).js.code.length > 100];
  },
  async zod() {
    const { z } = await import('zod');
    const schema = z.object({ a: z.string().min(2), b: z.array(z.number()).optional(), c: z.union([z.literal('x'), z.literal('y')]) });
    return [schema.parse({ a: 'ab', c: 'x' }), schema.safeParse({ a: 'a', c: 'z' }).error.issues.map((i) => i.path)];
  },
  async 'date-fns'() {
    const { format, addMonths, formatDistance } = await import('date-fns');
    return [format(new Date(2020, 0, 31), 'yyyy-MM-dd EEE'), addMonths(new Date(2020, 0, 31), 1).getDate(), formatDistance(new Date(2020, 0, 1), new Date(2020, 5, 1))];
  },
  dayjs() {
    const dayjs = require('dayjs');
    dayjs.extend(require('dayjs/plugin/duration'));
    return [dayjs('2020-01-31').add(1, 'month').format('YYYY-MM-DD'), dayjs.duration(90, 'minutes').hours()];
  },
  async luxon() {
    const { DateTime } = await import('luxon');
    return [DateTime.fromISO('2020-02-03T04:05', { zone: 'utc' }).plus({ days: 30 }).toISO()];
  },
  async rxjs() {
    const { from, interval, lastValueFrom, map, mergeMap, scan, take, toArray, of } = await import('rxjs');
    const a = await lastValueFrom(from([1, 2, 3]).pipe(mergeMap((n) => of(n, n * 10)), scan((sum, n) => sum + n, 0), toArray()));
    return [a, await lastValueFrom(interval(1).pipe(take(3), map((n) => n + 1), toArray()))];
  },
  async immer() {
    const { produce } = await import('immer');
    const before = { list: [1], deep: { x: 1 } };
    const after = produce(before, (draft) => { draft.list.push(2); });
    return [after, after.deep === before.deep];
  },
  async redux() {
    const { legacy_createStore: createStore, combineReducers } = await import('redux');
    const store = createStore(combineReducers({ n: (n = 0, { type }) => (type === 'add' ? n + 1 : n) }));
    const seen = [];
    store.subscribe(() => seen.push(store.getState().n));
    store.dispatch({ type: 'add' });
    store.dispatch({ type: 'add' });
    return seen;
  },
  async mobx() {
    const { autorun, computed, observable } = await import('mobx');
    const state = observable({ a: 1 });
    const twice = computed(() => state.a * 2);
    const seen = [];
    autorun(() => seen.push(twice.get()));
    state.a = 4;
    return seen;
  },
  async ramda() {
    const R = await import('ramda');
    return [R.pipe(R.map(R.add(1)), R.filter((n) => n > 2), R.sum)([1, 2, 3]), R.curry((a, b) => a - b)(R.__, 1)(5), R.evolve({ a: R.inc }, { a: 1, b: 2 })];
  },
  async express() {
    const express = require('express');
    const app = express();
    app.use((req, _res, next) => { req.seen = [1]; next(); });
    app.get('/x/:id', (req, res) => res.json({ id: req.params.id, seen: req.seen }));
    const server = app.listen(0);
    const { port } = server.address();
    const answer = await (await fetch(`http://127.0.0.1:${port}/x/7`, { headers: { connection: 'close' } })).json();
    server.close();
    return answer;
  },
  async fastify() {
    const app = require('fastify')();
    app.get('/y', { schema: { response: { 200: { type: 'object', properties: { a: { type: 'number' } } } } } }, async () => ({ a: 1, b: 2 }));
    const answer = await app.inject('/y');
    await app.close();
    return answer.json();
  },
  async koa() {
    const Koa = require('koa');
    const app = new Koa();
    app.use(async (ctx, next) => { await next(); ctx.body = `${ctx.body}!`; });
    app.use((ctx) => { ctx.body = 'koa'; });
    const server = app.listen(0);
    const text = await (await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { connection: 'close' } })).text();
    server.close();
    return text;
  },
  async hono() {
    const { Hono } = await import('hono');
    const app = new Hono();
    app.get('/a/:b', (c) => c.json({ b: c.req.param('b') }));
    return (await app.request('/a/3')).json();
  },
  async ajv() {
    const Ajv = require('ajv').default;
    const validate = new Ajv({ allErrors: true }).compile({ type: 'object', properties: { a: { type: 'integer', minimum: 3 } }, required: ['b'] });
    return [validate({ a: 1 }), validate.errors.map((e) => e.keyword)];
  },
  async yaml() {
    const { parse, stringify } = await import('yaml');
    return [parse('a: [1, {b: c}]\nd: &x 1\ne: *x'), stringify({ a: ['x', { y: 1 }] })];
  },
  async marked() {
    const { marked } = await import('marked');
    return marked.parse('# T\n\n- a\n- *b* `c`\n\n> q');
  },
  'markdown-it'() {
    return require('markdown-it')({ linkify: true }).render('# T\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nhttp://x.org');
  },
  async prettier() {
    const prettier = await import('prettier');
    return prettier.format('const a={b:1,c:[1,2,3]};function f(){return a?.b??2}', { parser: 'babel' });
  },
  async acorn() {
    const { parse } = await import('acorn');
    return parse('class A { #x = async () => { for await (const a of b) yield_; } }', { ecmaVersion: 'latest' }).body[0].body.body[0].key.name;
  },
  esprima() {
    return require('esprima').tokenize('a = b + /c/g').map((t) => t.type);
  },
  async terser() {
    const { minify } = await import('terser');
    return (await minify('function add(first, second) { const unused = 1; return first + second; } console.log(add(1, 2));', { toplevel: true })).code;
  },
  'uglify-js'() {
    return require('uglify-js').minify('function f(a,b){ var c = a + b; return c * 2 } window.f = f;').code;
  },
  handlebars() {
    return require('handlebars').compile('{{#each list}}{{@index}}:{{this}} {{/each}}{{#if a}}y{{else}}n{{/if}}')({ list: ['a', 'b'] });
  },
  async mustache() {
    return require('mustache').render('{{#l}}<{{.}}>{{/l}}', { l: [1, 2] });
  },
  ejs() {
    return require('ejs').render('<% for (const a of l) { %><%= a %>;<% } %>', { l: [1, 2] });
  },
  nunjucks() {
    return require('nunjucks').renderString('{% for a in l %}{{ loop.index }}{{ a | upper }}{% endfor %}', { l: ['x', 'y'] });
  },
  async cheerio() {
    const { load } = await import('cheerio');
    const $ = load('<ul><li class=a>1<li>2</ul>');
    $('li').each((i, el) => { $(el).attr('n', i); });
    return [$('li.a').text(), $.html('ul')];
  },
  'decimal.js'() {
    const { Decimal } = require('decimal.js');
    return [new Decimal(2).sqrt().toFixed(30), new Decimal('0.1').plus('0.2').toString()];
  },
  async mathjs() {
    const { create, all } = await import('mathjs');
    const math = create(all);
    return [math.evaluate('det([1, 2; 3, 4]) + sqrt(16)'), math.simplify('x + x').toString(), math.unit(5, 'cm').to('inch').toNumber()];
  },
  async async() {
    const async = require('async');
    return [await async.mapLimit([1, 2, 3], 2, async (n) => n * 2), await async.auto({ a: async () => 1, b: ['a', async ({ a }) => a + 1] })];
  },
  async bluebird() {
    const Bluebird = require('bluebird');
    return Bluebird.map([1, 2, 3], (n) => Bluebird.delay(1).then(() => n * n), { concurrency: 2 });
  },
  async 'p-queue'() {
    const { default: PQueue } = await import('p-queue');
    const queue = new PQueue({ concurrency: 1 });
    const seen = [];
    await Promise.all([1, 2, 3].map((n) => queue.add(async () => { seen.push(n); })));
    return seen;
  },
  semver() {
    const semver = require('semver');
    return [semver.satisfies('1.2.3', '^1.2 || >2'), semver.inc('1.2.3', 'minor'), semver.sort(['1.10.0', '1.9.0'])];
  },
  async graphql() {
    const { graphql, buildSchema } = await import('graphql');
    const schema = buildSchema('type Query { a(n: Int!): Int, l: [String] }');
    return graphql({ schema, source: '{ a(n: 2) l }', rootValue: { a: ({ n }) => n * 2, l: () => ['x'] } });
  },
  joi() {
    const Joi = require('joi');
    return Joi.object({ a: Joi.number().integer().required(), b: Joi.string().when('a', { is: 1, then: Joi.required() }) }).validate({ a: '1' }).error?.message;
  },
  async yup() {
    const yup = await import('yup');
    return yup.object({ a: yup.number().required().positive() }).validate({ a: '3' });
  },
  papaparse() {
    return require('papaparse').parse('a,b\n1,"x,y"', { header: true }).data;
  },
  'fuse.js'() {
    const Fuse = require('fuse.js');
    const Class = Fuse.default ?? Fuse;
    return new Class(['apple', 'banana', 'grape'], {}).search('aple').map((r) => r.item);
  },
  async 'lru-cache'() {
    const { LRUCache } = await import('lru-cache');
    const cache = new LRUCache({ max: 2 });
    for (const k of 'abc') cache.set(k, k);
    return [...cache.keys()];
  },
  async '@babel/core'() {
    const babel = require('@babel/core');
    return babel.transformSync('const f = (a = 1) => ({ ...a });', { configFile: false, babelrc: false, plugins: [({ types: t }) => ({ visitor: { Identifier(path) { if (path.node.name === 'f') path.replaceWith(t.identifier('g')); } } })] }).code;
  },
  async '@codemirror/state'() {
    const { EditorState } = await import('@codemirror/state');
    const state = EditorState.create({ doc: 'hello' });
    return state.update({ changes: { from: 0, to: 1, insert: 'J' } }).state.doc.toString();
  },
  async immutable() {
    const { Map, List, Range } = await import('immutable');
    return [Map({ a: 1 }).merge({ b: 2 }).toJS(), List([3, 1, 2]).sort().toJS(), Range(0, 10, 3).map((n) => n * n).toArray()];
  },
  typescript() {
    const ts = require('typescript');
    const { outputText } = ts.transpileModule('enum A { X = 1 } class B<T> { constructor(private a: T) {} } const f = async <T,>(x: T) => { for await (const y of [x]) yield1(y); };', { compilerOptions: { target: 'es2017' } });
    return outputText;
  },
  async commander() {
    const { Command } = await import('commander');
    const seen = [];
    const program = new Command().exitOverride();
    program.command('go <a>').option('-n, --num <n>', 'n', Number, 1).action((a, o) => seen.push(a, o.num));
    await program.parseAsync(['go', 'x', '-n', '4'], { from: 'user' });
    return seen;
  },
};

const wanted = process.argv.slice(2);
for (const [name, use] of Object.entries(uses)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  try {
    console.log(`${name}\t${show(await use())}`);
  } catch (error) {
    console.log(`${name}\tERROR ${error?.stack?.split('\n').slice(0, 3).join(' | ')}`);
  }
}
process.exit();
