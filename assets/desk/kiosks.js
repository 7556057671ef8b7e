/* The clinic's kiosks: how each is, what a person should look at, and what the desk can do about it. With a handful of
 * kiosks every card is open; with many they are closed to what matters, in an order that stands still, and one button
 * leaves only those that need a look. Colour is never all that tells: every state has its words. */

import { el, place, setAttr, setChildren, setText } from "./dom.js";
import { ago, capital, clockErrorWords, clockFull, count, deviceWords, isUnderWay, kioskWords, needsLook, protectionWords, size, testWords, updateStage, uptime } from "./words.js";
import store, { kiosks, now, wantsHelp } from "./store.js";
import { openAdd } from "./addkiosk.js";
import { openMessage, openOutOfService, openRemove, openRename, openRestart, putInService } from "./orders.js";
import { openSelfTests } from "./selftests.js";
import { drawRollout, rollout } from "./rollout.js";

const FEW = 6; // up to so many are open by themselves

const add = el("button", { type: "button", class: "primary", onclick: openAdd }, "Add a kiosk");
const list = el("ul", { class: "kiosk-cards" });
const note = el("p", { class: "empty" });
const choose = (only) => {
	onlyThose = only;
	render();
};
const everyone = el("button", { type: "button", class: "quiet", onclick: () => choose(false) });
const those = el("button", { type: "button", class: "quiet", onclick: () => choose(true) });
const filter = el("div", { class: "filter", role: "group", "aria-label": "Which kiosks" }, everyone, those);
export const view = el("section", { class: "view kiosks", "aria-labelledby": "kiosks-title" }, el("div", { class: "headline" }, el("h1", { id: "kiosks-title" }, "Kiosks"), el("p", { class: "summary" }), add), rollout, filter, list, note);

const cards = new Map();
let onlyThose = false;

/* ---- what a card says ---- */

const links = (s) => (s.links || []).filter((l) => l.up).map((l) => [l.kind === "wireless" ? `Wi-Fi${l.ssid ? ` “${l.ssid}”` : ""}` : "Cable", l.address || "no address yet"].join(", "));

function disk(s) {
	if (!s.state_total_kb) return "";
	return [`${size(s.state_free_kb)} of ${size(s.state_total_kb)} free`, protectionWords(s.protection)].filter(Boolean).join("; ");
}

const slots = (k, s) => `${s.version || k.version}, slot ${s.slot.toUpperCase()}${s.other_version ? `; the other slot holds ${s.other_version}` : "; the other slot is empty"}`;

/* [term, lines] each; without lines it is left out. */
function facts(k) {
	const s = k.system;
	const box = s
		? [
				["Software", slots(k, s)],
				["Running for", s.booted_ms ? uptime(s.booted_ms - (k.clock_error_ms || 0), now()) : ""],
				["Disk", disk(s)],
				["Temperature", s.temperature_c === null ? "" : `${s.temperature_c} °C`],
				["Memory", s.memory_used_kb ? `${size(s.memory_used_kb)} in use` : ""],
				["Network", links(s)],
				["Screen", [s.display, s.rotation ? `turned by ${s.rotation}°` : ""].filter(Boolean).join(", ")],
				["Machine", [s.machine, s.secure_boot ? "Secure Boot on" : "Secure Boot off"].filter(Boolean).join("; ")],
			]
		: [["Software", k.version]];
	return [
		["State", `${k.state === "offline" ? "Last heard of" : "Like this since"} ${clockFull(k.since_ms)}, ${ago(k.since_ms, now())}`],
		["Visits", [k.visits_held ? `${count(k.visits_held, "visit")} held, not yet sent` : "Every visit is sent", k.set_aside ? `${count(k.set_aside, "visit")} set aside: could not be read` : ""].filter(Boolean)],
		["Devices", (k.devices || []).map((d) => `${capital(deviceWords(d))}${d.name ? ` · ${d.name}` : ""}${d.detail ? ` · ${d.detail}` : ""}`)],
		["Tested", testWords(k)],
		...box,
		["Clock", k.clock_error_ms === null || k.clock_error_ms === undefined ? "" : capital(clockErrorWords(k.clock_error_ms))],
	].filter(([, lines]) => lines.length);
}

const factRow = ([term, lines]) => el("div", {}, el("dt", {}, term), [lines].flat().map((line) => el("dd", {}, line)));

/* What is under the name: the least that tells one box from another. */
function under(k) {
	if (!k.system) return k.version ? `Software ${k.version}` : "";
	return [k.system.version || k.version, `slot ${k.system.slot.toUpperCase()}`, k.state === "offline" ? "" : `up ${uptime(k.system.booted_ms - (k.clock_error_ms || 0), now())}`].filter(Boolean).join(" · ");
}

