// What a test of the desk's page stands in: a real lobby-clinic on a port of its own with the demo day and a few patients
// of ours, a real Chromium, and kiosks (kiosk.mjs). Everything is started here, owned here and ended here; data lives in a
// temporary folder. Tests wait for conditions (until, locators), never for time.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Kiosk } from "./kiosk.mjs";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CLINIC = join(ROOT, "build/release/lobby-clinic");
const ENV = { ...process.env, TZ: "America/New_York" };
const PATIENCE_MS = 20000;

export const ADMIN = { name: "Sam Rivera", password: "four plain words here" };

/** Waits until f() is truthy and answers with it; what says what we waited for. */
export async function until(f, what, patience = PATIENCE_MS) {
	const end = Date.now() + patience;
	for (;;) {
		const value = await f();
		if (value) return value;
		if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
		await new Promise((done) => setTimeout(done, 25));
	}
}

/* ---- the clinic ---- */

export class Clinic {
	/** A new clinic with the demo day and our own patients imported. */
	static async create(resources = []) {
		const clinic = Object.assign(new Clinic(), { folder: mkdtempSync(join(tmpdir(), "lobby-desk-")), port: 0, child: null, log: "" });
		clinic.run("demo");
		if (resources.length) {
			const file = join(clinic.folder, "ours.ndjson");
			writeFileSync(file, resources.map((r) => JSON.stringify(r)).join("\n"));
			clinic.run("import", file);
		}
		await clinic.start();
		return clinic;
	}

	run(command, ...args) {
		this.say(command, ...args);
	}

	/** The same, and answers with what it printed. */
	say(command, ...args) {
		const done = spawnSync(CLINIC, [command, "--data", join(this.folder, "data"), ...args], { env: ENV, encoding: "utf8" });
		if (done.status !== 0) throw new Error(`lobby-clinic ${command} ${args.join(" ")}: ${done.stdout}${done.stderr}${done.error || ""}`);
		return done.stdout;
	}

	/** Starts it, on the port it had before if it had one. */
	async start() {
		const args = ["serve", "--data", join(this.folder, "data"), "--assets", join(ROOT, "assets"), "--listen", `127.0.0.1:${this.port}`];
		const child = spawn(CLINIC, args, { env: ENV, stdio: ["ignore", "pipe", "pipe"] });
		this.child = child;
		let out = "";
		for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => ((out += text), (this.log += text)));
		const where = await until(() => /^listening https:\/\/\S+:(\d+)$/m.exec(out) || (child.exitCode !== null && fail(`lobby-clinic ended: ${out}`)), "the clinic's address");
		this.port = Number(where[1]);
		this.token = /#setup=(\S+)/.exec(out)?.[1];
		this.url = `https://127.0.0.1:${this.port}/`;
	}

	/** Ends it without a goodbye. */
	async kill() {
		const { child } = this;
		if (!child || child.exitCode !== null || child.signalCode !== null) return;
		const gone = new Promise((done) => child.once("exit", done));
		child.kill("SIGKILL");
		await gone;
	}

	async end() {
		await this.kill();
		rmSync(this.folder, { recursive: true, force: true });
	}
}
const fail = (text) => {
	throw new Error(text);
};

/* ---- patients of ours ---- */

/** FHIR resources for one patient with appointments; who: {id, family, given, birth}, each appointment {in_min}. */
export function patient({ id, family, given, birth = "1985-04-17", language = "en", appointments = [{ in_min: 15 }] }) {
	const today = new Date();
	const clamp = (ms) => {
		const from = new Date(today).setHours(0, 5, 0, 0);
		const to = new Date(today).setHours(23, 35, 0, 0);
		return new Date(Math.min(to, Math.max(from, ms))).toISOString();
	};
	return [
		{ resourceType: "Patient", id, name: [{ family, given: [given] }], birthDate: birth, telecom: [{ system: "phone", value: "555-0142" }], communication: [{ language: { coding: [{ code: language }] }, preferred: true }] },
		...appointments.map((a, i) => ({
			resourceType: "Appointment",
			id: `${id}-${i}`,
			status: "booked",
			start: clamp(today.getTime() + a.in_min * 60000),
			minutesDuration: 20,
			participant: [
				{ actor: { reference: `Patient/${id}` }, status: "accepted" },
				{ actor: { reference: `Practitioner/${a.with || "test-shah"}` }, status: "accepted" },
				{ actor: { reference: `Location/${a.where || "test-b"}` }, status: "accepted" },
			],
		})),
	];
}
export const PLACES = [
	{ resourceType: "Practitioner", id: "test-shah", name: [{ family: "Shah", prefix: ["Dr."], text: "Dr. Shah" }] },
	{ resourceType: "Practitioner", id: "test-lind", name: [{ family: "Lindqvist", prefix: ["Dr."], text: "Dr. Lindqvist" }] },
	{ resourceType: "Location", id: "test-a", name: "Waiting area A", alias: ["Waiting A"], description: "Waiting area A, by the window", identifier: [{ system: "urn:lobby:ticket-prefix", value: "A" }] },
	{ resourceType: "Location", id: "test-b", name: "Waiting area B", alias: ["Waiting B"], description: "Floor 2, waiting area B", identifier: [{ system: "urn:lobby:ticket-prefix", value: "B" }] },
];

