/* What a kiosk's self-tests found: the last one with its lines, the ones before it folded away under their verdicts. */

import { el, setText } from "./dom.js";
import { api } from "./api.js";
import { count, dayAndTime } from "./words.js";
import { openDialog } from "./dialog.js";

const STATES = { passed: "Passed", failed: "Failed", skipped: "Not tested" };
const KINDS = { device: "Device", print: "Printing", label: "Label", scan: "Scan", stripe: "Swipe", chip: "Card" };
const TONES = { passed: "good", failed: "bad", skipped: "" };

const lineItem = (l) =>
	el(
		"li",
		{},
		el("span", { class: `pill ${TONES[l.state] || ""}` }, STATES[l.state] || l.state),
		el("span", {}, el("strong", {}, [KINDS[l.kind] || l.kind, l.device].filter(Boolean).join(": ")), el("br"), l.text),
	);

const linesOf = (test) => [
	el("ul", { class: "test-lines" }, test.lines.map(lineItem)),
	el("p", { class: "muted" }, `Asked for at ${test.by === "screen" ? "the kiosk's screen" : "the command line"}. Software ${test.version}.`),
];

const verdict = (test) => `${test.passed ? "Passed" : "Failed"}, ${dayAndTime(test.finished_ms)}`;

const older = (test) => el("details", {}, el("summary", {}, verdict(test)), linesOf(test));

export async function openSelfTests(kiosk) {
	const body = el("div", {}, el("p", { class: "muted" }, "Loading…"));
	openDialog(`Self-tests of ${kiosk.name}`, [body], { wide: true });
	try {
		const [last, ...before] = (await api.selfTests(kiosk.id)).self_tests;
		if (!last) return setText(body.firstChild, "This kiosk has not been tested yet.");
		body.replaceChildren(el("h3", {}, verdict(last)), ...linesOf(last));
		if (before.length) body.append(el("h3", {}, `${count(before.length, "test")} before it`), ...before.map(older));
	} catch (error) {
		body.replaceChildren(el("p", { class: "problem", role: "alert" }, error.message));
	}
}
