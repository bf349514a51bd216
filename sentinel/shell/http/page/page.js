/* SPDX-License-Identifier: BSD-3-Clause */
/* The page for people. All of its texts are made of text nodes: nothing that a server, a peer or a
 * file says becomes markup. The list is loaded anew every ten seconds, a group when an event is
 * about it, and the open group every second; only rows that differ are drawn. */
"use strict";

const LIST_MS = 10000, OPEN_MS = 1000, SOON_MS = 150, EVENTS_MAX = 300, EVENTS_AT_START = 200, SHOWN_MS = 30000, MORE_MAX = 100;

const byId = (id) => document.getElementById(id);
const rows = new Map();    /* name: {row, cells, drawn, group} */
const runs = new Map();    /* name: the events of the failover that goes on, oldest first */
const dirty = new Set();   /* groups of which an event has come */
let openName = null, openText = "", lastEventId = null, loadSoon = 0;

/* ---- small things ---- */

function make(tag, className, ...content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

const address = (server) => server.host.includes(":") ? `[${server.host}]:${server.port}` : `${server.host}:${server.port}`;

function span(ms) {
  if (ms === null || ms === undefined) return "unknown";
  if (ms < 1000) return `${ms} ms`;
  if (ms < 120000) return `${(ms / 1000).toFixed(ms < 10000 ? 1 : 0)} s`;
  if (ms < 7200000) return `${Math.round(ms / 60000)} min`;
  return `${Math.round(ms / 3600000)} h`;
}

function bytes(count) {
  if (count === null || count === undefined) return "unknown";
  for (const unit of ["bytes", "KiB", "MiB", "GiB"]) {
    if (count < 1024 || unit === "GiB") return `${count < 10 && unit !== "bytes" ? count.toFixed(1) : Math.round(count)} ${unit}`;
    count /= 1024;
  }
}

const words = { ok: "ok", sdown: "subjectively down", odown: "down (agreed)" };
const isWell = (group) => group.status === "ok" && !group.failover && !group.pause &&
  group.ok_replica_count === group.replica_count && group.ok_sentinel_count === group.sentinel_count;

async function load(path) {
  const response = await fetch(path, { cache: "no-store" });
  return response.ok ? response.json() : null;
}

/* What is open stays open. */
function replaceAll(list, ...items) {
  const opened = new Set([...list.querySelectorAll("details[open]")].map((item) => item.dataset.id));
  list.replaceChildren(...items);
  for (const item of list.querySelectorAll("details")) item.open = opened.has(item.dataset.id);
}

/* ---- the list ---- */

function adopt(row) {
  const link = row.querySelector("a");
  return { row, link, cells: [...row.children], drawn: "", group: null, path: link.getAttribute("href") };
}

function addRow(name) {
  const link = make("a", "", name), row = make("tr", "", make("th", "", link));
  link.href = "/groups/" + encodeURIComponent(name);
  row.firstChild.scope = "row";
  for (let i = 0; i < 5; i++) row.append(make("td", i === 0 ? "state" : ""));
  row.dataset.name = name;
  byId("group-table").tBodies[0].append(row);
  return adopt(row);
}

function drawRow(entry, group) {
  const texts = [words[group.status] || group.status, address(group.primary), `${group.ok_replica_count} of ${group.replica_count}`,
    `${group.ok_sentinel_count} of ${group.sentinel_count}`, group.pause ? "PAUSED" : group.failover ? group.failover.state : "-"];
  const className = group.status + (group.failover ? " busy" : "");
  const drawn = className + texts.join("\n");
  entry.group = group;
  if (drawn === entry.drawn) return;
  texts.forEach((text, i) => { if (entry.cells[i + 1].textContent !== text) entry.cells[i + 1].textContent = text; });
  entry.row.className = className + (entry.drawn ? " changed" : "") + (group.name === openName ? " open" : "");
  entry.drawn = drawn;
}

function update(group) {
  let entry = rows.get(group.name);
  if (!entry) rows.set(group.name, entry = addRow(group.name));
  drawRow(entry, group);
}

function filter() {
  const text = byId("search").value.trim().toLowerCase(), onlyBad = byId("only-bad").checked;
  let shown = 0;
  for (const [name, entry] of rows) {
    const group = entry.group;
    const fits = (!text || name.toLowerCase().includes(text) || (group && address(group.primary).includes(text))) &&
      (!onlyBad || (group && !isWell(group)));
    if (entry.row.hidden === fits) entry.row.hidden = !fits;
    shown += fits;
  }
  byId("found").textContent = text || onlyBad ? `${shown} of ${rows.size}` : "";
}

function summarize() {
  let down = 0, busy = 0, paused = 0, lame = 0;
  for (const { group } of rows.values()) {
    if (!group) continue;
    if (group.failover) busy++;
    else if (group.status !== "ok") down++;
    else if (group.pause) paused++;
    else if (!isWell(group)) lame++;
  }
  const parts = [];
  const are = (count, what) => parts.push(`${count} ${count === 1 ? "group" : "groups"} ${what}`);
  if (busy) are(busy, "failing over");
  if (down) are(down, "with a primary that is down");
  if (paused) are(paused, "paused");
  if (lame) are(lame, "with replicas or sentinels that are down");
  const text = parts.length ? parts.join(", ") + "." : `All is well: ${rows.size} ${rows.size === 1 ? "group" : "groups"}.`;
  if (byId("summary").textContent !== text) byId("summary").textContent = text;
  document.title = `${busy + down ? "\u2716 " : paused + lame ? "! " : ""}sentineld ${location.host}`;
}

async function loadList() {
  try {
    const list = await load("/groups");
    const names = new Set(list.groups.map((group) => group.name));
    list.groups.forEach(update);
    for (const [name, entry] of rows) {
      if (names.has(name)) continue;
      entry.row.remove();
      rows.delete(name);
      runs.delete(name);
    }
    afterChange();
    tellLink(true);
  } catch (error) {
    tellLink(false);
  }
}

async function loadDirty() {
  const names = [...dirty];
  dirty.clear();
  loadSoon = 0;
  loadHistory();
  if (names.length > 20) return loadList();
  for (const name of names) {
    try {
      const group = await load(rows.has(name) ? rows.get(name).path : "/groups/" + encodeURIComponent(name));
      if (group) update(group);
    } catch (error) { tellLink(false); }
  }
  afterChange();
}

function afterChange() {
  filter();
  summarize();
  drawPaused();
  drawNow();
}

function tellLink(isUp) {
  const text = isUp ? "" : "No connection to this sentinel: what you see is old.";
  if (byId("link").textContent !== text) byId("link").textContent = text;
  byId("link").className = isUp ? "" : "state odown";
}

/* ---- pauses ---- */

const pauseWords = (pause) => ` for another ${span(pause.left_ms)}, by sentinel ${pause.by.slice(0, 8)}${pause.reason ? `: ${pause.reason}` : ""}`;

/* Groups that were paused by one order are told together. */
function pauseOrders() {
  const orders = new Map();
  for (const [name, { group }] of rows) {
    if (!group?.pause) continue;
    const key = JSON.stringify([group.pause.by, group.pause.reason, Math.round(group.pause.until_unix / 10)]);
    if (!orders.has(key)) orders.set(key, { pause: group.pause, names: [] });
    orders.get(key).names.push(name);
  }
  return [...orders.values()];
}

let pausedDrawn = "";

function drawPaused() {
  const lines = pauseOrders().map(({ pause, names }) => [names.length > 3 ? `${names.length} groups` : names.join(", "), pauseWords(pause)]);
  const key = JSON.stringify(lines);
  if (key === pausedDrawn) return;
  pausedDrawn = key;
  byId("paused").hidden = lines.length === 0;
  byId("paused-list").replaceChildren(...lines.slice(0, 10).map(([whom, what]) => make("li", "", make("strong", "", whom), what)),
    ...(lines.length > 10 ? [make("li", "", `and by ${lines.length - 10} more orders`)] : []));
}

/* ---- what goes on ---- */

const BEGINS = "+try-failover";
const ENDS = (name) => name === "+failover-end" || name === "+failover-end-for-timeout" || name.startsWith("-failover-abort") || name === "-monitor";

/* A sentinel that does not lead hears of the new primary last. What has ended is shown for a while. */
function follow(event) {
  const name = event.event, ofPrimary = event.payload.startsWith("master ");
  let run = runs.get(event.group);
  if (event.group && (!run || run.ended) && (name === BEGINS || (name === "+sdown" && ofPrimary))) runs.set(event.group, run = []);
  if (!run) return;
  run.push(event);
  const leads = run.some((step) => step.event === BEGINS);
  if (!ENDS(name) && (leads || !(name === "+switch-master" || (name === "-sdown" && ofPrimary)))) return;
  run.ended = true;
  setTimeout(() => {
    if (runs.get(event.group) === run) runs.delete(event.group);
    drawNow();
  }, Math.max(0, Date.parse(event.time) + SHOWN_MS - Date.now()));
}

function stepList(events) {
  const list = make("ol", "steps");
  const began = Date.parse(events[0].time);
  for (const event of events.slice(-20)) {
    const after = Date.parse(event.time) - began;
    list.append(make("li", "", make("time", "", after ? `+${span(after)}` : clock(event.time)), `${event.event} ${event.payload}`));
  }
  return list;
}

let nowDrawn = "";

function drawNow() {
  const busy = [...rows.entries()].filter(([name, entry]) => runs.has(name) || entry.group?.failover).slice(0, 10);
  const key = JSON.stringify(busy.map(([name, entry]) => [name, entry.group?.failover?.state, runs.get(name)?.length]));
  if (key === nowDrawn) return;
  nowDrawn = key;
  byId("now").hidden = busy.length === 0;
  byId("now-list").replaceChildren(...busy.map(([name, entry]) => {
    const failover = entry.group?.failover;
    const block = make("div", "", make("h3", "", failover ? `${name}: ${failover.state}` : name));
    if (runs.has(name)) block.append(stepList(runs.get(name)));
    return block;
  }));
}

/* ---- the open group ---- */

function table(caption, heads, lines) {
  const result = make("table", "", make("thead", "", make("tr", "", ...heads.map((head) => {
    const cell = make("th", "", head);
    cell.scope = "col";
    return cell;
  }))), make("tbody", "", ...lines.map((line) => make("tr", "", ...line.map((text) => text instanceof Node ? text : make("td", "", text))))));
  return make("div", "", make("h3", "", caption), lines.length ? make("div", "scroll", result) : make("p", "soft", "None."));
}

const upCell = (member) => make("td", "state " + (member.up ? "ok" : "odown"), member.up ? (member.connected ? "up" : "up, not connected") : `down for ${span(member.down_ms)}`);

function serverBox(server, role, ...more) {
  return make("div", "server", make("strong", "", `${role} ${address(server)}`),
    make("span", "state " + (server.up ? "ok" : "odown"), server.up ? "up" : `down for ${span(server.down_ms)}`), ...more.map((text) => make("span", "soft", text)));
}

function topology(group) {
  const replicas = group.replicas.map((replica) => make("li", "", serverBox(replica, "replica",
    `lag ${bytes(replica.lag_bytes)}`, replica.link_up ? "link up" : `link down for ${span(replica.link_down_ms)}`,
    `priority ${replica.priority}`, replica.reported_role && replica.reported_role !== "slave" ? `says that it is a ${replica.reported_role}` : "",
    replica.claimed_by_another_group ? "another group claims it too" : "")));
  return make("div", "", make("h3", "", "Topology"), make("ul", "tree", make("li", "",
    serverBox(group.primary, "primary", group.primary.reported_role ? `says that it is a ${group.primary.reported_role}` : "has not answered INFO yet",
      `last good reply ${span(group.primary.last_ok_ping_ms)} ago`), make("ul", "tree", ...replicas))));
}

function sentinels(group) {
  return table("Sentinels, and what each believes", ["Sentinel", "Id", "State", "About the primary", "Last hello"], group.sentinels.map((peer) => [
    address(peer), peer.run_id.slice(0, 8), upCell(peer), peer.says_primary_down ? make("td", "state odown", "says that it is down") : "has not said that it is down",
    `${span(peer.hello_age_ms)} ago`]));
}

function drawOpen(group) {
  const settings = group.settings;
  const parts = [];
  if (group.pause) parts.push(make("p", "paused", "PAUSED", pauseWords(group.pause)));
  parts.push(make("p", "", make("span", "state " + group.status, words[group.status] || group.status),
    ` \u00b7 ${group.quorum_text} \u00b7 quorum ${group.quorum} \u00b7 epoch ${group.config_epoch} \u00b7 down after ${span(settings.down_after_ms)} \u00b7 failover timeout ${span(settings.failover_timeout_ms)}`));
  if (group.failover) parts.push(make("p", "note", `Failover: ${group.failover.state}, for ${span(group.failover.since_ms)}.`));
  parts.push(topology(group), sentinels(group));
  parts.push(table("Why something was not done", ["Reason", "How often", "Last"], [...group.reasons].reverse().map((reason) => [
    reason.text, `${reason.count}`, `${span(reason.last_ms_ago)} ago`])));
  byId("detail-body").replaceChildren(...parts);
}

const isSelecting = (block) => block.contains(getSelection().anchorNode) && !getSelection().isCollapsed;

/* Ages change every second; they alone are no reason to draw while somebody selects or reads. */
async function loadOpen() {
  const name = openName;
  if (name === null || document.hidden) return;
  try {
    const group = await load(rows.has(name) ? rows.get(name).path : "/groups/" + encodeURIComponent(name));
    if (name !== openName) return;
    if (!group) return close();
    const text = JSON.stringify(group);
    if (text !== openText && !isSelecting(byId("detail-body"))) {
      openText = text;
      drawOpen(group);
      update(group);
    }
    await explain(name);
  } catch (error) { tellLink(false); }
}

function open(name, focus) {
  rows.get(openName)?.row.classList.remove("open");
  openName = name;
  openText = "";
  rows.get(name)?.row.classList.add("open");
  byId("detail-title").textContent = name;
  byId("detail-body").replaceChildren();
  byId("explain").hidden = true;
  byId("detail").hidden = false;
  loadOpen();
  drawEvents();
  if (focus) byId("detail").focus();
}

function close() {
  const entry = rows.get(openName);
  entry?.row.classList.remove("open");
  openName = null;
  byId("detail").hidden = true;
  history.replaceState(null, "", location.pathname);
  entry?.link.focus();
  drawEvents();
}

function fromHash() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (name.startsWith("group=")) open(name.slice(6), true);
}

