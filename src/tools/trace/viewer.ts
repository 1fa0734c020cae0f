// What the page of a trace runs, as text: it draws the rows of each thread, as deep as its slices lie inside each other, and a row of the locks that it
// holds. Of slices that share a pixel one is drawn, so that a hundred thousand are as quick as a hundred.

export const VIEWER = String.raw`(events, totalsOf) => {
  const $ = (id) => document.getElementById(id);
  const canvas = $('view'), tip = $('tip'), draw2d = canvas.getContext('2d');
  const ROW = 18, GAP = 10, LABEL = 16, TOP = 22;
  const names = new Map(), threads = new Map(), flows = new Map();
  const threadOf = (tid) => {
    if (!threads.has(tid)) threads.set(tid, { tid, slices: [], held: [], depth: 0 });
    return threads.get(tid);
  };
  const open = new Map();
  for (const e of events) {
    if (e.ph === 'M') names.set(e.tid, e.args.name);
    else if (e.ph === 'X') threadOf(e.tid).slices.push({ from: e.ts, to: e.ts + e.dur, name: e.name, cat: e.cat, args: e.args || {}, depth: 0 });
    else if (e.ph === 'b') open.set(e.id, e);
    else if (e.ph === 'e' && open.has(e.id)) {
      const b = open.get(e.id);
      open.delete(e.id);
      threadOf(e.tid).held.push({ from: b.ts, to: e.ts, name: b.name, cat: 'held', args: {}, depth: 0 });
    } else if (e.ph === 's' || e.ph === 'f') {
      const flow = flows.get(e.id) || {};
      flow[e.ph] = e;
      flows.set(e.id, flow);
    }
  }
  const list = [...threads.values()].sort((a, b) => a.tid - b.tid);
  let start = Infinity, end = -Infinity;
  for (const t of list) {
    t.slices.sort((a, b) => a.from - b.from || b.to - a.to);
    const stack = [];
    for (const s of t.slices) {
      while (stack.length && stack[stack.length - 1].to <= s.from) stack.pop();
      s.depth = stack.length;
      t.depth = Math.max(t.depth, s.depth + 1);
      if (s.to > s.from) stack.push(s);
      start = Math.min(start, s.from);
      end = Math.max(end, s.to);
    }
    t.held.sort((a, b) => a.from - b.from);
  }
  if (!(end > start)) { start = 0; end = 1; }
  let y = TOP;
  for (const t of list) {
    t.top = y;
    y += LABEL + t.depth * ROW + (t.held.length ? ROW : 0) + GAP;
  }
  const height = y;
  let from = start, to = end, found = '', width = 0, ratio = 1;
  const time = (us) => us >= 1e6 ? (us / 1e6).toFixed(2) + ' s' : us >= 1e3 ? (us / 1e3).toFixed(2) + ' ms' : us.toFixed(1) + ' µs';
  const x = (t) => ((t - from) / (to - from)) * width;
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const matches = (s) => found !== '' && s.name.toLowerCase().includes(found);
  // The first slice that does not end before the view.
  const firstIn = (slices) => {
    let low = 0, high = slices.length;
    while (low < high) { const mid = (low + high) >> 1; if (slices[mid].from < from - slices.longest) low = mid + 1; else high = mid; }
    return low;
  };
  for (const t of list) for (const slices of [t.slices, t.held]) slices.longest = slices.reduce((most, s) => Math.max(most, s.to - s.from), 0);
  const drawSlices = (slices, top, colors) => {
    const last = [];
    for (let at = firstIn(slices); at < slices.length && slices[at].from <= to; at++) {
      const s = slices[at];
      if (s.to < from) continue;
      const left = Math.max(0, x(s.from)), right = Math.min(width, x(s.to)), hit = matches(s);
      if (!hit && right < (last[s.depth] ?? -1)) continue;
      const wide = Math.max(right - left, 1);
      draw2d.fillStyle = hit ? colors.found : colors[s.cat] || colors.thread;
      draw2d.fillRect(left, top + s.depth * ROW, wide, ROW - 2);
      last[s.depth] = Math.floor(left) + 1;
      if (wide > 36) {
        draw2d.fillStyle = colors.text;
        draw2d.save();
        draw2d.beginPath();
        draw2d.rect(left, top + s.depth * ROW, wide - 4, ROW);
        draw2d.clip();
        draw2d.fillText(s.name, left + 5, top + s.depth * ROW + 12);
        draw2d.restore();
      }
    }
  };
  const draw = () => {
    ratio = window.devicePixelRatio || 1;
    width = canvas.clientWidth;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    canvas.style.height = height + 'px';
    draw2d.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw2d.font = '11px system-ui, sans-serif';
    const colors = Object.fromEntries(['thread', 'task', 'wait', 'idle', 'held', 'found', 'text', 'dim', 'line', 'arrow'].map((n) => [n, color(n)]));
    const span = to - from, unit = 10 ** Math.floor(Math.log10(span / 4)), step = span / unit > 20 ? unit * 5 : span / unit > 8 ? unit * 2 : unit;
    for (let t = Math.ceil((from - start) / step) * step; t + start < to; t += step) {
      draw2d.fillStyle = colors.line;
      draw2d.fillRect(x(t + start), 0, 1, height);
      draw2d.fillStyle = colors.dim;
      draw2d.fillText(time(t), x(t + start) + 4, 13);
    }
    for (const t of list) {
      draw2d.fillStyle = colors.dim;
      draw2d.fillText(names.get(t.tid) || 'thread ' + t.tid, 6, t.top + 11);
      drawSlices(t.slices, t.top + LABEL, colors);
      drawSlices(t.held, t.top + LABEL + t.depth * ROW, colors);
    }
    let arrows = 0;
    draw2d.strokeStyle = colors.arrow;
    for (const { s, f } of flows.values()) {
      if (!s || !f || f.ts < from || s.ts > to || !threads.has(s.tid) || !threads.has(f.tid) || ++arrows > 2000) continue;
      const [x1, y1, x2, y2] = [x(s.ts), threads.get(s.tid).top + LABEL + 8, x(f.ts), threads.get(f.tid).top + LABEL + 8];
      draw2d.beginPath();
      draw2d.moveTo(x1, y1);
      draw2d.bezierCurveTo(x1 + 24, y1, x2 - 24, y2, x2, y2);
      draw2d.stroke();
      draw2d.beginPath();
      draw2d.arc(x2, y2, 2.5, 0, 7);
      draw2d.stroke();
    }
    $('range').textContent = time(from - start) + ' – ' + time(to - start) + ' of ' + time(end - start);
  };
  const zoom = (factor, at) => {
    const middle = from + (to - from) * at, half = Math.max(1, (to - from) * factor);
    from = Math.max(start, middle - half * at);
    to = Math.min(end, from + half);
    draw();
  };
  const move = (by) => {
    const span = to - from;
    from = Math.max(start, Math.min(end - span, from + by * span));
    to = from + span;
    draw();
  };
  canvas.addEventListener('wheel', (e) => {
    e.preventDefault();
    if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) move(e.deltaX / width);
    else zoom(e.deltaY > 0 ? 1.25 : 0.8, e.offsetX / width);
  }, { passive: false });
  let drag;
  canvas.addEventListener('pointerdown', (e) => { drag = { x: e.clientX, from, to }; canvas.setPointerCapture(e.pointerId); });
  canvas.addEventListener('pointerup', () => { drag = undefined; });
  canvas.addEventListener('dblclick', () => { from = start; to = end; draw(); });
  const sliceAt = (px, py) => {
    const at = from + (px / width) * (to - from), slack = ((to - from) / width) * 2;
    for (const t of list) {
      const depth = Math.floor((py - t.top - LABEL) / ROW);
      if (py < t.top + LABEL || depth > t.depth) continue;
      const [slices, want] = depth < t.depth ? [t.slices, depth] : [t.held, 0];
      for (let n = firstIn(slices); n < slices.length && slices[n].from <= at + slack; n++) {
        if (slices[n].depth === want && slices[n].to >= at - slack && py < t.top + LABEL + (t.depth + 1) * ROW) return slices[n];
      }
    }
  };
  canvas.addEventListener('pointermove', (e) => {
    if (drag) {
      const span = drag.to - drag.from;
      from = Math.max(start, Math.min(end - span, drag.from - ((e.clientX - drag.x) / width) * span));
      to = from + span;
      draw();
      return;
    }
    const s = sliceAt(e.offsetX, e.offsetY);
    tip.style.display = s ? 'block' : 'none';
    if (!s) return;
    const more = Object.entries(s.args).filter(([, v]) => v !== undefined && v !== '').map(([k, v]) => k + ': ' + v);
    tip.textContent = [s.name, s.cat + ', ' + time(s.to - s.from) + ' from ' + time(s.from - start), ...more].join('\n');
    tip.style.left = Math.min(e.clientX + 14, innerWidth - 340) + 'px';
    tip.style.top = e.clientY + 14 + 'px';
  });
  canvas.addEventListener('pointerleave', () => { tip.style.display = 'none'; });
  canvas.addEventListener('keydown', (e) => {
    const action = { ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2), '+': () => zoom(0.7, 0.5), '-': () => zoom(1.4, 0.5), 0: () => { from = start; to = end; draw(); } }[e.key];
    if (action) { e.preventDefault(); action(); }
  });
  let next = 0;
  const all = () => list.flatMap((t) => [...t.slices, ...t.held]).filter(matches).sort((a, b) => a.from - b.from);
  $('search').addEventListener('input', (e) => {
    found = e.target.value.trim().toLowerCase();
    next = 0;
    $('matches').textContent = found === '' ? '' : all().length + ' found';
    draw();
  });
  $('search').addEventListener('keydown', (e) => {
    if (e.key !== 'Enter') return;
    const hits = all();
    if (hits.length === 0) return;
    const s = hits[next++ % hits.length], room = Math.max(s.to - s.from, (end - start) / 1e4) * 2;
    from = Math.max(start, s.from - room);
    to = Math.min(end, s.to + room);
    draw();
  });
  const body = $('totals').querySelector('tbody');
  for (const t of totalsOf(events)) {
    const row = body.insertRow();
    const wait = t.waits[0];
    const cells = [t.name, time(t.running), time(t.waiting), time(t.idle), wait ? wait.for + ' (' + time(wait.time) + ', ' + wait.times + ' times)' : ''];
    cells.forEach((text, at) => { const cell = row.insertCell(); cell.textContent = text; if (at > 0 && at < 4) cell.className = 'n'; });
  }
  addEventListener('resize', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  draw();
}`;
