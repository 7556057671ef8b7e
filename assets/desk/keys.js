/* The keyboard. Everything can be reached by Tab and pressed by Enter; on top of that, single keys for the whole day's work.
 * They are off while typing or in a dialog, and can be turned off altogether for those whose voice control or tremor sets
 * them off (WCAG 2.1.4); the choice is kept on this computer. */

import { el } from "./dom.js";
import { isDialogOpen, openDialog } from "./dialog.js";

const KEY = "lobby-keys";
const enabled = () => localStorage.getItem(KEY) !== "off";

const HELP = [
	["/", "Search"],
	["j or ↓", "Next patient"],
	["k or ↑", "Patient before"],
	["Enter", "The patient's next step"],
	["u", "Undo the last step"],
	["h", "Answer the call for help"],
	["1 to 4", "Arrivals, Schedule, Kiosks, People"],
	["Esc", "Clear the search, close a dialog"],
	["?", "This list"],
];

export function openKeys() {
	const box = el("input", { type: "checkbox", id: "keys-on" });
	box.checked = enabled();
	box.addEventListener("change", () => localStorage.setItem(KEY, box.checked ? "on" : "off"));
	openDialog("Keyboard shortcuts", [
		el("dl", { class: "facts keys" }, HELP.map(([key, text]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), el("dd", {}, text)))),
		el("p", { class: "check" }, box, el("label", { for: "keys-on" }, "Use single-key shortcuts")),
	]);
}

/** commands: {search, next, previous, undo, help, tab(n)}; active(): whether somebody is signed in */
export function listen(commands, active) {
	const map = { "/": commands.search, j: commands.next, ArrowDown: commands.next, k: commands.previous, ArrowUp: commands.previous, u: commands.undo, h: commands.help, "?": openKeys };
	document.addEventListener("keydown", (e) => {
		if (!active() || !enabled() || e.ctrlKey || e.metaKey || e.altKey || isDialogOpen()) return;
		const t = e.target;
		const arrow = e.key.startsWith("Arrow");
		if (t.matches("input, select, textarea") && !(t.type === "search" && e.key === "ArrowDown")) return;
		if (arrow && !t.matches("input") && !t.closest("tr.row")) return;
		const act = map[e.key] || (/^[1-4]$/.test(e.key) ? () => commands.tab(Number(e.key)) : null);
		if (!act) return;
		e.preventDefault();
		act();
	});
}
