/* What the desk tells one kiosk, or all: a message on its welcome screen, out of service and back, another name, a
 * restart; and taking its credential away. A kiosk that cannot be reached hears of it when it is back. */

import { el, setText } from "./dom.js";
import { api } from "./api.js";
import { count } from "./words.js";
import store, { changed, kiosks } from "./store.js";
import { openDialog } from "./dialog.js";
import { toast } from "./toast.js";

const TEXT_BYTES = 160; // what a kiosk's message holds (src/wire/wire.options)
const REASONS = ["Being cleaned", "Being repaired", "The printer is being refilled"];

const take = (row) => {
	store.kiosks.set(row.id, row);
	changed();
};

/* A dialog with one text to give. done(text) does it and answers with what to say; a throw is shown where it is. */
function ask(title, { label, hint, value = "", max = TEXT_BYTES, button, picks = [], more = [], done }) {
	const field = el("input", { id: "order-text", type: "text", required: true, maxlength: String(max), autocomplete: "off", "aria-describedby": "order-hint" });
	field.value = value;
	const problem = el("p", { class: "problem", role: "alert" });
	const choices = picks.map((text) => el("button", { type: "button", class: "quiet", onclick: () => ((field.value = text), field.focus()) }, text));
	const form = el("form", { class: "stack" }, el("label", { for: "order-text" }, label), el("p", { class: "muted", id: "order-hint" }, hint), field, choices.length ? el("div", { class: "picks", role: "group", "aria-label": "Common reasons" }, choices) : null, ...more, problem, el("button", { class: "primary" }, button));
	const { close } = openDialog(title, [form]);
	field.focus();
	field.select();
	form.addEventListener("submit", async (e) => {
		e.preventDefault();
		const text = field.value.trim();
		if (!text) return setText(problem, "Please type something.");
		if (new TextEncoder().encode(text).length > max) return setText(problem, "That is too long for a kiosk's screen.");
		try {
			const said = await done(text);
			close();
			toast(said);
		} catch (error) {
			setText(problem, error.message);
		}
	});
	return { close, problem };
}

const later = (kiosk) => (kiosk.state === "offline" ? ` ${kiosk.name} is offline, and will hear of it when it is back.` : "");

export function openMessage(kiosk) {
	const many = kiosks().length;
	const all = el("input", { type: "checkbox", id: "order-all" });
	const takeBack = async () => {
		try {
			const whom = all.checked ? kiosks().filter((k) => k.notice) : [kiosk];
			for (const k of whom) take(await api.orders(k.id, { notice: "" }));
			dialog.close();
			toast(all.checked ? "The messages are taken back." : `${kiosk.name}: the message is taken back.`);
		} catch (error) {
			setText(dialog.problem, error.message);
		}
	};
	const more = [many > 1 ? el("p", { class: "check" }, all, el("label", { for: "order-all" }, `On all ${many} kiosks`)) : null, kiosk.notice ? el("button", { type: "button", class: "quiet", onclick: takeBack }, "Take the message back") : null];
	const dialog = ask(`Message on ${kiosk.name}`, {
		label: "What should it say?",
		hint: "One sentence on the welcome screen, until you take it back. Never anything about a patient.",
		value: kiosk.notice,
		button: "Show it",
		more,
		done: async (notice) => {
			const whom = all.checked ? kiosks() : [kiosk];
			for (const k of whom) take(await api.orders(k.id, { notice }));
			return whom.length > 1 ? `${count(whom.length, "kiosk")} show it now.` : `${kiosk.name} shows it now.${later(kiosk)}`;
		},
	});
}

export const openOutOfService = (kiosk) =>
	ask(`Take ${kiosk.name} out of service?`, {
		label: "Why?",
		hint: "The kiosk shows the reason and sends patients to the desk, until you put it back in service. Whoever is at the screen may finish.",
		button: "Take it out of service",
		picks: REASONS,
		done: async (reason) => {
			take(await api.orders(kiosk.id, { out_of_service: reason }));
			return `${kiosk.name} is out of service.${later(kiosk)}`;
		},
	});

export async function putInService(kiosk) {
	try {
		take(await api.orders(kiosk.id, { out_of_service: "" }));
		toast(`${kiosk.name} is back in service.${later(kiosk)}`);
	} catch (error) {
		toast(`${kiosk.name}: ${error.message}`, { tone: "bad" });
	}
}

export const openRename = (kiosk) =>
	ask(`Rename ${kiosk.name}`, {
		label: "What is it called?",
		hint: "The name that the desk sees, like the place where it stands.",
		value: kiosk.name,
		max: 60,
		button: "Rename it",
		done: async (name) => {
			take(await api.renameKiosk(kiosk.id, name));
			return `${kiosk.name} is now called ${name}.`;
		},
	});

/* A question with one way to say yes. */
function confirm(title, text, yes, tone, keep, done) {
	const problem = el("p", { class: "problem", role: "alert" });
	const button = el("button", { type: "button", class: `primary ${tone}`.trim() }, yes);
	const { close } = openDialog(title, [el("p", {}, text), problem, el("div", { class: "buttons" }, button, el("button", { type: "button", class: "quiet", onclick: () => close() }, keep))]);
	button.addEventListener("click", async () => {
		try {
			const said = await done();
			close();
			toast(said);
		} catch (error) {
			setText(problem, error.message);
		}
	});
}

export const openRestart = (kiosk) =>
	confirm("Restart this kiosk?", `${kiosk.name} restarts as soon as nobody is at its screen, and is back after about a minute. Nothing that it holds is lost.`, `Restart ${kiosk.name}`, "", "Leave it", async () => {
		take(await api.restart(kiosk.id));
		return `${kiosk.name} restarts when nobody is at its screen.`;
	});

export function openRemove(kiosk) {
	const held = kiosk.visits_held ? ` It still holds ${count(kiosk.visits_held, "visit")} that ${kiosk.visits_held === 1 ? "has" : "have"} not reached the clinic; after this ${kiosk.visits_held === 1 ? "it" : "they"} cannot be sent.` : "";
	confirm("Remove this kiosk?", `${kiosk.name} will no longer be able to check anybody in, until it is enrolled again with a new code.${held}`, `Remove ${kiosk.name}`, "danger", "Keep it", async () => {
		await api.removeKiosk(kiosk.id);
		store.kiosks.delete(kiosk.id);
		changed();
		return `${kiosk.name} was removed.`;
	});
}