/* ---- answers ---- */

function explainLine(line) {
  const at = line.indexOf(": "), isMember = /^(Sentinel|Replica) /.test(line);
  return isMember || at < 0 ? make("li", "", line) : make("li", line.startsWith("Wrong") ? "note" : "", make("strong", "", line.slice(0, at + 1)), line.slice(at + 1));
}

async function explain(name) {
  const told = await load("/explain/" + encodeURIComponent(name)), block = byId("explain");
  if (!told || name !== openName) return;
  const key = told.lines.join("\n");
  if (block.dataset.key !== key && !isSelecting(block)) {
    block.lastElementChild.replaceChildren(...told.lines.map(explainLine));
    block.dataset.key = key;
  }
  block.hidden = false;
}

/* ---- doctor ---- */

let doctorDrawn = "";

const findingWords = (of) => [make("strong", "", `${of.severity}${of.group === null ? "" : ` ${of.group}`}: `), of.found, " ", make("em", "", of.remedy)];

/* What was found more than once is told once, and where else. */
function finding(alike) {
  const item = make("li", alike[0].severity, ...findingWords(alike[0])), others = alike.slice(1);
  if (others.length === 0) return item;
  const list = make("ul", "", ...others.slice(0, MORE_MAX).map((of) => make("li", "", ...findingWords(of).slice(0, 2))));
  if (others.length > MORE_MAX) list.append(make("li", "soft", `and ${others.length - MORE_MAX} more: /doctor has all`));
  item.append(make("details", "", make("summary", "", `${others.length} more like this`), list));
  item.lastChild.dataset.id = alike[0].check;
  return item;
}

