// What all parts of the station work with: the engine, this process's border, and the store of bytes.

import { print } from '../runtime/console.js';
import type { Engine } from './engine/seam.js';
import type { StationSettings } from './requests.js';
import { Store } from './store.js';
import { Border } from './wire/border.js';

export class Post {
  readonly engine: Engine;
  readonly border: Border;
  readonly store: Store;
  readonly settings: StationSettings;

  constructor(settings: StationSettings, engine: Engine) {
    this.settings = settings;
    this.engine = engine;
    this.border = new Border(settings.border);
    this.store = new Store(engine);
  }

  /** For the people who run it. */
  log(text: string): void {
    print(2, `heddle ${new Date().toISOString()} ${text}\n`);
  }
}
