// A trace as one page that needs nothing else: it draws what is in view, and holds the events as they are in the JSON.

import { totalsOf } from './totals.js';
import { VIEWER } from './viewer.js';

const STYLE = `
:root { color-scheme: light dark; --back: #fbfaf8; --text: #1d1d1f; --dim: #6e6e73; --line: #e3e1dc; --thread: #cfd8e6; --task: #7aa6d8;
  --wait: #e2725b; --idle: #e9e7e2; --held: #c9a13b; --found: #b2329a; --arrow: #8a6d1f; }
@media (prefers-color-scheme: dark) { :root { --back: #17181b; --text: #ececf0; --dim: #98989f; --line: #2d2f35; --thread: #33445c; --task: #3f74b5;
  --wait: #c2543d; --idle: #25262b; --held: #a6832a; --found: #d85ec0; --arrow: #d9b95a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 13px/1.45 system-ui, sans-serif; }
header { display: flex; gap: 12px; align-items: center; padding: 10px 16px; border-bottom: 1px solid var(--line); flex-wrap: wrap; }
h1 { font-size: 14px; margin: 0; font-weight: 600; }
input { font: inherit; padding: 3px 8px; border: 1px solid var(--line); border-radius: 6px; background: transparent; color: inherit; width: 220px; }
.key { color: var(--dim); display: flex; gap: 10px; flex-wrap: wrap; }
.key i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 4px; vertical-align: -1px; }
#range { color: var(--dim); margin-left: auto; font-variant-numeric: tabular-nums; }
canvas { display: block; width: 100%; cursor: grab; }
#tip { position: fixed; pointer-events: none; background: var(--text); color: var(--back); padding: 5px 9px; border-radius: 6px; max-width: 520px;
  font-size: 12px; white-space: pre-wrap; display: none; z-index: 1; }
table { border-collapse: collapse; margin: 8px 16px 24px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 3px 18px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: 500; } td.n { text-align: right; }
`;

const KEY = [
  ['thread', 'runs'],
  ['task', 'task'],
  ['wait', 'waits'],
  ['idle', 'waits for work'],
  ['held', 'holds a lock'],
]
  .map(([kind, text]) => `<span><i style="background:var(--${kind})"></i>${text}</span>`)
  .join('');

/** The page for a trace in JSON. */
export function pageOf(json: string): string {
  // Nothing in it ends the script that it is in.
  const data = json.replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Threads</title><meta name="viewport" content="width=device-width">
<style>${STYLE}</style></head><body>
<header><h1>Threads</h1><input id="search" type="search" placeholder="find a task, a lock, a thread" aria-label="find">
<span id="matches"></span><span class="key">${KEY}</span><span id="range"></span></header>
<canvas id="view" tabindex="0" aria-label="timeline: wheel zooms, drag moves, double click shows all"></canvas>
<table id="totals"><thead><tr><th>thread</th><th>running</th><th>waiting</th><th>idle</th><th>waited longest for</th></tr></thead><tbody></tbody></table>
<div id="tip"></div>
<script type="application/json" id="data">${data}</script>
<script>'use strict';
const totalsOf = ${String(totalsOf)};
(${VIEWER})(JSON.parse(document.getElementById('data').textContent).traceEvents, totalsOf);
</script></body></html>
`;
}
