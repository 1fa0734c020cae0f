// Counts the words of all text files below a folder, on all cores, into one shared map:
//
//   node examples/10-words.ts [folder] [how many words to show]

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SharedMap, ThreadPoolExecutor } from 'heddle';

const [folder = '.', show = '10'] = process.argv.slice(2);

const counts = new SharedMap<string, number>();

function count(path: string): number {
  const words =
    readFileSync(path, 'utf8')
      .toLowerCase()
      .match(/\p{L}+/gu) ?? [];
  const own = new Map<string, number>();
  for (const word of words) own.set(word, (own.get(word) ?? 0) + 1);
  // `update` is one step for the other threads: no word of theirs is lost, and no lock is needed.
  for (const [word, times] of own) counts.update(word, (before = 0) => before + times);
  return words.length;
}

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(md|txt|ts|js)$/.test(name) && !name.includes('node_modules'))
  .map((name) => join(folder, name));

let total = 0;
const executor = new ThreadPoolExecutor();
for (const words of executor.map(count, files)) total += words;
executor.shutdown();

console.log(`${files.length} files, ${total} words, ${counts.size} of them different`);
const order = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
for (const [word, times] of order.slice(0, Number(show))) console.log(`${String(times).padStart(8)} ${word}`);