/* [tone, text] each: warnings, then what was ordered, then an update under way. */
function notes(k) {
	const lines = (k.warnings || []).map((w) => ["warn", w.text]);
	if (k.out_of_service) lines.push(["warn", `Out of service: “${k.out_of_service}”`]);
	if (k.notice) lines.push(["info", `On its screen: “${k.notice}”`]);
	if (isUnderWay(k.update)) lines.push(["info", `Update ${k.update.version}: ${updateStage(k.update)}`]);
	if (k.restart_ms && !(k.warnings || []).some((w) => w.kind === "restart")) lines.push(["info", "Restarts when nobody is at its screen"]);
	return lines;
}

const noteItem = ([tone, text]) => el("li", { class: tone }, el("span", { class: "mark", "aria-hidden": "true" }, tone === "warn" ? "!" : "i"), el("span", {}, tone === "warn" ? el("span", { class: "vh" }, "Look at this: ") : null, text));

/* ---- a card ---- */

function makeCard() {
	const act = (run) => () => run(self.kiosk);
	const button = (text, run, more = "") => el("button", { type: "button", class: `quiet ${more}`.trim(), onclick: act(run) }, text);
	const name = el("h2", {});
	const pill = el("span", { class: "pill" });
	const line = el("p", { class: "muted kiosk-line" });
	const marks = el("ul", { class: "kiosk-notes" });
	const all = el("dl", { class: "facts" });
	const message = button("Message…", openMessage);
	const service = button("Out of service…", (k) => (k.out_of_service ? putInService(k) : openOutOfService(k)));
	const rename = button("Rename…", openRename);
	const tests = button("Self-tests", openSelfTests);
	const restart = button("Restart…", openRestart);
	const remove = button("Remove", openRemove, "danger");
	const title = el("summary", {}, "Details and actions");
	const body = el("details", {}, title, all, el("div", { class: "kiosk-buttons" }, message, service, rename, tests, restart, remove));
	const self = { node: el("li", { class: "card kiosk" }, el("div", { class: "kiosk-top" }, name, pill), line, marks, body), kiosk: null };
	let touched = false; // somebody has opened or closed it: it stays as it was left
	title.addEventListener("click", () => (touched = true));
	self.update = (k, few) => {
		self.kiosk = k;
		if (!touched) body.open = few;
		setText(name, k.name);
		const words = kioskWords(k, now(), wantsHelp(k));
		setText(pill, words.text);
		pill.className = `pill ${words.tone}`;
		setText(line, under(k));
		line.hidden = !under(k);
		const told = notes(k);
		setChildren(marks, told, () => told.map(noteItem));
		marks.hidden = !told.length;
		const rows = facts(k);
		setChildren(all, rows, () => rows.map(factRow));
		setAttr(title, "aria-label", `Details and actions of ${k.name}`);
		setText(service, k.out_of_service ? "Back in service" : "Out of service…");
		for (const [b, text] of [[message, "Message on the screen of"], [service, k.out_of_service ? "Back in service:" : "Take out of service:"], [rename, "Rename"], [tests, "Self-tests of"], [restart, "Restart"], [remove, "Remove"]]) setAttr(b, "aria-label", `${text} ${k.name}`);
		tests.hidden = !k.tested_ms;
		restart.hidden = !k.system || store.user?.role !== "admin";
	};
	return self;
}

/* ---- the view ---- */

export function render() {
	const all = kiosks();
	const few = all.length <= FEW;
	const look = all.filter((k) => wantsHelp(k) || needsLook(k, now()));
	if (few || !look.length) onlyThose = false;
	for (const k of all) {
		if (!cards.has(k.id)) cards.set(k.id, makeCard());
		cards.get(k.id).update(k, few);
	}
	for (const id of cards.keys()) if (!store.kiosks.has(id)) cards.delete(id);
	place(list, (onlyThose ? look : all).map((k) => cards.get(k.id).node));
	setAttr(list, "class", few ? "kiosk-cards" : "kiosk-cards many");
	setText(view.querySelector(".summary"), all.length ? [count(all.length, "kiosk"), look.length ? `${look.length} to look at` : "all well"].join(" · ") : "");
	filter.hidden = few || !look.length;
	setText(everyone, `All ${all.length}`);
	setText(those, `To look at: ${look.length}`);
	setAttr(everyone, "aria-pressed", String(!onlyThose));
	setAttr(those, "aria-pressed", String(onlyThose));
	note.hidden = all.length > 0;
	setText(note, store.loaded ? "No kiosk is enrolled yet. Add one to get its one-time code." : "Loading…");
	drawRollout();
}
export const tick = render;
