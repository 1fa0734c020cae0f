// `node --import heddle/register`: the modules of a program are transformed as they are loaded.
import { registry } from '../closure/registry.js';
import { hookLoading, useSourceMaps } from '../platform/hooks.js';
import { fileURLToPath } from '../platform/modules.js';
import { loaded } from './load.js';

const texts = new Map<string, string>();
registry().texts = texts;

hookLoading(
  (module) => {
    const text = loaded(module);
    // Functions are looked for in what ran.
    if (text !== undefined) texts.set(module.isModule ? module.url : fileURLToPath(module.url), text);
    return text;
  },
  new URL('./hooks.js', import.meta.url).href,
);
useSourceMaps();
