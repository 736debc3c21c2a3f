// The scores of the last minutes against the threshold.

import { score } from "/numbers.js";

const SPAN_MS = 180_000;
/** The least width of a point. */
const POINT_PX = 3;
const PAD = { left: 46, right: 14, top: 12, bottom: 24 };

/** Draws `points` up to the time `now` (both in the server's milliseconds). */
export function drawCurve(canvas, points, now, threshold) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width || !height) return;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const g = canvas.getContext("2d");
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.clearRect(0, 0, width, height);
  g.font = "12px system-ui, sans-serif";

  const shown = points.filter((p) => p.t >= now - SPAN_MS - 1000);
  const [low, high] = range(shown, threshold);
  const right = width - PAD.right, bottom = height - PAD.bottom;
  const x = (t) => right - ((now - t) / SPAN_MS) * (right - PAD.left);
  const y = (v) => bottom - ((v - low) / (high - low)) * (bottom - PAD.top);

  if (threshold !== null) {
    const line = Math.min(Math.max(y(threshold), PAD.top), bottom);
    g.fillStyle = color("--below");
    g.fillRect(PAD.left, line, right - PAD.left, bottom - line);
  }
  g.lineWidth = 1;
  g.textBaseline = "middle";
  g.textAlign = "right";
  const step = niceStep((high - low) / 4);
  for (let v = Math.ceil(low / step) * step; v <= high; v += step) {
    g.strokeStyle = color("--grid");
    stroke(g, PAD.left, Math.round(y(v)) + 0.5, right, Math.round(y(v)) + 0.5);
    g.fillStyle = color("--quiet");
    g.fillText(short(v, step), PAD.left - 8, y(v));
  }
  g.textBaseline = "alphabetic";
  for (let minute = 0; minute <= 3; minute++) {
    const at = x(now - minute * 60_000);
    g.textAlign = minute === 0 ? "right" : minute === 3 ? "left" : "center";
    g.fillStyle = color("--quiet");
    g.fillText(minute === 0 ? "now" : `\u2212${minute} min`, at, height - 6);
  }

  g.save();
  g.beginPath();
  g.rect(PAD.left, 0, right - PAD.left + 3, bottom + 1);
  g.clip();
  const perPoint = (SPAN_MS / (right - PAD.left)) * POINT_PX;
  for (const p of widen(shown, perPoint)) {
    const at = x(p.t);
    if (p.low === null) {
      g.fillStyle = color("--lost");
      g.fillRect(at - 1, bottom - 12, 2, 12);
      continue;
    }
    // A round dot is known and an open square is not, for whoever does not see the colours.
    const hasKnown = p.unknown < p.frames, hasUnknown = p.unknown > 0;
    g.lineWidth = 1.5;
    g.strokeStyle = color(hasKnown && hasUnknown ? "--quiet" : hasKnown ? "--known" : "--unknown");
    if (y(p.low) - y(p.high) > 2) stroke(g, at, y(p.low), at, y(p.high));
    if (hasUnknown) {
      g.strokeStyle = color("--unknown");
      g.strokeRect(at - 2, y(p.low) - 2, 4, 4);
    }
    if (hasKnown) {
      g.fillStyle = color("--known");
      g.beginPath();
      g.arc(at, y(p.high), 2, 0, 7);
      g.fill();
    }
  }
  g.restore();
  if (threshold !== null) {
    g.strokeStyle = color("--line");
    g.lineWidth = 2;
    g.setLineDash([6, 5]);
    stroke(g, PAD.left, y(threshold), right, y(threshold));
    g.setLineDash([]);
  }
}

/** The same for whoever does not see the picture. */
export function curveInWords(points, threshold) {
  const scores = points.filter((p) => p.low !== null);
  if (!scores.length) return "No scores yet";
  const frames = points.reduce((n, p) => n + p.frames, 0);
  const unknown = points.reduce((n, p) => n + p.unknown, 0);
  const low = Math.min(...scores.map((p) => p.low)), high = Math.max(...scores.map((p) => p.high));
  const against = threshold === null ? "no threshold" : `threshold ${score(threshold)}`;
  return `Scores of the last 3 minutes from ${score(low)} to ${score(high)}, ${against}; ` +
    `${Math.round((100 * unknown) / frames)}% of ${frames} frames unknown`;
}

/** Points that would lie upon each other, as one. */
function widen(points, step) {
  const wide = [];
  for (const p of points) {
    const last = wide.at(-1);
    if (!last || Math.floor(last.t / step) !== Math.floor(p.t / step)) {
      wide.push({ ...p });
      continue;
    }
    if (p.low !== null) {
      last.low = last.low === null ? p.low : Math.min(last.low, p.low);
      last.high = last.high === null ? p.high : Math.max(last.high, p.high);
    }
    last.frames += p.frames;
    last.unknown += p.unknown;
  }
  return wide;
}

function range(points, threshold) {
  const values = points.flatMap((p) => (p.low === null ? [] : [p.low, p.high]));
  if (threshold !== null) values.push(threshold);
  if (!values.length) return [0, 1];
  let low = Math.min(...values), high = Math.max(...values);
  const room = Math.max((high - low) * 0.12, Math.abs(high) * 0.02, 1e-3);
  return [low - room, high + room];
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  const head = rough / power;
  return power * (head <= 1 ? 1 : head <= 2 ? 2 : head <= 5 ? 5 : 10);
}

function short(value, step) {
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  return value.toFixed(Math.min(digits, 4));
}

function stroke(g, x0, y0, x1, y1) {
  g.beginPath();
  g.moveTo(x0, y0);
  g.lineTo(x1, y1);
  g.stroke();
}
