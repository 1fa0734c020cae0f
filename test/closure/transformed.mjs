// A loader for the tests of this folder: they run once more, transformed. HEDDLE_TRANSFORM says in which mode; HEDDLE_MINIFIER is the URL of
// esbuild or terser, if they are minified then.
import { registry } from '#heddle/closure/registry.js';
import { hookLoading } from '#heddle/platform/hooks.js';
import { fileURLToPath } from '#heddle/platform/modules.js';
import { transformed } from '#heddle/transform/load.js';

const mode = process.env.HEDDLE_TRANSFORM ?? 'auto';
/** Through these, tests and their programs start threads. */
const heddle = /^(?:heddle|\.\/(?:harness|thread)\.m?[jt]s)$/;

const OWN = /\/(?:test\/closure\/\w+\.test\.[jt]s|heddle-[^/]+\/.*)$/;
const isOwn = (url) => OWN.test(url) && !/\/node_modules\/|\/thread\.mjs$/.test(url);

/** The text minified, as it goes into bundles; names of functions are kept, which tests look at. */
const minify = await minifier(process.env.HEDDLE_MINIFIER);

const texts = new Map();
registry().texts = texts;

hookLoading(
  ({ url, text, isModule }) => {
    const plain = isOwn(url) ? transformed(url, text, { mode, heddle }, isOwn) : undefined;
    const made = plain && minify(plain, url, isModule);
    if (made !== undefined) texts.set(isModule ? url : fileURLToPath(url), made);
    return made;
  },
  import.meta.url,
);

async function minifier(place) {
  if (place === undefined) return (text) => text;
  const { default: whole, ...named } = await import(place);
  const { transformSync, minify_sync: minifySync } = { ...whole, ...named };
  if (transformSync)
    return (text) => transformSync(text, { minify: true, keepNames: true, loader: 'js', sourcemap: 'inline' }).code;
  return (text, _url, module) => {
    const options = {
      module,
      keep_fnames: true,
      keep_classnames: true,
      sourceMap: { content: 'inline', url: 'inline' },
    };
    return minifySync(text, options).code;
  };
}