/* ---- appliances ---- */

/** What a kiosk tells of its box when all is well (src/clinic/api.md, POST status), with what is different. */
export const box = (more = {}) => ({
	version: "0.1.0",
	slot: "a",
	other_version: "0.0.9",
	development: false,
	secure_boot: true,
	booted_ms: Date.now() - 3 * 86400000 - 60000,
	state_total_kb: 8000000,
	state_free_kb: 7000000,
	temperature_c: 41,
	protection: "tpm",
	protection_text: "",
	clock_right: true,
	clock_error_ms: -12,
	links: [{ name: "enp1s0", kind: "cable", up: true, address: "192.0.2.7", ssid: "" }],
	rotation: 90,
	display: "HDMI-A-1 1080x1920",
	memory_used_kb: 98304,
	machine: "Example Box 3000",
	update: { id: "", stage: "none", version: "", percent: 0, text: "" },
	...more,
});

/** A file that is an update bundle as far as the clinic looks: some bytes, and a signature around a manifest. */
export function makeBundle(folder, version) {
	const at = (name) => join(folder, name);
	const openssl = (...args) => {
		const done = spawnSync("openssl", args, { encoding: "utf8" });
		if (done.status !== 0) throw new Error(`openssl ${args.join(" ")}: ${done.stderr}${done.error || ""}`);
	};
	writeFileSync(at("manifest"), `[update]\ncompatible=lobby-kiosk-x86_64\nversion=${version}\n\n[bundle]\nformat=verity\n`);
	openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("update.key"), "-out", at("update.crt"), "-subj", "/CN=update");
	openssl("cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-signer", at("update.crt"), "-inkey", at("update.key"), "-in", at("manifest"), "-out", at("cms"));
	const cms = readFileSync(at("cms"));
	const length = Buffer.alloc(8);
	length.writeBigUInt64BE(BigInt(cms.length));
	writeFileSync(at(`lobby-${version}.raucb`), Buffer.concat([Buffer.alloc(100000, version), cms, length]));
	return at(`lobby-${version}.raucb`);
}

/* ---- the browser ---- */

export async function launch() {
	return chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
	});
}

/** A page of its own session; `page.problems` collects what the console and the content policy complain about. */
export async function open(browser, url, { width = 1440, height = 900 } = {}) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width, height }, timezoneId: "America/New_York", locale: "en-US" });
	const page = await context.newPage();
	page.setDefaultTimeout(PATIENCE_MS);
	page.problems = [];
	page.on("pageerror", (e) => page.problems.push(String(e)));
	page.on("console", (m) => {
		if (/Content Security Policy|Refused to/i.test(m.text())) page.problems.push(m.text());
	});
	await page.goto(url);
	return page;
}

export async function signIn(page, { name, password } = ADMIN) {
	await page.getByLabel("Name", { exact: true }).fill(name);
	await page.getByLabel("Password", { exact: true }).fill(password);
	await page.getByRole("button", { name: "Sign in" }).click();
}
export const live = (page) => page.locator("#link-pill", { hasText: /^Live$/ }).waitFor();

/** Makes the first account through the page. */
export async function setUp(page, { name, password } = ADMIN) {
	await page.getByLabel("Your name").fill(name);
	await page.getByLabel("Choose a password").fill(password);
	await page.getByRole("button", { name: "Start" }).click();
	await live(page);
}

/** A call to the desk's API with the page's own session. */
export const api = (page, path, body) =>
	page.evaluate(
		async ([p, b]) => {
			const answer = await fetch(`/desk/api/${p}`, b === undefined ? {} : { method: "POST", headers: { "X-Lobby": "1", "Content-Type": "application/json" }, body: JSON.stringify(b) });
			return { status: answer.status, body: await answer.json() };
		},
		[path, body],
	);

/** Enrols a kiosk with a code that the page's session asked for. */
export async function enrol(clinic, page, name) {
	const { body } = await api(page, "kiosks/code", { name });
	const kiosk = await Kiosk.enrol(clinic.port, body.code, name);
	await kiosk.status();
	return kiosk;
}

/** The row of a visit, or of whoever's number or name is in it. */
export const rowOf = (page, text) => page.locator("tr.row:visible", { hasText: text });
/** Its button; buttons say what they do, then to whom. */
export const button = (row, name) => row.getByRole("button", { name: new RegExp(`^${name}: `) });

/** What axe finds, as lines; [] is what we want. */
export async function axe(page) {
	await page.evaluate(AXE);
	return page.evaluate(async () => {
		const { violations } = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
		return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary.split("\n")[1]?.trim()}`));
	});
}
