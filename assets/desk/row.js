/* One arrival as a table row. A row is built once and then kept for as long as its visit is on the page: an update changes
 * the words in it and nothing else, so focus stays on its button and nothing moves under the pointer. It is a real table for
 * assistive technology (roles are spelt out, because the style sheet lays the row out as a grid, and as a card on a phone). */

import { el, setAttr, setChildren, setText } from "./dom.js";
import { NEXT, UNDO, clock, flagTone, minutes, minutesOf, nameOf, stepWords, who } from "./words.js";
import store, { now, waitTone } from "./store.js";
import { advance, takeBack } from "./actions.js";

export const COLUMNS = ["Number", "Patient", "Appt", "With", "Where", "Arrived", "Waiting", "Look at"];

/* The second click of a double click is never a second step, nor is a key held down. */
const press = (act) => ({
	onclick: (e) => {
		if (e.detail < 2) act();
	},
	onkeydown: (e) => {
		if (e.repeat && (e.key === "Enter" || e.key === " ")) e.preventDefault();
	},
});

const cell = (label, name) => el("td", { role: "cell", class: `c-${name}`, "data-label": label });

export function headerRow() {
	const cells = COLUMNS.map((c) => el("th", { role: "columnheader", scope: "col" }, c));
	cells.push(el("th", { role: "columnheader", scope: "col" }, el("span", { class: "vh" }, "Next step")));
	return el("tr", { role: "row", class: "grid head" }, cells);
}

/** A row's element with .update() and .row; openPatient(row) is what its name does. */
export function makeRow(openPatient) {
	const c = Object.fromEntries(
		[["number", "Number"], ["appt", "Appt"], ["with", "With"], ["where", "Where"], ["arrived", "Arrived"], ["wait", "Waiting"], ["flags", "Look at"], ["act", ""]].map(([n, l]) => [n, cell(l, n)]),
	);
	const self = { row: null };
	const name = el("button", { type: "button", class: "name", onclick: () => openPatient(self.row) });
	const patient = el("th", { role: "rowheader", scope: "row", class: "c-patient" }, name);
	const wait = el("span", { class: "wait" });
	const note = el("span", { class: "note" });
	c.wait.append(wait, note);
	const next = el("button", { type: "button", class: "primary next", ...press(() => advance(self.row)) });
	const undo = el("button", { type: "button", class: "undo", ...press(() => takeBack(self.row)) }, "Undo");
	c.act.append(next, undo);
	self.node = el("tr", { role: "row", class: "grid row" }, c.number, patient, c.appt, c.with, c.where, c.arrived, c.wait, c.flags, c.act);

	self.update = (row) => {
		self.row = row;
		const handover = row.kind === "handover";
		setAttr(self.node, "class", `grid row ${row.stage}${handover ? " handover" : ""}`);
		setAttr(self.node, "data-visit", row.visit_id);
		setText(c.number, row.number || "—");
		setText(name, row.patient ? row.patient.name : `Not identified: ${who(row)}`);
		setAttr(name, "aria-label", `Details of ${nameOf(row)}`);
		const several = row.appointments.length > 1 ? "lines several" : "lines";
		const lines = (node, values) => setChildren(node, values, () => values.map((v) => el("span", { class: several }, v)));
		lines(c.appt, row.appointments.length ? row.appointments.map((a) => clock(a.start_ms)) : ["—"]);
		lines(c.with, row.appointments.length ? row.appointments.map((a) => a.with || "—") : ["—"]);
		lines(c.where, row.appointments.length ? row.appointments.map((a) => a.where || "—") : ["—"]);
		setText(c.arrived, clock(row.arrived_ms));
		setChildren(c.flags, [row.flags, handover, row.slip, row.step], () => flags(row));
		const label = NEXT[row.stage];
		next.hidden = !label;
		setText(next, label || "");
		setAttr(next, "aria-label", label ? `${label}: ${nameOf(row)}` : null);
		undo.hidden = !UNDO[row.stage];
		setAttr(undo, "title", UNDO[row.stage]);
		setAttr(undo, "aria-label", UNDO[row.stage] ? `Undo: ${nameOf(row)}` : null);
		self.tick();
	};

	/* The waiting time: in minutes, and past the clinic's limits also in words. */
	self.tick = () => {
		const row = self.row;
		const waits = row.stage === "arrived" || row.stage === "called";
		const min = minutesOf(row.arrived_ms, waits ? now() : row.stage_ms || now());
		const tone = waits ? waitTone(min) : "";
		setText(wait, waits ? minutes(min) : "");
		setAttr(wait, "class", `wait ${tone}`);
		const notes = [];
		if (tone) notes.push(`over ${tone === "late" ? store.limits.late_min : store.limits.warn_min} min`);
		if (row.stage === "called") notes.push(`called ${clock(row.stage_ms)}`);
		if (row.stage === "with-provider") notes.push(`in since ${clock(row.stage_ms)}`);
		if (row.stage === "done") notes.push(`done ${clock(row.stage_ms)}`);
		setText(note, notes.join("\n"));
		setAttr(note, "class", `note ${tone}`);
		setAttr(note, "title", row.stage_by && row.stage !== "arrived" ? `by ${row.stage_by}` : null);
	};
	return self;
}

function flags(row) {
	const all = [...(row.flags || [])];
	if (row.kind === "handover" && !all.some((f) => f.kind === "handover")) all.unshift({ kind: "handover", text: "Finish at the desk" });
	if (row.slip === "failed" && !all.some((f) => f.kind === "slip-failed")) all.push({ kind: "slip-failed", text: "Slip not printed" });
	const where = row.kind === "handover" ? stepWords(row.step) : "";
	const stopped = where ? ` · stopped ${where}` : "";
	return all.map((f) => el("span", { class: `pill ${flagTone(f.kind)}`, "data-flag": f.kind }, f.kind === "handover" ? f.text + stopped : f.text));
}
