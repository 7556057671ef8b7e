// What the real driver prints, judged by others: lobby-devices prints a wristband and a label on the label printer's
// model (zebra_test with LOBBY_LABELS), a ZPL renderer draws their ZPL (zpl-renderer-js: Zebrash, in WebAssembly, offline),
// and ZXing reads the codes back from the picture. LOBBY_PNG=FOLDER keeps the pictures.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { inkOf, inkRows, readGray } from "./png.mjs";

// Node 18 cannot import its module form, and has no global crypto.
globalThis.crypto ??= webcrypto;
const { ready } = createRequire(import.meta.url)("zpl-renderer-js");

const DOTS = 8;
const folder = mkdtempSync(join(tmpdir(), "lobby-labels-"));
let api;

before(async () => {
	({ api } = await ready);
	const asan = execFileSync("gcc", ["-print-file-name=libasan.so"], { encoding: "utf8" }).trim();
	const bin = `${process.env.LOBBY_BUILD ?? "build/san"}/tests/emu/zebra_test`;
	execFileSync(bin, { env: { ...process.env, LOBBY_LABELS: folder, LD_PRELOAD: `${asan} libumockdev-preload.so.0` }, stdio: "pipe" });
});
// The renderer's WebAssembly never ends by itself.
after(() => {
	rmSync(folder, { recursive: true });
	setImmediate(() => process.exit());
});

async function draw(name, widthMm, lengthMm) {
	const png = Buffer.from(await api.zplToBase64Async(readFileSync(join(folder, `${name}.zpl`), "utf8"), widthMm, lengthMm, DOTS), "base64");
	const path = join(folder, `${name}.png`);
	writeFileSync(path, png);
	if (process.env.LOBBY_PNG) copyFileSync(path, join(process.env.LOBBY_PNG, `${name}.png`));
	return { path, picture: readGray(png) };
}

// Every code that ZXing finds: its text, and the corners of the box around it.
function codes(path) {
	const found = {};
	for (const block of execFileSync("ZXingReader", [path], { encoding: "utf8" }).split(/\n\s*\n/)) {
		const line = (key) => block.match(new RegExp(`^${key}: +(.*)$`, "m"))?.[1].trim();
		if (line("Format") === undefined) continue;
		const corners = line("Position").match(/\d+x\d+/g).map((c) => c.split("x").map(Number));
		const xs = corners.map((c) => c[0]), ys = corners.map((c) => c[1]);
		found[line("Format")] = {
			text: line("Text").replace(/^"|"$/g, ""),
			left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys),
		};
	}
	return found;
}

// White all around a code, `quiet` dots of it on each side named.
function assertQuiet(picture, box, { left = 0, right = 0, top = 0, bottom = 0 }) {
	const around = [
		[box.left - left, box.top, box.left - 2, box.bottom],
		[box.right + 3, box.top, box.right + right, box.bottom],
		[box.left, box.top - top, box.right, box.top - 2],
		[box.left, box.bottom + 3, box.right, box.bottom + bottom],
	];
	for (const [x0, y0, x1, y1] of around) assert.equal(inkOf(picture, x0, y0, x1, y1), 0, `ink in ${[x0, y0, x1, y1]}`);
}

test("a wristband: its codes read back, with their quiet zones, and its lines stand apart", async () => {
	const { path, picture } = await draw("wristband", 25, 279);
	const { QRCode: qr, Code128: bars } = codes(path);
	assert.equal(qr.text, "7d1f2a90-5c3e-4b7a-9d11-0c5b8f3e2a64");
	assert.equal(bars.text, "44710092");
	assertQuiet(picture, qr, { left: 16, right: 16, top: 16, bottom: 16 });
	assertQuiet(picture, bars, { top: 30, bottom: 30 }); // turned: it begins at the top
	// Read along the band, the lines lie side by side: three bands of ink beyond the codes, nothing in between.
	const rows = inkRows(picture, { from: bars.bottom + 30, to: picture.height });
	assert.equal(rows.length, 3, JSON.stringify(rows));
	assert.ok(rows[0].size > 40, "the name, furthest up, is 5 mm high and more");
	assert.ok(rows.at(-1).size < rows[0].size);
});

test("a label: the same, upright", async () => {
	const { path, picture } = await draw("label", 50, 25);
	const { QRCode: qr, Code128: bars } = codes(path);
	assert.equal(qr.text, "7d1f2a90-5c3e-4b7a-9d11-0c5b8f3e2a64");
	assert.equal(bars.text, "V-44710092");
	assertQuiet(picture, qr, { left: 12, right: 12, top: 12, bottom: 12 });
	assertQuiet(picture, bars, { left: 20, right: 20 });
	assert.ok(qr.left > 200 && bars.top > qr.bottom);
});

test("what a hostile patient is called, and what hostile codes hold, is printed as it is", async () => {
	const { path } = await draw("hostile", 25, 279);
	const { QRCode: qr, Code128: bars } = codes(path);
	assert.equal(qr.text, "^XZ~JA,_5E\\&>:");
	assert.equal(bars.text, "^XA>~_HS_JA");
});

test("a picture is turned with the band, dot by dot", async () => {
	const { picture } = await draw("picture", 25, 279);
	for (let y = 0; y < 150; y++)
		for (let x = 0; x < 400; x++) {
			const black = ((x >> 3) + (y >> 2)) % 2 === 1 && Math.floor(y / 20) !== 2;
			assert.equal(picture.at(200 - 25 - 1 - y, 48 + x) < 128, black, `at ${x},${y}`);
		}
});

test("the judge would see a label that is wrong", async () => {
	const zpl = readFileSync(join(folder, "label.zpl"), "utf8");
	writeFileSync(join(folder, "wrong.zpl"), zpl.replace("V-44710092", "V-44710093").replace("^PQ1", "^FO300,50^GB30,60,30^FS^PQ1"));
	const { path } = await draw("wrong", 50, 25);
	const found = codes(path);
	assert.equal(found.Code128.text, "V-44710093");
	assert.equal(found.QRCode, undefined);
});
