// The live page: what the server tells, and that nothing is known once it tells nothing.

import { curveInWords, drawCurve } from "/curve.js";
import { DASH, chance, count, millis, percent, score } from "/numbers.js";
import { isNewestShown, loadRejects } from "/rejects.js";

const $ = (id) => document.getElementById(id);
/** The server speaks at least each second: silence for this long is a broken connection. */
const SILENCE_MS = 3500;
const RETRY_MS = 1500;
const SPOKEN_EVERY_MS = 2000;

let events = null;
let retry = null;
/** When the server last spoke, by this page's clock; none before it did. */
let heard = null;
let state = null;
let points = [];
/** The server's clock less this page's. */
let offset = 0;
let isFirst = true;
let isLocked = false;
/** Whether the server has as many pages as it serves. */
let isCrowded = false;
let asked = null;
let spoken = { text: "", at: -Infinity };
let unknownCount = null;

const MARKS = { known: "\u2713", unknown: "?", waiting: "?", lost: "\u2715", stale: "\u2715", ended: "\u25a0", offline: "\u26a0\ufe0e" };

function connect() {
  clearTimeout(retry);
  events?.close();
  isFirst = true;
  events = new EventSource("/api/events");
  events.onmessage = (event) => hear(JSON.parse(event.data));
  events.onerror = () => {
    heard = null;
    show();
    // The browser tries again by itself, but for an answer that is no stream.
    if (events.readyState === EventSource.CLOSED) again();
  };
}

async function again() {
  clearTimeout(retry);
  retry = setTimeout(connect, RETRY_MS);
  const answer = await fetch("/api/state").catch(() => null);
  isLocked = answer?.status === 401;
  isCrowded = answer?.ok === true;
  show();
}

function hear(told) {
  heard = performance.now();
  isLocked = isCrowded = false;
  const isOther = state !== null && state.server !== told.server;
  state = told;
  offset = told.now_ms - heard;
  if (isFirst || isOther) {
    isFirst = false;
    if (isOther) {
      points = [];
      asked = null;
    }
    loadHistory();
    if (told.has_rejects) loadRejects();
  }
  merge(told.points);
  show();
  askPicture();
}

async function loadHistory() {
  const answer = await fetch("/api/history").catch(() => null);
  if (!answer?.ok) return;
  const history = await answer.json();
  const newest = points;
  points = history.points;
  merge(newest.filter((p) => p.t >= (points.at(-1)?.t ?? 0)));
  draw();
}

function merge(newer) {
  for (const point of newer) {
    while (points.length && points.at(-1).t >= point.t) points.pop();
    points.push(point);
  }
  while (points.length && points[0].t < points.at(-1).t - 185_000) points.shift();
}

/** What is to be shown: the server's state, or that there is none. */
function view() {
  if (isLocked) return { name: "offline", word: "UNKNOWN", detail: "Locked: open the link with the token again" };
  if (isCrowded) return { name: "offline", word: "UNKNOWN", detail: "Too many pages are open; waiting for a place" };
  if (heard === null || performance.now() - heard > SILENCE_MS) {
    return { name: "offline", word: "UNKNOWN", detail: state === null ? "Connecting" : "No connection to the device" };
  }
  const verdict = state.verdict;
  switch (state.state) {
    case "known": {
      const sure = verdict.confidence === null ? "" : `confidence ${(100 * verdict.confidence).toFixed(0)}%`;
      return { name: "known", word: verdict.class, detail: sure };
    }
    case "unknown": {
      const near = verdict.nearest === null ? "none of the classes" : `none of the classes; nearest ${verdict.nearest}`;
      return { name: "unknown", word: "UNKNOWN", detail: verdict.fault ?? near };
    }
    case "lost": return { name: "lost", word: "CAMERA LOST", detail: `Unknown: ${state.why}` };
    case "stale": return { name: "stale", word: "NO VERDICT", detail: `Unknown: ${state.why}` };
    case "ended": return { name: "ended", word: "ENDED", detail: "Unknown: the loop has ended" };
    default: return { name: "waiting", word: "UNKNOWN", detail: "Waiting for the first verdict" };
  }
}

