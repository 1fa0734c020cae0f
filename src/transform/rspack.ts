// Rspack's plugin is webpack's.
export { HeddlePlugin, HeddlePlugin as default, type PluginOptions } from './webpack.js';
