// Connects to the engine at an address.

import { checkAddress, REDIS } from './address.js';
import type { Engine, EngineSettings } from './seam.js';

export async function openEngine(settings: EngineSettings): Promise<Engine> {
  const { address } = settings;
  checkAddress(address);
  const url = new URL(address);
  const protocol = REDIS[url.protocol];
  if (protocol === undefined) return (await import('./postgres.js')).openPostgres(settings);
  return (await import('./redis.js')).openRedis({
    ...settings,
    address: protocol + address.slice(url.protocol.length),
  });
}
