// Transforms everything that is loaded, packages too, and shares every variable that can be: more than any program asks for.
import { registerHooks } from 'node:module';

const { transform } = await import(process.env.HEDDLE_TRANSFORM_FROM);
// Its parser is loaded now, and not while it is itself asked for.
transform('let a; export const b = () => a++;', { mode: 'all' });
let changed = 0;
registerHooks({
  load(url, context, next) {
    const result = next(url, context);
    if (!/^(?:module|commonjs)$/.test(result.format ?? '') || result.source == null || !url.includes('/node_modules/'))
      return result;
    const made = transform(String(result.source), { id: url, mode: 'all' });
    if (made === undefined) return result;
    changed++;
    return { ...result, source: made.code };
  },
});
process.on('exit', () => console.error(`changed ${changed} modules`));
