// Threads that never return to their event loop: each runs a simulation, step after step. JavaScript tells a heap that an object is not
// needed any more only between two turns of the event loop, so a loop like this would keep everything that it ever touched. `scope` says
// so at once: at its end, the thread lets go of the objects that it first used inside.

import { allocateLock, collect, heapStatistics, SharedArray, scope, shared, startNewThread, struct, t } from 'heddle';

const THREADS = 4;
const PARTICLES = 100;
const STEPS = 5_000;

const Particle = struct(
  'Particle',
  { x: t.f64, v: t.f64 },
  class {
    declare x: number;
    declare v: number;
    /** Where it is a step later: a new particle. The old one stays as it is, for threads that still look at it. */
    next() {
      const v = this.v - 0.01 * this.x;
      return new Particle({ x: this.x + v, v });
    }
  },
);
type Particle = InstanceType<typeof Particle>;

const boxes = shared(Array.from({ length: THREADS }, () => ({ step: 0, particles: new SharedArray<Particle>() })));
const state = shared({ running: THREADS, guard: allocateLock(), done: allocateLock() });

function simulate(box: { step: number; particles: SharedArray<Particle> }) {
  scope(() => {
    for (let n = 0; n < PARTICLES; n++) box.particles.push(new Particle({ x: n, v: 0 }));
  });
  for (let step = 1; step <= STEPS; step++) {
    // Old and new particles are used only in here. Those that are in `box` at the end live on; the others cannot be reached.
    scope(() => {
      for (let n = 0; n < PARTICLES; n++) box.particles.set(n, box.particles.at(n)!.next());
      box.step = step;
    });
  }
  if (state.guard.with(() => --state.running) === 0) state.done.release();
}

state.done.acquire();
for (const box of boxes) startNewThread(simulate, [box]);
state.done.acquire();

collect();
const { liveBytes, peakBytes, cells } = heapStatistics();
const made = THREADS * PARTICLES * (STEPS + 1);
console.log(`${boxes.map((box) => box.step).join(', ')} steps`);
console.log(`particles made: ${made}, of which ${THREADS * PARTICLES} are in the boxes`);
console.log(`cells alive: ${cells}, live bytes: ${liveBytes}, peak bytes: ${peakBytes}`);
