/* The side of every view: calls for help, loudest first, and the kiosks with their state in words. A call stays until
 * somebody says that it is done; "On my way" is what the kiosk's own screen then tells the patient. */

import { el, place, setAttr, setChildren, setText } from "./dom.js";
import { api } from "./api.js";
import { ago, count, kioskWords, stepWords } from "./words.js";
import store, { helpWanted, kiosks, now, wantsHelp } from "./store.js";
import { answerHelp } from "./actions.js";
import { openSetAside } from "./patient.js";

const calls = el("div", { class: "calls" });
const list = el("ul", { class: "kiosk-list" });
const none = el("p", { class: "muted" }, "No kiosk is enrolled yet.");
const card = el("section", { class: "card kiosks-card", "aria-labelledby": "side-kiosks" }, el("h2", { id: "side-kiosks" }, "Kiosks"), list, none);
const notices = el("div", { class: "notices" });
export const side = el("aside", { class: "side", "aria-label": "Help and kiosks" }, calls, notices, card);

const cards = new Map();

function makeCall() {
	const head = el("h2", {});
	const text = el("p", {});
	const button = el("button", { type: "button", class: "primary" });
	const self = { node: el("section", { class: "card call" }, head, text, button), help: null };
	button.addEventListener("click", (e) => {
		if (e.detail < 2) answerHelp(self.help, self.help.stage === "sent" ? api.onMyWay : api.helpDone);
	});
	self.update = (help) => {
		self.help = help;
		const coming = help.stage === "on-the-way";
		setAttr(self.node, "class", coming ? "card call coming" : "card call");
		setAttr(self.node, "data-help", help.id);
		setAttr(self.node, "aria-label", `Help wanted at ${help.kiosk}`);
		setText(head, `Help wanted at ${help.kiosk}`);
		const step = stepWords(help.step);
		const pressed = `“Call staff” pressed ${ago(help.at_ms, now())}${step ? `, ${step}` : ""}.`;
		setText(text, coming ? `${help.by === store.user?.name ? "You are" : `${help.by || "Somebody"} is`} on the way. ${pressed}` : pressed);
		setText(button, coming ? "Done" : "On my way");
		setAttr(button, "aria-label", `${coming ? "Done" : "On my way"}: ${help.kiosk}`);
	};
	return self;
}

export function renderSide() {
	const wanted = helpWanted();
	for (const help of wanted) {
		if (!cards.has(help.id)) cards.set(help.id, makeCall());
		cards.get(help.id).update(help);
	}
	for (const id of cards.keys()) if (!store.help.has(id)) cards.delete(id);
	place(calls, wanted.map((h) => cards.get(h.id).node));
	const all = kiosks();
	const state = all.map((k) => ({ name: k.name, ...kioskWords(k, now(), wantsHelp(k)) }));
	setChildren(list, state, () => state.map((k) => el("li", {}, el("span", {}, k.name), el("span", { class: `pill ${k.tone}` }, k.text))));
	drawNotices(all);
	list.hidden = !all.length;
	none.hidden = all.length > 0 || !store.loaded;
}

/* What the list of arrivals cannot show: who is checked in at a kiosk but not here yet, and what could not be read. It stands
 * here, where it pushes no patient's row down. */
function drawNotices(all) {
	const held = all.filter((k) => k.visits_held);
	const few = held.map((k) => `${count(k.visits_held, "visit")} not yet sent by ${k.name}. ${k.visits_held === 1 ? "It is" : "They are"} safe in the kiosk and will appear by ${k.visits_held === 1 ? "itself" : "themselves"}.`);
	const lines = held.length < 3 ? few : [`${count(held.reduce((n, k) => n + k.visits_held, 0), "visit")} not yet sent by ${held.length} kiosks. They are safe in the kiosks and will appear by themselves.`];
	setChildren(notices, [lines, store.setAside], () => [
		...lines.map((text) => el("p", { class: "notice warn" }, text)),
		...(store.setAside ? [el("p", { class: "notice warn" }, `${count(store.setAside, "visit")} could not be read and ${store.setAside === 1 ? "was" : "were"} set aside.`, el("button", { type: "button", class: "quiet", onclick: openSetAside }, "Show"))] : []),
	]);
}
