// The life of the station's thread. It answers the other threads' requests, brings their tasks to the engine and the outcomes back, and takes tasks
// itself where the process is a worker. It is never blocked by code of the program.
//
//   threads of the program ──requests (a queue in the shared heap)──▶ station ──▶ engine
//                          ◀──futures that it settles────────────────         ◀──

import type { Future } from '../futures/future.js';
import { Empty } from '../queue/errors.js';
import { showAddress } from './engine/address.js';
import { isAway } from './engine/away.js';
import { openEngine } from './engine/open.js';
import { settleFuture } from './future.js';
import type { Request, Requests, StationSettings, Submission } from './requests.js';
import { type Service, services } from './services.js';
import { Station } from './station.js';

/** Submissions that are taken together. */
const BATCH = 2000;

/** `ready` is settled when the engine has answered, or will not. */
export async function serveStation(
  settings: StationSettings,
  requests: Requests,
  ready: Future<unknown>,
): Promise<void> {
  let station: Station;
  try {
    station = new Station(settings, await openEngine(settings.engine));
  } catch (error) {
    settleFuture(ready, { error: isAway(error) ? awayError(settings.engine.address, error) : error });
    return;
  }
  settleFuture(ready, { packed: undefined, failed: false });
  for (;;) {
    const batch = await nextOf(requests);
    const submissions = new Map<string, Submission[]>();
    for (const request of batch) {
      if (request.kind !== 'submit') continue;
      const same = submissions.get(request.queue) ?? [];
      submissions.set(request.queue, same);
      same.push(request);
    }
    for (const [queue, same] of submissions) void submit(station, queue, same);
    let closing: Future<unknown> | undefined;
    for (const request of batch) {
      if (request.kind !== 'ask') continue;
      if (request.service === 'close') closing = request.future;
      else void answer(station, services[request.service]!, request.args, request.future);
    }
    if (closing === undefined) continue;
    await answer(station, (of) => of.close(), [], closing);
    return;
  }
}

/** What a task says is listened to before it is begun. */
async function submit(station: Station, queue: string, submissions: readonly Submission[]): Promise<void> {
  const begun = station.clientOf(queue).begin(submissions);
  if (submissions.some(({ heard }) => heard)) await station.notices.hear().catch(() => {});
  await station.clientOf(queue).submit(begun);
}

async function nextOf(requests: Requests): Promise<Request[]> {
  const batch = [await requests.getAsync()];
  try {
    while (batch.length < BATCH) batch.push(requests.getNowait());
  } catch (error) {
    if (!(error instanceof Empty)) throw error;
  }
  return batch;
}

async function answer(
  station: Station,
  service: Service,
  args: readonly unknown[],
  future: Future<unknown>,
): Promise<void> {
  try {
    const value = await service(station, ...(args as never[]));
    if (!future.done()) future.setResult(value);
  } catch (error) {
    const { address } = station.settings.engine;
    settleFuture(future, { error: isAway(error) ? awayError(address, error) : error });
  }
}

function awayError(address: string, cause: unknown): Error {
  return new Error(
    `the engine of the cluster, ${showAddress(address)}, cannot be reached: ${(cause as Error).message}`,
    {
      cause,
    },
  );
}
