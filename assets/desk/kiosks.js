/* The clinic's kiosks: how each is, adding one by a one-time code, and taking one's credential away. The code is shown
 * large, for somebody who reads it out across the lobby or types it from this screen, together with the exact command;
 * the dialog notices by itself when the kiosk has used it. */

import { el, place, setText } from "./dom.js";
import { api } from "./api.js";
import { ago, capital, clockFull, count, deviceWords, kioskWords, testWords } from "./words.js";
import store, { kiosks, now, onChange, wantsHelp } from "./store.js";
import { openDialog } from "./dialog.js";
import { openSelfTests } from "./selftests.js";
import { toast } from "./toast.js";

const add = el("button", { type: "button", class: "primary", onclick: openAdd }, "Add a kiosk");
const list = el("ul", { class: "kiosk-cards" });
const note = el("p", { class: "empty" });
export const view = el("section", { class: "view kiosks", "aria-labelledby": "kiosks-title" }, el("div", { class: "headline" }, el("h1", { id: "kiosks-title" }, "Kiosks"), el("p", { class: "summary" }), add), list, note);

const cards = new Map();

function makeCard() {
	const name = el("h2", {});
	const pill = el("span", { class: "pill" });
	const facts = el("ul", { class: "kiosk-facts" });
	const tests = el("button", { type: "button", class: "quiet", onclick: () => openSelfTests(self.kiosk) }, "Self-tests");
	const remove = el("button", { type: "button", class: "quiet danger", onclick: () => openRemove(self.kiosk) }, "Remove");
	const self = { node: el("li", { class: "card kiosk" }, el("div", { class: "kiosk-top" }, name, pill), facts, el("div", { class: "kiosk-buttons" }, tests, remove)), kiosk: null };
	self.update = (k) => {
		self.kiosk = k;
		setText(name, k.name);
		const words = kioskWords(k, now(), wantsHelp(k));
		setText(pill, words.text);
		pill.className = `pill ${words.tone}`;
		tests.setAttribute("aria-label", `Self-tests of ${k.name}`);
		tests.hidden = !k.tested_ms;
		remove.setAttribute("aria-label", `Remove ${k.name}`);
		const lines = [`${k.state === "offline" ? "Last heard of" : "Like this since"} ${clockFull(k.since_ms)}, ${ago(k.since_ms, now())}`];
		lines.push(k.visits_held ? `${count(k.visits_held, "visit")} held, not yet sent` : "Every visit is sent");
		if (k.set_aside) lines.push(`${count(k.set_aside, "visit")} set aside: could not be read`);
		for (const d of k.devices || []) lines.push(`${capital(deviceWords(d))}${d.name ? ` · ${d.name}` : ""}${d.detail ? ` · ${d.detail}` : ""}`);
		lines.push(testWords(k));
		if (k.version) lines.push(`Software ${k.version}`);
		if (facts.dataset.made !== lines.join("\n")) {
			facts.dataset.made = lines.join("\n");
			facts.replaceChildren(...lines.map((l) => el("li", {}, l)));
		}
	};
	return self;
}

export function render() {
	const all = kiosks();
	for (const k of all) {
		if (!cards.has(k.id)) cards.set(k.id, makeCard());
		cards.get(k.id).update(k);
	}
	for (const id of cards.keys()) if (!store.kiosks.has(id)) cards.delete(id);
	place(list, all.map((k) => cards.get(k.id).node));
	setText(view.querySelector(".summary"), all.length ? count(all.length, "kiosk") : "");
	note.hidden = all.length > 0;
	setText(note, store.loaded ? "No kiosk is enrolled yet. Add one to get its one-time code." : "Loading…");
}
export const tick = render;

/* ---- adding ---- */

