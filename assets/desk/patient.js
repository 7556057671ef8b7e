/* Looking closer: one patient's details for a row that needs a person (every such look is written to the clinic's audit
 * trail by the server), and the visits that the clinic could not read and set aside. Both are dialogs, asked for anew each
 * time and forgotten when closed. */

import { el } from "./dom.js";
import { api } from "./api.js";
import { clock, clockFull, dayAndTime, documentTone, documentWords, nameOf, who } from "./words.js";
import { openDialog } from "./dialog.js";

const facts = (pairs) =>
	el(
		"dl",
		{ class: "facts" },
		pairs.filter(([, v]) => v).map(([k, v]) => el("div", {}, el("dt", {}, k), el("dd", {}, v))),
	);

const SLIPS = { printed: "printed", printing: "being printed", failed: "not printed", none: "" };
/* A day is a date, not a moment: no time zone may move it. */
export const date = (iso) => (iso ? new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" }).format(new Date(`${iso}T00:00:00Z`)) : "");
const languages = new Intl.DisplayNames("en", { type: "language", fallback: "code" });
const language = (tag) => {
	try {
		return tag ? languages.of(tag) : "";
	} catch {
		return tag;
	}
};

/* What the patient shared at the kiosk: a file to save, or a link and what became of it. */
const shared = (documents) =>
	documents.length
		? [
				el("h3", {}, "Shared by the patient"),
				el(
					"ul",
					{ class: "list" },
					documents.map((d) =>
						el(
							"li",
							{},
							el("span", {}, [d.title, d.issuer && `vouched for by ${d.issuer}`, clockFull(d.at_ms)].filter(Boolean).join(" · ")),
							d.state === "here" ? el("a", { href: `/desk/api/documents/${encodeURIComponent(d.id)}`, download: "" }, "Save the file") : el("span", { class: documentTone(d.state) }, documentWords(d.state)),
						),
					),
				),
			]
		: [];

export function openPatient(row) {
	const more = el("div", { "aria-live": "polite" }, row.patient ? el("p", { class: "loading" }, "Loading…") : null);
	const visit = facts([
		["Known", row.patient ? "" : who(row)],
		["Appointment", row.appointments.map((a) => [clockFull(a.start_ms), a.with, a.where, a.service].filter(Boolean).join(" · ")).join("\n")],
		["Checked in", `${clockFull(row.arrived_ms)} at ${row.kiosk}`],
		["Reached the desk", row.sent_ms && row.sent_ms - row.arrived_ms > 60000 ? `${clockFull(row.sent_ms)}: the kiosk had no connection before` : ""],
		["Slip", SLIPS[row.slip] ?? row.slip],
		["Look at", (row.flags || []).map((f) => f.text).join("\n")],
		["Last step", row.stage_by ? `${row.stage_by}, ${clockFull(row.stage_ms)}` : ""],
	]);
	openDialog(nameOf(row), [visit, ...(row.patient ? [] : shared(row.documents || [])), more], { wide: true });
	if (row.patient) fill(more, row.patient.id);
}

async function fill(more, id) {
	let answer;
	try {
		answer = await api.patient(id);
	} catch (error) {
		more.replaceChildren(el("p", { class: "notice bad" }, error.message));
		return;
	}
	const p = answer.patient;
	const cover = (c) =>
		el("li", {}, el("span", {}, [c.payor || "Payor not known", c.member_id && `member ${c.member_id}`, c.group && `group ${c.group}`, c.card?.plan, c.subscriber, c.card?.person && `card of ${c.card.person}`].filter(Boolean).join(" · ")), el("span", { class: c.source === "kiosk" ? "pill warn" : c.active ? "pill good" : "pill" }, c.source === "kiosk" ? "New, given at the kiosk" : c.active ? "Active" : "Not active"));
	more.replaceChildren(
		facts([
			["Born", date(p.birth_date)],
			["Phone", p.phone],
			["E-mail", p.email],
			["Address", p.address],
			["Language", [language(p.language), p.interpreter && "needs an interpreter"].filter(Boolean).join(", ")],
		]),
		el("h3", {}, "Insurance"),
		answer.coverages.length ? el("ul", { class: "list" }, answer.coverages.map(cover)) : el("p", { class: "muted" }, "None on file."),
		...shared(answer.documents || []),
		answer.appointments.length ? el("h3", {}, "Appointments") : "",
		el(
			"ul",
			{ class: "list" },
			answer.appointments.map((a) => el("li", {}, el("span", {}, `${dayAndTime(a.start_ms)} · ${[a.with, a.where].filter(Boolean).join(" · ")}`))),
		),
	);
}

export async function openSetAside() {
	const body = el("div", { "aria-live": "polite" }, el("p", { class: "loading" }, "Loading…"));
	openDialog("Visits set aside", [el("p", { class: "muted" }, "These came from a kiosk but could not be opened or understood. They are kept, nothing is lost; show this list to whoever looks after the kiosks."), body]);
	try {
		const { set_aside } = await api.setAside();
		body.replaceChildren(
			el(
				"ul",
				{ class: "list" },
				set_aside.map((v) => el("li", {}, el("span", {}, `${clock(v.at_ms)} · ${v.kiosk}`), el("span", { class: "muted" }, v.reason))),
			),
		);
	} catch (error) {
		body.replaceChildren(el("p", { class: "notice bad" }, error.message));
	}
}
