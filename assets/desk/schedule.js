/* Today's appointments in order of time, to read: who is booked, with whom, and whether they are here yet. It is fetched
 * when the view is shown and again when an arrival comes in, so that it never disagrees with the arrivals for long. */

import { el, setChildren, setText } from "./dom.js";
import { api } from "./api.js";
import { STATUS, capital, clock, count } from "./words.js";
import store, { now } from "./store.js";

const COLUMNS = ["Time", "Patient", "With", "Where", "For", "Number", "Status"];
const TONE = { arrived: "good", fulfilled: "good", cancelled: "", noshow: "warn", booked: "info" };
const REFRESH_MS = 1000;
const LATE_MS = 15 * 60 * 1000;

const title = el("h1", { id: "schedule-title" }, "Schedule");
const summary = el("p", { class: "summary" });
const body = el("tbody", { role: "rowgroup" });
const head = el("thead", { role: "rowgroup" }, el("tr", { role: "row", class: "grid head sched" }, COLUMNS.map((c) => el("th", { role: "columnheader", scope: "col" }, c))));
const table = el("table", { role: "table", class: "queue", "aria-labelledby": "schedule-title", hidden: true }, head, body);
const note = el("p", { class: "empty" }, "Loading today's appointments…");
export const view = el("section", { class: "view schedule", "aria-labelledby": "schedule-title" }, el("div", { class: "headline" }, title, summary), el("div", { class: "panel" }, table, note));

let timer = 0;
let shown = false;
let seenStages = "";

function statusPill(a) {
	const late = a.status === "booked" && now() - a.start_ms > LATE_MS;
	return el("span", { class: `pill ${late ? "warn" : (TONE[a.status] ?? "")}` }, late ? "Late, not here yet" : STATUS[a.status] || capital(a.status));
}

function line(a) {
	const td = (name, label, ...kids) => el("td", { role: "cell", class: `c-${name}`, "data-label": label }, ...kids);
	return el(
		"tr",
		{ role: "row", class: `grid row sched is-${a.status}` },
		td("time", "Time", clock(a.start_ms)),
		el("th", { role: "rowheader", scope: "row", class: "c-patient" }, a.patient?.name || "Name not known"),
		td("with", "With", a.with || "—"),
		td("where", "Where", a.where || "—"),
		td("for", "For", a.service || "—"),
		td("number", "Number", a.ticket || "—"),
		td("status", "Status", statusPill(a)),
	);
}

async function refresh() {
	try {
		const { appointments } = await api.schedule(store.day);
		const here = appointments.filter((a) => a.status === "arrived" || a.status === "fulfilled").length;
		const due = appointments.filter((a) => a.status === "booked").length;
		setText(summary, appointments.length ? `${count(appointments.length, "appointment")} today · ${here} here or seen · ${due} to come` : "");
		setChildren(body, appointments, () => appointments.map(line));
		table.hidden = !appointments.length;
		note.hidden = appointments.length > 0;
		setText(note, "No appointments are booked for today.");
	} catch (error) {
		if (table.hidden) setText(note, `The schedule could not be loaded. ${error.message}`);
	}
}

export function show() {
	shown = true;
	refresh();
}
export function hide() {
	shown = false;
}

/** The data changed: if an arrival moved, the statuses did too. */
export function render() {
	const stages = [...store.arrivals.values()].map((r) => r.visit_id + r.stage).join();
	if (!shown || stages === seenStages) return;
	seenStages = stages;
	clearTimeout(timer);
	timer = setTimeout(refresh, REFRESH_MS);
}
