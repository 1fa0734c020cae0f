// Draws the Mandelbrot set, a row a task, into an image that all threads share, and writes it as a PNG file:
//
//   node examples/11-mandelbrot.ts [file] [width] [height]

import { writeFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { shared, ThreadPoolExecutor } from 'heddle';

const [file = 'mandelbrot.png', ...size] = process.argv.slice(2);
const [width = 960, height = 640] = size.map(Number);
const DEPTH = 400;

/** Three bytes a pixel, in shared memory: nothing is sent back. */
const image = shared(new Uint8ClampedArray(3 * width * height));

function drawRow(y: number): void {
  for (let x = 0; x < width; x++) {
    const re = -2.2 + (3.2 * x) / width;
    const im = -1.2 + (2.4 * y) / height;
    let [a, b, step] = [0, 0, 0];
    while (step < DEPTH && a * a + b * b < 4) {
      [a, b] = [a * a - b * b + re, 2 * a * b + im];
      step++;
    }
    if (step === DEPTH) continue;
    const heat = Math.sqrt(step / DEPTH);
    image.set([255 * heat * 1.6, 255 * heat * heat, 120 + 135 * heat], 3 * (y * width + x));
  }
}

const executor = new ThreadPoolExecutor({ threadNamePrefix: 'painter' });
const rows = Array.from({ length: height }, (_, y) => y);
const live = process.stderr.isTTY;
for await (const _ of executor.map(drawRow, rows, {
  onProgress: ({ done }) => {
    if (live) process.stderr.write(`\r${Math.round((100 * done) / height)} %`);
  },
}));
executor.shutdown();
if (live) process.stderr.write('\n');

const png = encodePng(width, height, image);
writeFileSync(file, png);
console.log(`${file}: ${width} × ${height}, ${png.length} bytes`);

/** A PNG file of eight bits a channel, red, green, blue: https://www.w3.org/TR/png-3/ */
function encodePng(columns: number, lines: number, pixels: Uint8ClampedArray): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(columns, 0);
  header.writeUInt32BE(lines, 4);
  header.set([8, 2, 0, 0, 0], 8);
  // Each line begins with the number of its filter: none.
  const raw = Buffer.alloc(lines * (1 + 3 * columns));
  for (let y = 0; y < lines; y++)
    raw.set(pixels.subarray(3 * y * columns, 3 * (y + 1) * columns), y * (1 + 3 * columns) + 1);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(raw)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const whole = Buffer.alloc(12 + data.length);
  whole.writeUInt32BE(data.length, 0);
  whole.write(type, 4, 'latin1');
  whole.set(data, 8);
  whole.writeUInt32BE(crc32(whole.subarray(4, 8 + data.length)), 8 + data.length);
  return whole;
}