function findingsAlike(findings) {
  const kinds = new Map();
  for (const of of findings) {
    const key = `${of.severity} ${of.check}`;
    if (!kinds.has(key)) kinds.set(key, []);
    kinds.get(key).push(of);
  }
  return [...kinds.values()];
}

async function loadDoctor() {
  try {
    const told = await load("/doctor"), list = byId("doctor-list");
    byId("doctor").hidden = !told;
    const key = told && JSON.stringify(told.findings);
    if (!told || key === doctorDrawn || isSelecting(list)) return;
    doctorDrawn = key;
    replaceAll(list, ...(told.findings.length ? findingsAlike(told.findings).map(finding) : told.lines.map((line) => make("li", "", line))));
  } catch (error) { tellLink(false); }
}

/* ---- history ---- */

const CHANGES = ["failover", "switchover", "switch"];

function historyWords(entry) {
  const last = entry.steps[entry.steps.length - 1];
  if (entry.kind === null) return `goes on: ${last.event} ${last.payload}`;
  if (entry.kind === "event") return `${last.event} ${last.payload}`;
  const old = entry.old_primary ? address(entry.old_primary) : "unknown", took = span(entry.duration_ms);
  if (entry.kind === "down") return `${old} was down for ${took} (${entry.result})`;
  if (entry.kind === "attempt") return `no failover from ${old}, ${entry.attempts} attempts in ${took} (${entry.result})${entry.why ? `: ${entry.why}` : ""}`;
  const lost = entry.lost_bytes === null ? "unknown" : entry.lost_bytes === 0 ? "none known" : `at least ${bytes(entry.lost_bytes)}`;
  return `${entry.kind} from ${old} to ${address(entry.new_primary)}, ${entry.result} in ${took}, ${entry.led ? "led by this sentinel" : "led by another sentinel"}; lost writes: ${lost}`;
}

