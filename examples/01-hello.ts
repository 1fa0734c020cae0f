// A thread: any function, started with its arguments. The program ends when its main thread ends, so the main thread waits.

import { allocate_lock, get_ident, start_new_thread } from 'heddle/thread';

const main = get_ident();
const done = allocate_lock();
done.acquire();

start_new_thread(
  (name: string) => {
    console.log(`Hello ${name}, this is not the main thread: ${get_ident() !== main}.`);
    done.release();
  },
  ['world'],
);

done.acquire();
console.log('The thread is done.');
