// The plugin for esbuild, which has no hook between joining and minifying: so it is told not to minify and not to write, and both are done here.
import { readText, writeFile } from '../platform/files.js';
import { transformChunk } from './chunk.js';
import { chosen, type PluginOptions } from './options.js';
import { transformModule } from './transform.js';

export type { PluginOptions };

interface Options {
  minify?: boolean;
  minifyWhitespace?: boolean;
  minifyIdentifiers?: boolean;
  minifySyntax?: boolean;
  keepNames?: boolean;
  write?: boolean;
  sourcemap?: boolean | string;
  target?: string | string[];
  format?: string;
  platform?: string;
  charset?: string;
  legalComments?: string;
  jsx?: string;
  jsxFactory?: string;
  jsxFragment?: string;
  jsxImportSource?: string;
  jsxDev?: boolean;
  absWorkingDir?: string;
  loader?: Record<string, string>;
}
interface OutputFile {
  path: string;
  contents: Uint8Array;
  readonly text: string;
}
interface Message {
  text: string;
}
interface Build {
  initialOptions: Options;
  esbuild: { transform(text: string, options: object): Promise<{ code: string; map: string }> };
  onLoad(
    options: { filter: RegExp },
    load: (args: { path: string }) => Promise<{ contents: string; loader: string } | undefined>,
  ): void;
  onEnd(
    end: (result: { outputFiles?: OutputFile[]; errors: Message[] }) => Promise<{ warnings: Message[] } | undefined>,
  ): void;
}

/** What concerns the syntax of modules. */
const SYNTAX = ['jsx', 'jsxFactory', 'jsxFragment', 'jsxImportSource', 'jsxDev'] as const;
/** What concerns the text that is written. */
const MINIFY = ['minify', 'minifyWhitespace', 'minifyIdentifiers', 'minifySyntax'] as const;
const WRITTEN = ['keepNames', 'charset', 'legalComments', 'platform', 'target'] as const;

/**
 * Lets functions of the built program go to threads without the engine's inspector, and shares variables that they assign to. Stands behind
 * plugins that load modules.
 * @throws TypeError for what is no option.
 * @example
 * await build({ entryPoints: ['main.ts'], bundle: true, plugins: [heddle()] });
 */
export function heddle(options?: PluginOptions): { name: string; setup(build: Build): void } {
  const { isIncluded, transform: given } = chosen(options);
  return {
    name: 'heddle',
    setup(build) {
      const { initialOptions, esbuild } = build;
      const { write = true, sourcemap } = initialOptions;
      const minify = pick(initialOptions, MINIFY);
      const written = pick(initialOptions, WRITTEN);
      for (const key of MINIFY) delete initialOptions[key];
      initialOptions.write = false;
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        const text = isIncluded(path) ? readText(path) : undefined;
        if (text === undefined) return undefined;
        const loader = initialOptions.loader?.[/\.\w+$/.exec(path)![0]] ?? /[jt]sx?$/.exec(path)![0];
        const syntax = {
          loader,
          ...pick(initialOptions, SYNTAX),
          target: 'esnext',
          sourcefile: path,
          tsconfigRaw: configOf(path),
        };
        const plain = await esbuild.transform(text, { ...syntax, sourcemap: 'external' });
        const changed = transformModule(plain.code, { ...given, id: path, map: plain.map });
        return changed && { contents: `${changed.code}\n${comment(changed.map.toString())}`, loader: 'js' };
      });
      build.onEnd(async ({ outputFiles = [], errors }) => {
        if (errors.length > 0) return undefined;
        const warnings: Message[] = [];
        for (const file of outputFiles) {
          if (!/\.[cm]?js$/.test(file.path)) continue;
          const beside = outputFiles.find(({ path }) => path === `${file.path}.map`);
          let { text, map } = separate(file.text, beside?.text);
          const changed = transformChunk(text, { ...given, id: file.path, map });
          if (changed) {
            warnings.push(...changed.warnings.map((warning) => ({ text: `${file.path}: ${warning}` })));
            text = changed.code;
            map &&= changed.map.toString();
          }
          if (Object.values(minify).some(Boolean))
            ({ text, map } = await minified(esbuild, text, map, { ...minify, ...written }));
          const end =
            map === undefined || sourcemap === 'external'
              ? ''
              : beside
                ? `//# sourceMappingURL=${nameOf(beside.path)}\n`
                : `${comment(map)}\n`;
          file.contents = new TextEncoder().encode(text.replace(/\n*$/, '\n') + end);
          if (beside && map !== undefined) beside.contents = new TextEncoder().encode(map);
        }
        if (write) for (const { path, contents } of outputFiles) writeFile(path, contents);
        return { warnings };
      });
    },
  };
}

/** esbuild gives a map for what it is given with a map in it. */
async function minified(esbuild: Build['esbuild'], text: string, map: string | undefined, options: object) {
  const given = map === undefined ? text : `${text}\n${comment(map)}`;
  const made = await esbuild.transform(given, {
    ...options,
    loader: 'js',
    ...(map !== undefined && { sourcemap: 'external' }),
  });
  return { text: made.code, map: map === undefined ? undefined : made.map };
}

const COMMENT = /\n\/\/# sourceMappingURL=(\S+)\s*$/;

function separate(written: string, beside: string | undefined): { text: string; map: string | undefined } {
  const [all, url = ''] = COMMENT.exec(written) ?? [''];
  const text = written.slice(0, written.length - all.length);
  const data = /^data:application\/json;base64,(.*)$/.exec(url)?.[1];
  return { text, map: beside ?? (data && Buffer.from(data, 'base64').toString()) };
}

const comment = (map: string): string =>
  `//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}`;

const nameOf = (path: string): string => /[^\\/]*$/.exec(path)![0];

function pick<K extends keyof Options>(options: Options, keys: readonly K[]): Pick<Options, K> {
  const picked: Partial<Options> = {};
  for (const key of keys) if (options[key] !== undefined) picked[key] = options[key];
  return picked as Pick<Options, K>;
}

/** The nearest tsconfig.json, of which esbuild takes what says how modules are compiled. */
function configOf(path: string): string | undefined {
  for (let folder = path.replace(/[\\/][^\\/]*$/, ''); folder !== ''; folder = folder.replace(/[\\/]?[^\\/]*$/, '')) {
    const text = readText(`${folder}/tsconfig.json`);
    if (text !== undefined) return text;
  }
  return undefined;
}

export default heddle;