/* The steps on a line of time: the wider the bar, the later. */
function historySteps(entry) {
  const list = make("ol", "steps timeline"), end = Math.max(1, ...entry.steps.map((step) => step.ms));
  for (const step of entry.steps) {
    const bar = make("progress");
    bar.max = end;
    bar.value = step.ms;
    bar.setAttribute("aria-hidden", "true");
    list.append(make("li", "", make("time", "", `+${span(step.ms)}`), bar, `${step.event} ${step.payload}`));
  }
  return list;
}

function historyItem(entry) {
  const line = [make("time", "", new Date(entry.time).toLocaleString([], { hour12: false })), `${entry.group === null ? "" : entry.group + ": "}${historyWords(entry)}`];
  if (entry.kind === "event") return make("p", "soft", ...line);
  const item = make("details", CHANGES.includes(entry.kind) ? "" : "soft", make("summary", "", ...line), historySteps(entry));
  for (const replica of entry.replicas) item.append(make("p", "", `Replica ${address(replica)} ${replica.text}`));
  if (entry.skipped_steps) item.append(make("p", "soft", `${entry.skipped_steps} steps in the middle are left out.`));
  item.dataset.id = entry.id;
  return item;
}

let historyDrawn = "";

async function loadHistory() {
  try {
    const told = await load("/history?count=50"), list = byId("history-list");
    byId("history").hidden = !told || told.entries.length === 0;
    const key = JSON.stringify(told && told.entries);
    if (!told || key === historyDrawn) return;
    historyDrawn = key;
    replaceAll(list, ...told.entries.reverse().map(historyItem));
  } catch (error) { tellLink(false); }
}

