/* Dialogs: the browser's own <dialog>, so that focus is kept inside, Escape closes, and the page behind is inert. Focus
 * returns to whatever opened it, or, when that is gone, to the main part of the page. */

import { byId, el } from "./dom.js";

let serial = 0;

/** open(title, body) → {box, close}; body is nodes; onclose is called however it closes. */
export function openDialog(title, body, { onclose = () => {}, wide = false } = {}) {
	const opener = document.activeElement;
	const id = `dialog-title-${++serial}`;
	const close = () => box.close();
	const box = el(
		"dialog",
		{ class: wide ? "dialog wide" : "dialog", "aria-labelledby": id },
		el("div", { class: "dialog-head" }, el("h2", { id }, title), el("button", { type: "button", class: "quiet", onclick: close }, "Close")),
		...body,
	);
	box.addEventListener("close", () => {
		box.remove();
		onclose();
		(opener?.isConnected ? opener : byId("main")).focus();
	});
	box.addEventListener("pointerdown", (e) => {
		const r = box.getBoundingClientRect();
		const inside = e.clientX >= r.left && e.clientX <= r.right && e.clientY >= r.top && e.clientY <= r.bottom;
		if (e.target === box && !inside) close(); /* the backdrop */
	});
	document.body.append(box);
	box.showModal();
	return { box, close };
}

export const isDialogOpen = () => document.querySelector("dialog[open]") !== null;
export const closeDialogs = () => document.querySelectorAll("dialog[open]").forEach((d) => d.close());
