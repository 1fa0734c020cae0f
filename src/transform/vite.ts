// Vite's plugin is Rollup's.
export { heddle, heddle as default, type Plugin, type PluginOptions } from './rollup.js';