/* ---- events ---- */

const events = []; /* the newest last */

const clock = (time) => new Date(time).toLocaleTimeString([], { hour12: false });

function eventLine(event) {
  const item = make("li", event.level, make("time", "", clock(event.time)), `${event.event} ${event.payload}`);
  item.firstChild.dateTime = event.time;
  return item;
}

const isShown = (event) => !byId("only-group").checked || openName === null || event.group === openName;

function drawEvents() {
  byId("event-list").replaceChildren(...events.filter(isShown).reverse().map(eventLine));
}

function onEvent(message) {
  const event = JSON.parse(message.data), list = byId("event-list");
  lastEventId = message.lastEventId || lastEventId;
  events.push(event);
  if (events.length > EVENTS_MAX) events.shift();
  if (isShown(event)) list.prepend(eventLine(event));
  while (list.children.length > EVENTS_MAX) list.lastChild.remove();
  follow(event);
  if (event.group) dirty.add(event.group);
  if (!loadSoon) loadSoon = setTimeout(loadDirty, SOON_MS);
}

/* A browser comes back by itself, unless it was refused: then after a while, as a new listener. */
function listen() {
  const source = new EventSource(lastEventId === null ? `/events?last=${EVENTS_AT_START}` : "/events");
  source.onmessage = onEvent;
  source.addEventListener("gap", () => loadList());
  source.onopen = () => tellLink(true);
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, LIST_MS);
    else tellLink(false);
  };
}

