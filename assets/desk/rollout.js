/* An update on its way through the kiosks: one, then a tenth, then all, with how far each step is in words beside its
 * bar; why it stopped, and what can be done then. Only administrators decide; everybody sees. */

import { el, setAttr, setChildren, setText } from "./dom.js";
import { api } from "./api.js";
import { count, dayAndTime, size, updateStage } from "./words.js";
import store, { changed, kiosks, updates } from "./store.js";
import { openDialog } from "./dialog.js";
import { toast } from "./toast.js";

const STATES = { idle: ["Not started", ""], running: ["Going out", "info"], paused: ["Paused", "bad"], done: ["Every kiosk has it", "good"], stopped: ["Stopped", ""], replaced: ["Replaced by a later one", ""] };
const STEPS = { one: "First kiosk", tenth: "A tenth", all: "All" };
const SHOWN = 8; // kiosks on the way, by name

const isAdmin = () => store.user?.role === "admin";
export const rollout = el("section", { class: "card rollout", "aria-label": "Updates", hidden: true });

async function act(update, what, wish, said) {
	try {
		store.updates.set(update.sha256, await api.update(update.sha256, what, wish));
		changed();
		toast(said);
	} catch (error) {
		toast(`Update ${update.version}: ${error.message}`, { tone: "bad" });
	}
}

/* ---- starting ---- */

function openStart(update) {
	const first = el("select", { id: "first-kiosk", "aria-describedby": "first-hint" }, el("option", { value: "" }, "The one that is used least"), ...kiosks().filter((k) => k.system).map((k) => el("option", { value: k.id }, k.name)));
	const form = el(
		"form",
		{ class: "stack" },
		el("p", {}, `Update ${update.version} goes to one kiosk first. When that one is good, to a tenth of them; when those are good, to all. It stops by itself when one of them is not.`),
		el("label", { for: "first-kiosk" }, "Which kiosk first?"),
		el("p", { class: "muted", id: "first-hint" }, "Never while a patient is at its screen."),
		first,
		el("button", { class: "primary" }, "Start"),
	);
	const { close } = openDialog(`Start update ${update.version}?`, [form]);
	form.addEventListener("submit", (e) => {
		e.preventDefault();
		close();
		act(update, "start", first.value ? { kiosk: first.value } : {}, `Update ${update.version} is on its way.`);
	});
}

/* ---- what is shown ---- */

const button = (text, run, primary = false) => el("button", { type: "button", class: primary ? "primary" : "quiet", onclick: run }, text);

function buttons(u) {
	if (!isAdmin()) return [];
	const stop = button("Stop", () => act(u, "stop", {}, `Update ${u.version} is stopped. Kiosks that have it keep it.`));
	if (u.state === "running") return [button("Pause", () => act(u, "pause", {}, `Update ${u.version} is paused.`)), stop];
	if (u.state === "paused") {
		const failed = u.kiosks.some((k) => ["fell-back", "refused"].includes(k.stage) && !k.without) || !u.reason.startsWith("Paused by");
		const go = () => act(u, "resume", {}, `Update ${u.version} goes on.`);
		const without = button("Go on without it", () => act(u, "resume", { without: true }, `Update ${u.version} goes on with the others.`));
		return failed ? [button("Try again", go, true), without, stop] : [button("Go on", go, true), stop];
	}
	if (u.state === "done") return [];
	return [button("Start…", () => openStart(u), u.state === "idle")];
}

function step(u, s) {
	const order = Object.keys(STEPS);
	const at = order.indexOf(u.step);
	const mine = order.indexOf(s.step);
	const state = u.state === "done" || mine < at ? "done" : mine === at && ["running", "paused"].includes(u.state) ? "now" : "next";
	const fill = el("span", { class: "fill" });
	fill.style.inlineSize = `${s.of ? (100 * s.good) / s.of : 0}%`;
	return el("li", { class: `is-${state}`, "aria-current": state === "now" ? "step" : null }, el("span", { class: "step-name" }, STEPS[s.step], state === "done" ? el("span", {}, " ✓") : null), el("span", { class: "bar", "aria-hidden": "true" }, fill), el("span", { class: "step-count" }, `${s.good} of ${s.of} good`));
}

function onTheWay(u) {
	/* whom the reason above names is not named again */
	const all = u.kiosks.filter((k) => !u.reason.startsWith(`${k.name} `));
	const lines = all.slice(0, SHOWN).map((k) => `${k.name}: ${updateStage(k)}${k.without ? ", left out" : ""}${k.text ? `. ${k.text}` : ""}`);
	if (all.length > SHOWN) lines.push(`and ${all.length - SHOWN} more`);
	return lines;
}

function panel(u) {
	const [text, tone] = STATES[u.state] || [u.state, ""];
	const lines = onTheWay(u);
	const total = u.total + u.failed;
	const middle = () => {
		if (u.state === "idle") return el("p", { class: "muted" }, `Brought in ${dayAndTime(u.added_ms)}, ${size(u.size / 1024)}. ${total ? `For ${count(total, "kiosk")}.` : "None of the kiosks is an appliance that could take it."}`);
		if (u.state === "done") return el("p", { class: "muted" }, `${u.good} of ${count(total, "kiosk")} run it. One that joins later gets it by itself.`);
		return el("ol", { class: "steps" }, u.steps.map((s) => step(u, s)));
	};
	return [
		el("div", { class: "rollout-top" }, el("h2", {}, `Update ${u.version}`), el("span", { class: `pill ${tone}`.trim() }, text), el("div", { class: "kiosk-buttons" }, buttons(u))),
		u.reason ? el("p", { class: u.reason.startsWith("Paused by") ? "notice" : "notice bad" }, u.reason) : null,
		middle(),
		lines.length ? el("ul", { class: "rollout-kiosks" }, lines.map((l) => el("li", {}, l))) : null,
	].filter(Boolean);
}

const older = (u) => el("li", {}, el("span", {}, `Update ${u.version}: ${(STATES[u.state] || [u.state])[0].toLowerCase()}, ${u.good} of ${u.total} kiosks have it`), el("div", { class: "kiosk-buttons" }, buttons(u)));

/* The one that matters: under way, else the newest. */
export function drawRollout() {
	const all = updates();
	const current = all.find((u) => ["running", "paused"].includes(u.state)) || all[0];
	rollout.hidden = !current;
	setAttr(rollout, "data-state", current?.state ?? null);
	setChildren(rollout, [all, isAdmin()], () => {
		const rest = all.filter((u) => u !== current);
		return current ? [...panel(current), ...(rest.length ? [el("details", {}, el("summary", {}, count(rest.length, "other update")), el("ul", { class: "list" }, rest.map(older)))] : [])] : [];
	});
}
