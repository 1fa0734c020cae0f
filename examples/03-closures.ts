// What a thread's function closes over travels with it: helpers, classes, imports, data. Locks and shared memory are the same ones on
// both sides; everything else is a copy, as it was at the start of the thread.

import { basename } from 'node:path';
import { allocateLock, startNewThread } from 'heddle';

class Point {
  x: number;
  y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
  get length(): number {
    return Math.hypot(this.x, this.y);
  }
}

const done = allocateLock();
const corner = new Point(3, 4);
const ages = new Map([['ada', 36]]);
const shout = (text: string) => `${text.toUpperCase()}!`;

done.acquire();
startNewThread(
  ({ greeting }: { greeting: string }) => {
    console.log(shout(greeting), corner instanceof Point, corner.length, basename('/tmp/ada.txt'), ages.get('ada'));
    ages.set('ada', 37);
    done.release();
  },
  [],
  { greeting: 'hello' },
);
done.acquire();
console.log(`In main ada is still ${ages.get('ada')}: the thread had a copy of the map.`);
