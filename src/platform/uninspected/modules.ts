// As ../modules.ts, where the runtime does not say which builtin modules it has loaded: those count that programs import most, and that load
// quickly.

// biome-ignore lint/performance/noReExportAll: all of it, but for what is below
export * from '../modules.js';

const USUAL = [
  ...[
    'assert',
    'async_hooks',
    'buffer',
    'child_process',
    'crypto',
    'events',
    'fs',
    'module',
    'os',
    'path',
    'perf_hooks',
  ],
  ...[
    'process',
    'querystring',
    'stream',
    'string_decoder',
    'timers',
    'timers/promises',
    'tty',
    'url',
    'util',
    'v8',
    'vm',
  ],
  ...['worker_threads', 'zlib'],
];

export const loadedBuiltins = (): string[] => USUAL;

export const loadedCount = (): number => USUAL.length;
