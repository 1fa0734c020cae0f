// `heddle/test`: explorations of threads, for tests.

export { type Exploration, type Explored, explore, replay } from './tools/explore/explore.js';
export { ExplorationError } from './tools/explore/failure.js';
export type { ExploreOptions } from './tools/explore/options.js';
export type { Step } from './tools/explore/story.js';
export { races } from './tools/races/face.js';
export type { Access, Race } from './tools/races/report.js';
