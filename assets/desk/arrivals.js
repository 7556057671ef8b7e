/* The arrivals: who waits, newest on top, then who is with a provider, then, folded away, who has been seen today. It keeps
 * up by itself but holds still for the hand: while the pointer moves over the list, rows neither come, go nor change places
 * (their words still change), so nobody presses "Call" on the patient who slid under the pointer. */

import { byId, el, place, setAttr, setChildren, setText } from "./dom.js";
import { api } from "./api.js";
import { STATUS, capital, clock, matches, minutes, who } from "./words.js";
import store, { now, seen, waiting, waits, withProvider } from "./store.js";
import { COLUMNS, headerRow, makeRow } from "./row.js";
import { onOwnChange } from "./actions.js";
import { openPatient } from "./patient.js";

const STILL_MS = 700;
const SEARCH_PAUSE_MS = 200;

const rows = new Map(); // visit id → row
const rowOf = (r) => {
	if (!rows.has(r.visit_id)) rows.set(r.visit_id, makeRow(openPatient));
	const row = rows.get(r.visit_id);
	if (row.row !== r) row.update(r);
	return row;
};

/* ---- what is there ---- */

const title = el("h1", { id: "arrivals-title" });
const summary = el("p", { class: "summary" });
const search = el("input", { id: "search", type: "search", placeholder: "Search name or number", autocomplete: "off", spellcheck: "false", maxlength: "80" });
const group = (name) => el("tbody", { role: "rowgroup", class: name });
const waitingRows = group("waiting");
const providerRows = group("provider");
const providerHead = el("tr", { role: "row", class: "group" }, el("th", { role: "rowheader", scope: "rowgroup", colspan: COLUMNS.length + 1 }));
const head = () => el("thead", { role: "rowgroup" }, headerRow());
const table = el("table", { role: "table", class: "queue", "aria-labelledby": "arrivals-title" }, head(), waitingRows, providerRows);
const empty = el("p", { class: "empty" });
const seenRows = group("finished");
const seenHead = el("summary", {});
const seenTable = el("table", { role: "table", class: "queue", "aria-label": "Seen today" }, head(), seenRows);
const seenBox = el("details", { class: "seen" }, seenHead, seenTable);
const bookedTitle = el("h2", {}, "Not here yet");
const bookedList = el("ul", { class: "list" });
const booked = el("section", { class: "card not-here", hidden: true, "aria-label": "Booked today, not here yet" }, bookedTitle, bookedList);

export const view = el(
	"section",
	{ class: "view arrivals", "aria-labelledby": "arrivals-title" },
	el("div", { class: "headline" }, title, summary, el("div", { class: "search" }, el("label", { for: "search", class: "vh" }, "Search name or number"), search)),
	el("div", { class: "panel" }, table, empty),
	seenBox,
	booked,
);

/* ---- holding still ---- */

let movedAt = -Infinity;
let pressed = false;
let later = 0;
let own = null; // the change made here that the next drawing shows
for (const t of [table, seenTable]) {
	t.addEventListener("pointermove", () => {
		movedAt = performance.now();
	});
	t.addEventListener("pointerleave", () => {
		movedAt = -Infinity;
	});
	t.addEventListener("pointerdown", () => {
		pressed = true;
	});
}
for (const up of ["pointerup", "pointercancel"]) {
	window.addEventListener(up, () => {
		pressed = false;
	});
}
onOwnChange((id, back) => {
	movedAt = -Infinity;
	pressed = false;
	own = { id, back };
});

function mayMove() {
	const wait = pressed ? STILL_MS : STILL_MS - (performance.now() - movedAt);
	clearTimeout(later);
	if (wait <= 0) return true;
	later = setTimeout(render, wait + 10);
	return false;
}

/* ---- drawing ---- */

const shown = (r) => matchesRow(r, search.value);
const matchesRow = (r, q) => !q.trim() || matches(q, r.number || "", who(r));

export function render() {
	const w = waiting();
	const p = withProvider();
	const s = seen();
	tick();
	const visible = { w: w.filter(shown), p: p.filter(shown), s: s.filter(shown) };
	const here = whereFocusIs();
	for (const r of [...w, ...p, ...s]) rowOf(r);
	if (mayMove()) {
		place(waitingRows, visible.w.map((r) => rowOf(r).node));
		setText(providerHead.firstChild, `With a provider · ${p.length}`);
		place(providerRows, visible.p.length ? [providerHead, ...visible.p.map((r) => rowOf(r).node)] : []);
		place(seenRows, visible.s.map((r) => rowOf(r).node));
		for (const id of rows.keys()) if (!store.arrivals.has(id)) rows.delete(id);
		const q = search.value.trim();
		table.hidden = !visible.w.length && !visible.p.length;
		empty.hidden = visible.w.length > 0 || (q !== "" && visible.p.length > 0);
		setText(empty, !store.loaded ? "Loading today's arrivals…" : q ? `Nobody here matches “${q}”.` : "Nobody is waiting. Whoever checks in appears here by themselves.");
		seenBox.hidden = !visible.s.length;
		setText(seenHead, `Seen today · ${q ? `${visible.s.length} of ${s.length}` : s.length}`);
	}
	setAttr(view, "data-stale", store.link === "lost");
	keepFocus(here);
}

