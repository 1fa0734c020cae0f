// A short report for node:test: one line for each file, every failure in full, then the closing lines of Node's own runner. With many
// lines between, or when what is kept of them is cut, failures are hard to find: FAILURES is a file that gets them too, if it is set.
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { inspect } from 'node:util';

export default async function* report(events) {
  let file;
  let passed = 0;
  let failed = 0;
  let seconds = 0;
  const fileLine = () => {
    if (file === undefined) return '';
    const name = relative(process.cwd(), file).replace(/^build\//, '');
    return `${failed === 0 ? '✔' : '✖'} ${name} (${passed + failed} tests${failed === 0 ? '' : `, ${failed} failed`}, ${seconds.toFixed(1)} s)\n`;
  };
  for await (const { type, data } of events) {
    if (type === 'test:pass' || type === 'test:fail') {
      if (data.details.type === 'suite') continue;
      if (data.file !== file) {
        yield fileLine();
        [file, passed, failed, seconds] = [data.file, 0, 0, 0];
      }
      if (data.nesting === 0) seconds += data.details.duration_ms / 1000;
      if (type === 'test:pass') passed++;
      else {
        failed++;
        const { error } = data.details;
        const text = `\n✖ ${data.name}\n${indented(shown(error?.cause ?? error))}\n\n`;
        if (process.env.FAILURES) appendFileSync(process.env.FAILURES, text);
        yield text;
      }
    } else if (type === 'test:stdout' || type === 'test:stderr') {
      yield data.message;
    } else if (type === 'test:diagnostic' && data.nesting === 0) {
      // The first of the closing lines ends the last file.
      yield fileLine();
      file = undefined;
      yield `ℹ ${data.message}\n`;
    }
  }
}

/** An error's stack and cause; not its other properties, which repeat what an assertion's message says. */
const shown = (error) => {
  if (!(error instanceof Error)) return inspect(error);
  return error.cause === undefined ? error.stack : `${error.stack}\n[cause]: ${inspect(error.cause)}`;
};

const indented = (text) => text.replace(/^/gm, '    ');