/* ---- keys and clicks ---- */

function step(from, by) {
  const links = [...rows.values()].filter((entry) => !entry.row.hidden).map((entry) => entry.link);
  links[Math.min(Math.max(links.indexOf(from) + by, 0), links.length - 1)]?.focus();
}

function onKey(event) {
  const inField = event.target.matches("input");
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "/" && !inField) byId("search").focus();
  else if (event.key === "Escape" && openName !== null) close();
  else if (event.key === "ArrowDown" && (event.target.id === "search" || event.target.closest("#group-table"))) step(event.target, 1);
  else if (event.key === "ArrowUp" && event.target.closest("#group-table")) step(event.target, -1);
  else return;
  event.preventDefault();
}

function onClick(event) {
  const row = event.target.closest("#group-table tbody tr");
  if (!row || event.ctrlKey || event.metaKey || event.shiftKey || (event.target.closest("a") === null && !getSelection().isCollapsed)) return;
  event.preventDefault();
  history.replaceState(null, "", "#group=" + encodeURIComponent(row.dataset.name));
  open(row.dataset.name, true);
}

function begin() {
  for (const row of byId("group-table").tBodies[0].rows) rows.set(row.dataset.name, adopt(row));
  for (const element of document.querySelectorAll(".needs-script")) element.hidden = false;
  byId("place").textContent = `as ${location.host} sees it`;
  byId("search").addEventListener("input", filter);
  byId("search").form.addEventListener("submit", (event) => event.preventDefault());
  byId("only-bad").addEventListener("change", filter);
  byId("only-group").addEventListener("change", drawEvents);
  byId("close").addEventListener("click", close);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  addEventListener("hashchange", fromHash);
  loadList().then(() => { listen(); fromHash(); });
  loadDoctor();
  loadHistory();
  setInterval(() => { if (!document.hidden) { loadList(); loadDoctor(); loadHistory(); } }, LIST_MS);
  setInterval(loadOpen, OPEN_MS);
}

begin();