/* ---- focus ---- */

const buttonOf = (node) => node.querySelector(".next:not([hidden])") || node.querySelector(".undo:not([hidden])");
const rowNodes = () => [...view.querySelectorAll("tr.row")].filter((r) => r.checkVisibility());

function whereFocusIs() {
	const active = document.activeElement;
	const node = view.contains(active) ? active.closest("tr.row") : null;
	return { active, node, group: node?.parentNode, index: node ? rowNodes().indexOf(node) : -1 };
}

/* A change made here by its own row's button: when the row went elsewhere, focus goes to the row that took its place; when
 * it was taken back, to its button. Otherwise focus stays, unless what had it is gone. */
function keepFocus({ active, node, group, index }) {
	const change = own;
	own = null;
	const idle = active === document.body || active === byId("main");
	if (change?.back && (idle || node?.dataset.visit === change.id)) return buttonOf(rows.get(change.id).node)?.focus();
	if (!node) return;
	const lost = !active.checkVisibility() || document.activeElement === document.body;
	const wentOn = change && node.dataset.visit === change.id && node.parentNode !== group;
	if (!lost && !wentOn) return;
	const all = rowNodes();
	const next = node.checkVisibility() && !wentOn ? node : all[Math.min(index, all.length - 1)];
	((next && buttonOf(next)) || byId("main")).focus({ preventScroll: true });
}

/** What changes with the minute and not with the data. */
export function tick() {
	const w = waiting();
	const at = now();
	const figures = waits(w, at);
	setText(title, !store.loaded ? "Arrivals" : w.length ? `${w.length} waiting` : "Nobody waiting");
	const old = store.link === "lost" && store.loaded;
	const words = figures ? `longest ${minutes(figures.longest)} · median ${minutes(figures.median)}` : "";
	setText(summary, old ? `No connection. This is how it was at ${clock(store.heardAt)}; people may have come or been called since.` : words);
	setAttr(summary, "class", old ? "summary old" : "summary");
	for (const row of rows.values()) if (row.row) row.tick();
}

/* ---- searching ---- */

/* The list is searched as you type; whoever is booked today but not here yet comes from the clinic a moment later. */
let asked = 0;
let pause = 0;
search.addEventListener("input", () => {
	movedAt = -Infinity;
	if (search.value.trim() && seen().some(shown)) seenBox.open = true;
	render();
	clearTimeout(pause);
	pause = setTimeout(searchBooked, SEARCH_PAUSE_MS);
});
search.addEventListener("keydown", (e) => {
	if (e.key !== "Escape" || !search.value) return;
	search.value = "";
	search.dispatchEvent(new Event("input"));
});

async function searchBooked() {
	const q = search.value.trim();
	const mineIs = ++asked;
	let found = [];
	if (q) {
		try {
			found = (await api.search(q)).appointments.filter((a) => a.status !== "arrived" && a.status !== "fulfilled");
		} catch {
			return; /* the list above says when the line is lost */
		}
	}
	if (mineIs !== asked) return;
	booked.hidden = !found.length;
	setChildren(bookedList, found, () =>
		found.map((a) => el("li", {}, el("span", {}, `${clock(a.start_ms)} · ${a.patient?.name || "Name not known"} · ${a.with || a.where || ""}`), el("span", { class: "pill info" }, STATUS[a.status] || capital(a.status)))),
	);
}

/* ---- moving by keyboard ---- */

/** Focus goes to the next (+1) or previous (-1) row's button. */
export function moveRow(step) {
	const buttons = rowNodes().map(buttonOf);
	if (!buttons.length) return;
	const here = buttons.findIndex((b) => b.closest("tr").contains(document.activeElement));
	const at = here < 0 ? (step > 0 ? 0 : buttons.length - 1) : Math.min(buttons.length - 1, Math.max(0, here + step));
	buttons[at].focus();
}

export function focusSearch() {
	byId("search").focus();
	search.select();
}
