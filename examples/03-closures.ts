// A thread's function takes along everything that it captures: helpers, classes, imports, data. Locks and shared memory are the same in both
// threads. Other data is copied when the thread starts. A captured copy is frozen in the thread, so that no write is lost.

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
const list = ['from main'];

done.acquire();
startNewThread(
  (words: string[], { greeting }: { greeting: string }) => {
    console.log(shout(greeting), corner instanceof Point, corner.length, basename('/tmp/ada.txt'), ages.get('ada'));
    words.push('from the thread');
    console.log(words);
    done.release();
  },
  [list],
  { greeting: 'hello' },
);
done.acquire();
console.log(list);
