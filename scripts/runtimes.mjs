// The runtimes other than Node: what their library is made of.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Runtimes other than Node, and the folders of src/platform/ whose modules take the place of Node's there. The first that has one counts. */
export const RUNTIMES = { bun: ['bun', 'uninspected'], deno: ['deno', 'uninspected'] };

/** The texts there. The library is pieces of Node's, by where they begin and end in it, with what is different between them. */
export const textsThere = (file) => `
  const read = () => {
    const texts = require('../texts.cjs').read();
    const pieceOf = (piece) => (typeof piece === 'string' ? piece : texts.library.slice(...piece));
    texts.library = require('./${file}').library.map(pieceOf).join('');
    return texts;
  };
  module.exports = { read };
`;

/** Modules of src/platform/ are those of these folders, if one has it. */
export function takePlatform({ onResolve }, modules, folders) {
  onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, importer }) => {
    const [, name] = /^platform\/([^/]+)$/.exec(relative(modules, join(resolveDir, path)).replaceAll('\\', '/')) ?? [];
    const places = folders.map((folder) => join(modules, 'platform', folder, String(name)));
    // One that takes the place of another may build on it.
    const place = places.find(existsSync);
    return place === undefined || place === importer ? undefined : { path: place };
  });
}

/** A text as pieces of another: where they begin and end in that, and what it has not, as it is. */
export function piecesOf(from, text) {
  const split = (whole) => whole.split(/(?<=[;{}])/);
  const theirs = split(from);
  const ours = split(text);
  const begins = [0];
  for (const part of theirs) begins.push(begins.at(-1) + part.length);
  const places = new Map();
  for (const [at, part] of theirs.entries()) places.set(part, [...(places.get(part) ?? []), at]);
  const pieces = [];
  for (let at = 0; at < ours.length; ) {
    let [length, best] = [0, 0];
    for (const place of (places.get(ours[at]) ?? []).slice(0, 500)) {
      let same = 1;
      while (at + same < ours.length && ours[at + same] === theirs[place + same]) same++;
      if (same > length) [length, best] = [same, place];
    }
    const [begin, end] = [begins[best], begins[best + length]];
    if (end - begin > 20) pieces.push([begin, end]);
    else {
      length ||= 1;
      const own = ours.slice(at, at + length).join('');
      if (typeof pieces.at(-1) === 'string') pieces.push(pieces.pop() + own);
      else pieces.push(own);
    }
    at += length;
  }
  const back = pieces.map((piece) => (typeof piece === 'string' ? piece : from.slice(...piece))).join('');
  if (back !== text) throw new Error('a text is not what its pieces are');
  return pieces;
}

/** Copies the modules of dist/ into a folder, for tests that look into them: in the place of Node's those of these folders are exported. */
export function layOut(dist, to, folders) {
  rmSync(to, { recursive: true, force: true });
  cpSync(dist, to, { recursive: true });
  const platform = join(to, 'platform');
  mkdirSync(join(platform, 'node'));
  const done = new Set();
  for (const folder of folders) {
    for (const name of readdirSync(join(platform, folder)).filter((each) => each.endsWith('.js') && !done.has(each))) {
      done.add(name);
      const [own, other] = [join(platform, folder, name), join(platform, name)];
      // It may build on the one whose place it takes.
      writeFileSync(own, readFileSync(own, 'utf8').replaceAll(`'../${name}'`, `'../node/${name}'`));
      if (existsSync(other)) {
        renameSync(other, join(platform, 'node', name));
        const text = readFileSync(join(platform, 'node', name), 'utf8');
        const deeper = text.replaceAll(/'\.\.(?=[/'])/g, "'../..").replaceAll(/'\.\//g, "'../");
        writeFileSync(join(platform, 'node', name), deeper);
      }
      writeFileSync(other, `export * from './${folder}/${name}';\n`);
    }
  }
}
