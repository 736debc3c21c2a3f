// Rejected frames, to look through.

const $ = (id) => document.getElementById(id);
const PAGE = 24;

/** Where each page that was turned begins; the first one has no beginning. */
let trail = [null];
let shown = [];
let next = null;
let open = -1;

/** Asks for the page at the end of the trail and shows it. */
export async function loadRejects() {
  const before = trail.at(-1);
  const at = before === null ? "" : `&before=${encodeURIComponent(before)}`;
  try {
    const answer = await fetch(`/api/rejects?limit=${PAGE}${at}`);
    if (!answer.ok) throw new Error((await answer.text()).trim());
    const page = await answer.json();
    shown = page.rejects;
    next = page.next;
    show(page.total);
  } catch (error) {
    $("rejects-none").textContent = `Cannot be read: ${error.message}`;
    $("rejects-none").hidden = false;
  }
}

/** Whether the newest page is shown, which then may be renewed by itself. */
export function isNewestShown() {
  return trail.length === 1 && !$("large").open;
}

function show(total) {
  $("rejects-total").textContent = total ? `(${total})` : "";
  $("rejects-none").textContent = "None yet.";
  $("rejects-none").hidden = shown.length > 0;
  $("grid").replaceChildren(...shown.map(tile));
  $("newer").disabled = trail.length === 1;
  $("older").disabled = next === null;
}

function tile(reject, index) {
  const item = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tile";
  button.dataset.stem = reject.stem;
  button.append(picture(reject), line(headline(reject), "first"), line(against(reject)), line(when(reject)));
  button.addEventListener("click", () => enlarge(index));
  item.append(button);
  return item;
}

function picture(reject) {
  const image = document.createElement("img");
  image.loading = "lazy";
  fill(image, reject);
  return image;
}

/** Points an image at the frame; it may be gone before it is fetched. */
export function fill(image, reject) {
  image.onload = () => image.classList.toggle("tiny", image.naturalWidth < 200);
  image.alt = `Rejected frame, ${headline(reject)}, ${when(reject)}`;
  if (reject.image === null) image.removeAttribute("src");
  else image.src = `/rejects/${encodeURIComponent(reject.image)}`;
}

function line(text, name) {
  const span = document.createElement("span");
  span.textContent = text;
  if (name) span.className = name;
  return span;
}

function headline(reject) {
  if (reject.nearest) return `nearest ${reject.nearest}`;
  return reject.fault ? "not readable" : "no class is near";
}

function against(reject) {
  if (reject.score === null) return reject.fault ?? "not scored";
  const threshold = reject.threshold === null ? "" : ` < ${reject.threshold.toFixed(2)}`;
  return `score ${reject.score.toFixed(2)}${threshold}`;
}

function when(reject) {
  const time = new Date(reject.time ?? NaN);
  if (isNaN(time)) return reject.stem;
  const parts = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  return time.toLocaleString(undefined, { ...parts, hourCycle: "h23" });
}

function enlarge(index) {
  const reject = shown[index];
  if (!reject) return;
  open = index;
  $("large-title").textContent = headline(reject);
  fill($("large-image"), reject);
  const size = reject.width && reject.height ? `${reject.width} × ${reject.height}` : null;
  const facts = [
    ["Score", reject.score?.toFixed(4)], ["Threshold", reject.threshold?.toFixed(4)], ["Score is", reject.score_name],
    ["Nearest class", reject.nearest], ["Time", when(reject)], ["Frame", reject.frame], ["Name", reject.name],
    ["Fault", reject.fault], ["Size", size], ["Model", reject.model],
  ];
  $("large-facts").replaceChildren(...facts.filter(([, value]) => value !== null && value !== undefined).map(fact));
  link($("download"), reject.image);
  link($("download-json"), `${reject.stem}.json`);
  $("previous").disabled = index === 0;
  $("next").disabled = index === shown.length - 1;
  if (!$("large").open) $("large").showModal();
}

function fact([name, value]) {
  const pair = document.createElement("div");
  const term = document.createElement("dt"), text = document.createElement("dd");
  term.textContent = name;
  text.textContent = value;
  pair.append(term, text);
  return pair;
}

function link(anchor, name) {
  anchor.hidden = name === null;
  if (name === null) return;
  anchor.href = `/rejects/${encodeURIComponent(name)}`;
  anchor.download = name;
}

$("older").addEventListener("click", () => {
  if (next === null) return;
  trail.push(next);
  loadRejects();
});
$("newer").addEventListener("click", () => {
  if (trail.length > 1) trail.pop();
  loadRejects();
});
$("refresh").addEventListener("click", () => {
  trail = [null];
  loadRejects();
});
$("previous").addEventListener("click", () => enlarge(open - 1));
$("next").addEventListener("click", () => enlarge(open + 1));
$("close").addEventListener("click", () => $("large").close());
$("large").addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") enlarge(open - 1);
  if (event.key === "ArrowRight") enlarge(open + 1);
});
