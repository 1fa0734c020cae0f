// A loader for the tests of this folder: they run once more, transformed. HEDDLE_TRANSFORM says in which mode.
import { registry } from '#heddle/closure/registry.js';
import { hookLoading } from '#heddle/platform/hooks.js';
import { fileURLToPath } from '#heddle/platform/modules.js';
import { transformed } from '#heddle/transform/load.js';

const mode = process.env.HEDDLE_TRANSFORM ?? 'auto';
/** Through these, tests and their programs start threads. */
const heddle = /^(?:heddle|\.\/(?:harness|thread)\.m?[jt]s)$/;

const OWN = /\/(?:test\/closure\/\w+\.test\.[jt]s|heddle-[^/]+\/.*)$/;
const isOwn = (url) => OWN.test(url) && !/\/node_modules\/|\/thread\.mjs$/.test(url);

const texts = new Map();
registry().texts = texts;

hookLoading(
  ({ url, text, isModule }) => {
    const made = isOwn(url) ? transformed(url, text, { mode, heddle }, isOwn) : undefined;
    if (made !== undefined) texts.set(isModule ? url : fileURLToPath(url), made);
    return made;
  },
  import.meta.url,
);
