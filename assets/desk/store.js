/* What the page knows: the session, the arrivals, calls for help and kiosks, as the clinic last told them, and how fresh
 * that is. Views never keep copies; they read this and are called when it changes, once for any number of changes made
 * in one go. Times are the clinic's: a desk computer with a wrong clock still shows the right waiting times. */

import { minutesOf } from "./words.js";

const store = {
	user: null,
	clinic: "",
	day: "",
	limits: { warn_min: 15, late_min: 20 },
	loaded: false,
	link: "connecting", // connecting, live, lost
	heardAt: 0, // the clinic's time of the last sign of life
	skew: 0, // the clinic's clock minus ours
	setAside: 0,
	arrivals: new Map(),
	help: new Map(),
	kiosks: new Map(),
	updates: new Map(),
};
export default store;

export const now = () => Date.now() + store.skew;

/* ---- telling the views ---- */

const listeners = new Set();
let queued = false;
/** Returns what ends it. */
export function onChange(f) {
	listeners.add(f);
	return () => listeners.delete(f);
}
export function changed() {
	if (queued) return;
	queued = true;
	queueMicrotask(() => {
		queued = false;
		for (const f of listeners) f();
	});
}

/* ---- being told by the clinic ---- */

let onNews = () => {};
/** f(kind, row, before): an event that came in live, not part of a reload. */
export const onEachNews = (f) => {
	onNews = f;
};

export function load(state) {
	const before = store.loaded ? new Map(store.arrivals) : null;
	const helpBefore = store.loaded ? new Map(store.help) : null;
	store.skew = state.now_ms - Date.now();
	store.day = state.day;
	store.clinic = state.clinic_name;
	if (state.limits) store.limits = state.limits;
	store.setAside = state.set_aside || 0;
	store.arrivals = new Map(state.arrivals.map((r) => [r.visit_id, r]));
	store.help = new Map(state.help.filter((h) => h.stage !== "done").map((h) => [h.id, h]));
	store.kiosks = new Map(state.kiosks.map((k) => [k.id, k]));
	store.updates = new Map((state.updates || []).map((u) => [u.sha256, u]));
	store.loaded = true;
	/* after a gap the missed ones are news all the same */
	if (before) for (const r of store.arrivals.values()) if (!before.has(r.visit_id)) onNews("arrival", r, undefined);
	if (helpBefore) for (const h of store.help.values()) if (!helpBefore.has(h.id)) onNews("help", h, undefined);
	changed();
}

/** A row from an event, or (answer) from the answer to an action: that must not undo a newer event that overtook it. */
export function putArrival(row, answer = false) {
	const before = store.arrivals.get(row.visit_id);
	if (answer && before && row.stage_ms && before.stage_ms > row.stage_ms) return;
	store.arrivals.set(row.visit_id, row);
	if (!before) onNews("arrival", row, before);
	changed();
}

export function putHelp(row) {
	const before = store.help.get(row.id);
	if (row.stage === "done") store.help.delete(row.id);
	else store.help.set(row.id, row);
	if (!before && row.stage !== "done") onNews("help", row, before);
	changed();
}

export function takeEvent(type, row) {
	if (type === "arrival") putArrival(row);
	else if (type === "help") putHelp(row);
	else if (type === "kiosk") {
		if (row.state === "removed") store.kiosks.delete(row.id);
		else store.kiosks.set(row.id, row);
	} else if (type === "update") {
		if (row.state === "removed") store.updates.delete(row.sha256);
		else store.updates.set(row.sha256, row);
	} else if (type === "set-aside") {
		store.setAside = row.count;
	} else if (type === "settings") {
		store.limits = { warn_min: row.desk_warn_min ?? store.limits.warn_min, late_min: row.desk_late_min ?? store.limits.late_min };
		store.clinic = row.clinic_name || store.clinic;
	}
	changed();
}

export function heard() {
	store.heardAt = now();
}
export function setLink(link) {
	if (store.link === link) return;
	store.link = link;
	changed();
}

/* ---- what follows from it ---- */

const newestFirst = (a, b) => b.arrived_ms - a.arrived_ms || (a.visit_id < b.visit_id ? 1 : -1);
const inStage = (...stages) => [...store.arrivals.values()].filter((r) => stages.includes(r.stage)).sort(newestFirst);
export const waiting = () => inStage("arrived", "called");
export const withProvider = () => inStage("with-provider");
export const seen = () => inStage("done").sort((a, b) => (b.stage_ms || 0) - (a.stage_ms || 0));
export const helpWanted = () => [...store.help.values()].sort((a, b) => a.at_ms - b.at_ms);
const byName = (a, b) => a.name.localeCompare(b.name, "en", { numeric: true });
export const kiosks = () => [...store.kiosks.values()].sort(byName);
/** Newest first. */
export const updates = () => [...store.updates.values()].sort((a, b) => b.added_ms - a.added_ms);
export const wantsHelp = (kiosk) => helpWanted().some((h) => h.kiosk === kiosk.name);

/** {longest, median} of the waiting, in whole minutes; null when nobody waits */
export function waits(rows, at) {
	const all = rows.map((r) => minutesOf(r.arrived_ms, at)).sort((a, b) => a - b);
	if (!all.length) return null;
	const mid = all.length >> 1;
	return { longest: all[all.length - 1], median: all.length % 2 ? all[mid] : Math.floor((all[mid - 1] + all[mid]) / 2) };
}

/** "", "warn" or "late": how this wait stands to the clinic's limits */
export function waitTone(min) {
	if (min >= store.limits.late_min) return "late";
	return min >= store.limits.warn_min ? "warn" : "";
}
