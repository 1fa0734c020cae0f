// An index in memory: which file has which word, how often. All threads build it together, in one shared map, and then all of them answer
// queries from it: `node examples/06-index.ts [folder,folder…] [query…]`. A query is words that a file must all have.

import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { allocateLock, SharedArray, SharedMap, shared, startNewThread, struct, t } from 'heddle';

/** How many times a file has a word. */
const Posting = struct('Posting', { file: t.string, count: t.i32 });
type Posting = InstanceType<typeof Posting>;

const [folders = 'docs,src', ...given] = process.argv.slice(2);
const queries = given.length > 0 ? given : ['lock', 'shared memory', 'closure thread', 'unicorn'];
const paths = folders
  .split(',')
  .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(md|txt|[cm]?[jt]s)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name));

const threads = availableParallelism();
const index = new SharedMap<string, SharedArray<Posting>>();
const answers = new SharedMap<string, readonly string[]>();

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

function add(path: string) {
  const counts = new Map<string, number>();
  for (const word of wordsOf(readFileSync(path, 'utf8'))) counts.set(word, (counts.get(word) ?? 0) + 1);
  for (const [word, count] of counts) {
    // Two steps without a lock, and no posting is lost. If several threads come with a new word, one of them stores its list, and the others
    // get that list. A push appends, even if others push at the same time. `get` comes first, so that no list is made if there is one.
    const postings = index.get(word) ?? index.getOrInsert(word, new SharedArray<Posting>());
    postings.push(new Posting({ file: path, count }));
  }
}

function answer(query: string) {
  const score = new Map<string, number>();
  const words = [...new Set(wordsOf(query))];
  for (const [n, word] of words.entries()) {
    const found = new Map(index.get(word)?.map(({ file, count }) => [file, count]));
    if (n === 0) for (const [file, count] of found) score.set(file, count);
    for (const [file, before] of score) {
      const count = found.get(file);
      if (count === undefined) score.delete(file);
      else if (n > 0) score.set(file, before + count);
    }
  }
  const hits = [...score].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  answers.set(
    query,
    hits.map(([file, count]) => `${count} ${file}`),
  );
}

/** Calls a function for every item, on all threads: a free thread takes the next item. Returns how many milliseconds that took. */
function onAllThreads(work: (item: string) => void, items: readonly string[]): number {
  const state = shared({ next: 0, running: threads });
  const lock = allocateLock();
  const done = allocateLock();
  const start = performance.now();
  done.acquire();
  for (let n = 0; n < threads; n++) {
    startNewThread(() => {
      try {
        for (let at = lock.with(() => state.next++); at < items.length; at = lock.with(() => state.next++)) {
          work(items[at]!);
        }
      } finally {
        if (lock.with(() => --state.running) === 0) done.release();
      }
    }, []);
  }
  done.acquire();
  return performance.now() - start;
}

const built = onAllThreads(add, paths);
const asked = onAllThreads(answer, queries);

let postings = 0;
for (const list of index.values()) postings += list.length;
console.log(`${paths.length} files, ${index.size} words, ${postings} postings, built in ${built.toFixed(0)} ms`);
console.log(`${queries.length} queries on ${threads} threads took ${asked.toFixed(0)} ms`);
for (const query of queries) {
  const hits = [...(answers.get(query) ?? [])];
  console.log(`\n${query}: ${hits.length} files`);
  for (const hit of hits.slice(0, 3)) console.log(`  ${hit}`);
}