function openAdd() {
	const name = el("input", { id: "kiosk-name", type: "text", required: true, maxlength: "60", autocomplete: "off", placeholder: "Lobby 2" });
	const problem = el("p", { class: "problem", role: "alert" });
	const form = el(
		"form",
		{ class: "stack" },
		el("label", { for: "kiosk-name" }, "What is it called?"),
		el("p", { class: "muted", id: "kiosk-name-hint" }, "The name that the desk sees, like the place where it stands."),
		name,
		problem,
		el("button", { class: "primary" }, "Show a one-time code"),
	);
	name.setAttribute("aria-describedby", "kiosk-name-hint");
	const body = el("div", {}, form);
	let over = () => {};
	openDialog("Add a kiosk", [body], { onclose: () => over() });
	name.focus();
	form.addEventListener("submit", async (e) => {
		e.preventDefault();
		try {
			const wanted = name.value.trim();
			const answer = await api.kioskCode(wanted);
			over = showCode(body, wanted, answer);
		} catch (error) {
			setText(problem, error.message);
		}
	});
}

/* Returns what ends the countdown. */
function showCode(body, name, { code, expires_ms }) {
	const before = new Set(store.kiosks.keys());
	const command = `lobbyctl enrol ${location.origin} ${code}`;
	const left = el("p", { class: "countdown" });
	const done = el("p", { class: "notice good", role: "status", hidden: true });
	const copy = el("button", { type: "button", class: "quiet" }, "Copy");
	copy.addEventListener("click", async () => {
		try {
			await navigator.clipboard.writeText(command);
			setText(copy, "Copied");
		} catch {
			getSelection().selectAllChildren(line);
			setText(copy, "Selected: press Ctrl+C");
		}
	});
	const line = el("code", {}, `lobbyctl enrol ${location.origin} `, el("span", {}, code));
	const again = el("button", { type: "button", class: "primary", hidden: true }, "Show a new code");
	again.addEventListener("click", async () => {
		try {
			const answer = await api.kioskCode(name);
			over();
			over = showCode(body, name, answer);
		} catch (error) {
			setText(left, error.message);
		}
	});
	const number = el("p", { class: "code" }, code);
	body.replaceChildren(
		el("p", {}, `The one-time code for “${name}”:`),
		number,
		left,
		el("p", { class: "muted" }, "On the new kiosk, run:"),
		el("div", { class: "command" }, line, copy),
		again,
		done,
	);
	body.closest("dialog").querySelector("button").focus();
	const step = () => {
		const s = Math.max(0, Math.floor((expires_ms - now()) / 1000));
		setText(left, s ? `Works once, for another ${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}` : "This code has expired.");
		number.classList.toggle("expired", s === 0);
		again.hidden = s > 0;
		if (s === 0) clearInterval(timer);
	};
	const timer = setInterval(step, 1000);
	step();
	const unwatch = onChange(() => {
		if (!kiosks().some((k) => k.name === name && !before.has(k.id))) return;
		over();
		done.hidden = false;
		setText(done, `${name} is enrolled.`);
		left.hidden = true;
		again.hidden = true;
	});
	let over = () => {
		unwatch();
		clearInterval(timer);
	};
	return () => over();
}

/* ---- removing ---- */

function openRemove(kiosk) {
	const problem = el("p", { class: "problem", role: "alert" });
	const held = kiosk.visits_held ? ` It still holds ${count(kiosk.visits_held, "visit")} that ${kiosk.visits_held === 1 ? "has" : "have"} not reached the clinic; after this ${kiosk.visits_held === 1 ? "it" : "they"} cannot be sent.` : "";
	const yes = el("button", { type: "button", class: "primary danger" }, `Remove ${kiosk.name}`);
	const { close } = openDialog("Remove this kiosk?", [
		el("p", {}, `${kiosk.name} will no longer be able to check anybody in, until it is enrolled again with a new code.${held}`),
		problem,
		el("div", { class: "buttons" }, yes, el("button", { type: "button", class: "quiet", onclick: () => close() }, "Keep it")),
	]);
	yes.addEventListener("click", async () => {
		try {
			await api.removeKiosk(kiosk.id);
			store.kiosks.delete(kiosk.id);
			close();
			render();
			toast(`${kiosk.name} was removed.`);
		} catch (error) {
			setText(problem, error.message);
		}
	});
}
