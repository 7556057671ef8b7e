/* Adding a kiosk: a one-time code, shown large for somebody who reads it out across the lobby, as a picture that the new
 * kiosk's scanner reads together with the clinic's address, and as the exact command. The dialog notices by itself when
 * the kiosk has used it. */

import { el, setText } from "./dom.js";
import { api } from "./api.js";
import store, { kiosks, now, onChange } from "./store.js";
import { openDialog } from "./dialog.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // modules of light around the code (ISO/IEC 18004)

/* Dark modules as one path on white, whatever the page's own colours. */
function picture(rows) {
	const svg = document.createElementNS(SVG, "svg");
	const path = document.createElementNS(SVG, "path");
	const side = rows.length + 2 * QUIET;
	svg.setAttribute("viewBox", `${-QUIET} ${-QUIET} ${side} ${side}`);
	svg.setAttribute("class", "qr");
	svg.setAttribute("role", "img");
	svg.setAttribute("aria-label", "QR code of the clinic's address and this code");
	path.setAttribute("d", rows.map((row, y) => [...row.matchAll(/1+/g)].map((run) => `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`).join("")).join(""));
	svg.append(path);
	return svg;
}

/* An address that is only this computer's own leads a kiosk nowhere. */
const isOwn = () => ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);

export function openAdd() {
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
function showCode(body, name, { code, expires_ms, qr }) {
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
	const shown = qr ? el("div", { class: "scan-me" }, picture(qr), el("p", {}, "Hold this picture before the new kiosk's scanner, or type the code there.", isOwn() ? el("strong", {}, " This page was opened under an address that only this computer knows: open it under the server's own address first.") : null)) : null;
	body.replaceChildren(
		el("p", {}, `The one-time code for “${name}”:`),
		number,
		left,
		...[shown].filter(Boolean),
		el("p", { class: "muted" }, "Or run on it:"),
		el("div", { class: "command" }, line, copy),
		again,
		done,
	);
	body.closest("dialog").querySelector("button").focus();
	const step = () => {
		const s = Math.max(0, Math.floor((expires_ms - now()) / 1000));
		setText(left, s ? `Works once, for another ${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}` : "This code has expired.");
		number.classList.toggle("expired", s === 0);
		if (shown) shown.hidden = s === 0;
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
		if (shown) shown.hidden = true;
		left.hidden = true;
		again.hidden = true;
	});
	let over = () => {
		unwatch();
		clearInterval(timer);
	};
	return () => over();
}
