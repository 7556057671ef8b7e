/* Keeping up with the clinic: load the state, follow the events, and when the line breaks say so at once, try again for
 * ever, and catch up from the last event seen. The stream is read with fetch rather than EventSource, because the desk must
 * also notice a line that has gone silent (the server sends a comment every 15 s, which EventSource hides), and must tell
 * "signed out" from "not reachable". */

import { openEvents, api } from "./api.js";

const SILENCE_MS = 22000;
const RETRY_MIN_MS = 400;
const RETRY_MAX_MS = 5000;

/** Splits a text/event-stream (WHATWG HTML 9.2.6) into events; feed() takes any pieces of text. */
export function eventParser(onEvent) {
	let rest = "";
	let event = { type: "message", data: [], id: null };
	const line = (text) => {
		if (text === "") {
			if (event.data.length || event.type !== "message") onEvent({ type: event.type, data: event.data.join("\n"), id: event.id });
			event = { type: "message", data: [], id: null };
			return;
		}
		const colon = text.indexOf(":");
		if (colon === 0) return;
		const field = colon < 0 ? text : text.slice(0, colon);
		const value = colon < 0 ? "" : text.slice(colon + 1).replace(/^ /, "");
		if (field === "event") event.type = value;
		else if (field === "data") event.data.push(value);
		else if (field === "id") event.id = value;
	};
	return (text) => {
		const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
		rest = lines.pop();
		lines.forEach(line);
	};
}

/** Follows until stop() is called. on: {load(state), event(type, row), link("live"|"lost"), heard(), signedOut()}. */
export function follow(on) {
	let stopped = false;
	let cursor = null;
	let abort = new AbortController();
	let wake = () => {};
	let silence = 0;

	const heard = () => {
		clearTimeout(silence);
		silence = setTimeout(() => abort.abort(), SILENCE_MS);
		on.heard();
	};
	const pause = (ms) =>
		new Promise((done) => {
			const timer = setTimeout(done, ms);
			wake = () => {
				clearTimeout(timer);
				done();
			};
		});

	/* One connection, from opening to its end; true when the clinic said that our cursor is too old. */
	async function once(caughtUp) {
		abort = new AbortController();
		if (cursor === null) {
			const state = await api.state();
			if (stopped) return false;
			cursor = String(state.cursor);
			on.load(state);
		}
		const response = await openEvents(cursor, abort.signal);
		if (stopped) return false;
		if (response.status === 401) {
			on.signedOut();
			return false;
		}
		if (!response.ok) throw new Error(`events: ${response.status}`);
		const feed = eventParser((event) => {
			if (event.type === "reset") cursor = null;
			if (cursor === null) return;
			if (event.id !== null) cursor = event.id;
			if (event.data) on.event(event.type, JSON.parse(event.data));
		});
		const reader = response.body.getReader();
		const decoder = new TextDecoder();
		heard();
		caughtUp();
		for (;;) {
			const { value, done } = await reader.read();
			if (done || stopped) return false;
			heard();
			feed(decoder.decode(value, { stream: true }));
			if (cursor === null) {
				abort.abort();
				return true;
			}
		}
	}

	async function run() {
		let failures = 0;
		let lastReset = -Infinity;
		while (!stopped) {
			let reset = false;
			try {
				reset = await once(() => {
					failures = 0;
					on.link("live");
				});
			} catch {
				/* whatever it was, the answer is the same: say so, wait, try again */
			}
			clearTimeout(silence);
			if (stopped) return;
			if (reset && performance.now() - lastReset > 2000) {
				lastReset = performance.now();
				continue;
			}
			on.link("lost");
			await pause(Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** failures) * (0.75 + Math.random() / 2));
			failures++;
		}
	}

	const online = () => wake();
	const offline = () => abort.abort();
	window.addEventListener("online", online);
	window.addEventListener("offline", offline);
	run();
	return {
		stop() {
			stopped = true;
			clearTimeout(silence);
			window.removeEventListener("online", online);
			window.removeEventListener("offline", offline);
			abort.abort();
			wake();
		},
	};
}
