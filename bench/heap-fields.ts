// Fields of many objects: read and written in a plain array of them; and a reference followed from object to object.

import { type HeapBench, type Round, structRealm, time } from './heap-sides.js';

const OBJECTS = 10_000;
const PASSES = 60;

interface Point {
  x: number;
  n: number;
  next: Point;
}

class PlainPoint {
  x = 0.5;
  n = 0;
  next: PlainPoint | null = null;
}

function measure(make: () => Point): Round {
  const points = Array.from({ length: OBJECTS }, make);
  points.forEach((point, at) => {
    point.x = at + 0.5;
    point.n = at;
    point.next = points[(at + 1) % OBJECTS]!;
  });
  const count = OBJECTS * PASSES;
  return () => ({
    float: time(count, () => floats(points)),
    integer: time(count, () => integers(points)),
    reference: time(count, () => references(points[0]!)),
  });
}

function floats(points: readonly Point[]): number {
  for (let pass = 0; pass < PASSES; pass++) for (const point of points) point.x += 1.25;
  return points[7]!.x;
}

function integers(points: readonly Point[]): number {
  for (let pass = 0; pass < PASSES; pass++) {
    for (const point of points) {
      point.n = (point.n + 1) & 0xffffff;
    }
  }
  return points[7]!.n;
}

function references(first: Point): Point {
  let point = first;
  for (let step = 0; step < OBJECTS * PASSES; step++) point = point.next;
  return point;
}

export const bench: HeapBench = {
  url: import.meta.url,
  rounds: 15,
  warmup: 3,
  sides: {
    async heddle() {
      const { heapClass } = await import('./heap-class.js');
      const Class = heapClass<Point>('BenchPoint', { x: 'f64', n: 'i32', next: 'any' });
      return measure(() => new Class());
    },
    plain: () => measure(() => new PlainPoint() as Point),
    structs() {
      const Struct = new structRealm.SharedStructType(['x', 'n', 'next']);
      return measure(() => new Struct());
    },
  },
  comparisons: [
    { name: 'field f64, read-modify-write', measure: 'float', against: 'plain', target: '≤ 2.5' },
    { name: 'field f64, read-modify-write', measure: 'float', against: 'structs', target: '< 1' },
    { name: 'field integer, read-modify-write', measure: 'integer', against: 'plain', target: '≤ 2.5' },
    { name: 'field integer, read-modify-write', measure: 'integer', against: 'structs', target: '< 1' },
    { name: 'reference read, wrapper known', measure: 'reference', against: 'plain', target: '≤ 7' },
  ],
};
