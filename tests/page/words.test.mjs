// The page's words: what the server may name has some.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

// As the page loads it: a module, though Node 18 takes a .js file without a package for something else.
const source = readFileSync(new URL("../../assets/desk/words.js", import.meta.url), "utf8");
const { documentTone, documentWords, stepWords } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

test("every screen that a patient may need the desk on has words", () => {
	const flow = readFileSync(new URL("../../src/kiosk/flow.c", import.meta.url), "utf8");
	const screens = [...flow.matchAll(/\[SCREEN_[A-Z_]+\] = "([a-z-]+)"/g)].map((found) => found[1]);
	assert.ok(screens.length > 20);
	// The notice is told by its reason; the technician's screens hold no patient.
	const silent = screens.filter((name) => name !== "notice" && !name.startsWith("technician"));
	assert.deepEqual(silent.filter((name) => stepWords(name) === ""), []);
});

test("a link that was opened is not called unopened", () => {
	assert.equal(documentWords("held"), "Not opened yet");
	assert.equal(documentWords("resolved"), "Opened");
	assert.equal(documentTone("resolved"), "pill");
	for (const state of ["refused", "expired", "revoked", "tampered", "unknown-issuer"]) assert.equal(documentWords(state), "Could not be opened");
	assert.match(documentWords("passcode"), /passcode/);
});
