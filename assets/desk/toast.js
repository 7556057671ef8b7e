/* What just happened, said calmly at the bottom of the page with, where it makes sense, a way to take it back. One at a
 * time. It stays eight seconds, longer while the pointer or focus is on it; undoing does not depend on being quick, for the
 * row and the `u` key offer the same for as long as it holds. say() is for ears only. */

import { byId, el, setText } from "./dom.js";

const STAY_MS = 8000;
let timer = 0;

export function toast(text, { action = null, tone = "" } = {}) {
	const box = byId("toast");
	const close = () => {
		if (box.matches(":hover, :focus-within")) return arm();
		box.hidden = true;
	};
	const arm = () => {
		clearTimeout(timer);
		timer = setTimeout(close, STAY_MS);
	};
	box.className = tone ? `toast ${tone}` : "toast";
	box.replaceChildren(el("p", {}, text));
	if (action) {
		const button = el("button", { type: "button", class: "quiet" }, action.text);
		button.addEventListener("click", () => {
			byId("main").focus({ preventScroll: true });
			box.hidden = true;
			action.run();
		});
		box.append(button);
	}
	box.hidden = false;
	arm();
}

export function hideToast() {
	clearTimeout(timer);
	byId("toast").hidden = true;
	byId("toast").replaceChildren();
}

/* Sentences that come together are read together. */
let sentences = [];
export function sayNoMore() {
	sentences = [];
	setText(byId("say"), "");
}
export function say(text) {
	sentences.push(text);
	if (sentences.length > 1) return;
	setTimeout(() => {
		const all = sentences;
		if (!all.length) return;
		sentences = [];
		setText(byId("say"), all.length > 3 ? `${all.length} changes. The last: ${all[all.length - 1]}` : all.join(" "));
	}, 150);
}