function show() {
  const now = view();
  const isLive = now.name !== "offline";
  put($("link-text"), isLocked ? "locked" : isLive ? "live" : state === null ? "connecting" : "no connection");
  $("link").dataset.link = isLive ? "live" : state === null && !isLocked ? "waiting" : "broken";
  $("verdict").dataset.state = now.name;
  put($("mark"), MARKS[now.name]);
  put($("word"), now.word);
  put($("detail"), now.detail);
  document.title = `${now.word} \u2013 normgate`;
  const isJudged = now.name === "known" || now.name === "unknown";
  put($("score"), isJudged ? score(state.verdict.score) : DASH);
  put($("p-value"), isJudged ? chance(state.verdict.p_value) : DASH);
  put($("committed"), (isJudged && state.committed) || "unknown");
  say(now);
  showPicture(now, isJudged);
  if (state === null) return;
  const { model, counts, latency_us: latency } = state;
  put($("threshold"), score(model.threshold));
  put($("model"), `${model.name}, ${model.classes} classes`);
  $("model").title = `graph sha256 ${model.graph_sha256}`;
  put($("source"), state.source ? `Source: ${state.source}` : "");
  $("notice").hidden = state.notice === null;
  put($("notice"), state.notice === null ? "" : `A new model file was refused, the one before judges on: ${state.notice}`);
  const alarm = state.drift?.alarm ?? null;
  $("drift").hidden = alarm === null;
  put($("drift"), alarm === null ? "" : `Drift: scores are ${alarm}, ${state.drift.meaning}`);
  const swaps = counts.swaps_refused ? `${counts.swaps} (${counts.swaps_refused} refused)` : count(counts.swaps);
  const share = counts.frames ? ` (${((100 * counts.unknown) / counts.frames).toFixed(0)}%)` : "";
  const texts = {
    fps: isJudged && state.fps !== null ? state.fps.toFixed(1) : DASH,
    p50: millis(latency.p50), p99: millis(latency.p99),
    frames: count(counts.frames), unknown: count(counts.unknown) + share, faults: count(counts.faults),
    dropped: count(counts.dropped), missed: count(counts.missed), losses: count(counts.losses), swaps,
    drifts: count(counts.drifts), evidence: state.drift === null ? "off" : percent(state.drift.evidence),
  };
  for (const cell of document.querySelectorAll("[data-of]")) put(cell, texts[cell.dataset.of]);
  const missed = document.querySelector('[data-of="missed"]');
  missed.classList.toggle("alert", counts.missed > 0);
  $("rejects").hidden = !state.has_rejects;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Tells a screen reader, seldom enough to be listened to. */
function say(now) {
  const isJudged = now.name === "known" || now.name === "unknown";
  const text = isJudged ? `Committed: ${state.committed ?? "unknown"}` : `${now.word}. ${now.detail}`;
  const time = performance.now();
  if (text === spoken.text || time - spoken.at < SPOKEN_EVERY_MS) return;
  spoken = { text, at: time };
  $("spoken").textContent = text;
}

function showPicture(now, isJudged) {
  const image = $("frame");
  const isThere = !image.hidden;
  $("no-frame").hidden = isThere;
  image.alt = isThere ? `The camera's picture, ${isJudged ? `verdict ${now.word}` : "not current"}` : "";
  const isOld = isThere && !isJudged;
  $("view").toggleAttribute("data-old", isOld);
  $("veil").hidden = !isOld;
  if (isOld) put($("veil"), "Old picture");
}

/** Fetches the newest picture, one at a time: a slow link gets fewer of them. */
function askPicture() {
  const id = state.picture?.id;
  if (id === undefined || asked === id || $("frame").dataset.busy) return;
  asked = id;
  $("frame").dataset.busy = "1";
  $("frame").src = `/frame.jpg?id=${id}`;
}

$("frame").addEventListener("load", () => {
  const image = $("frame");
  delete image.dataset.busy;
  image.hidden = false;
  image.classList.toggle("tiny", image.naturalWidth < 200);
  show();
  if (state) askPicture();
});
$("frame").addEventListener("error", () => delete $("frame").dataset.busy);

function draw() {
  const now = heard === null ? points.at(-1)?.t ?? 0 : performance.now() + offset;
  drawCurve($("curve"), points, now, state?.model.threshold ?? null);
}

setInterval(() => {
  show();
  draw();
}, 250);
setInterval(() => {
  $("curve").setAttribute("aria-label", curveInWords(points, state?.model.threshold ?? null));
  // A connection may hang without an end.
  if (!document.hidden && heard !== null && performance.now() - heard > 3 * SILENCE_MS) connect();
  const unknown = state?.counts.unknown ?? null;
  if (state?.has_rejects && heard !== null && unknown !== unknownCount && isNewestShown()) loadRejects();
  unknownCount = unknown;
}, 5000);
document.addEventListener("visibilitychange", () => {
  // Nobody looks: the device need not make pictures.
  if (!document.hidden) return connect();
  clearTimeout(retry);
  events?.close();
  heard = null;
});
addEventListener("resize", draw);
connect();
