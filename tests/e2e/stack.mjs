// A whole clinic for a test: the real programs as child processes over real sockets, on one virtual clock that the test
// owns. Nothing sleeps: kiosk and emulator answer when a condition holds, and the desk is asked until it does, bounded.
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, mkdirSync, writeFileSync, readFileSync, rmSync, openSync, writeSync, existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import net from "node:net";
import https from "node:https";

const top = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../..");
const bin = path.join(top, "build/release");
export const MINUTE = 60_000;

/** Monday 23 November 2026, 9:41 in New York. */
export const START_MS = Date.parse("2026-11-23T09:41:00-05:00");
const PATIENCE_MS = 20_000;

/** Asks until it holds; each attempt is itself a round trip to a program, and the whole is bounded. */
export async function until(what, attempt, patience_ms = PATIENCE_MS, pause_ms = 2) {
	const end = Date.now() + patience_ms;
	let last;
	while (Date.now() < end) {
		try {
			const got = await attempt();
			if (got) return got;
			last = got;
		} catch (error) {
			last = error;
		}
		await new Promise((resolve) => setTimeout(resolve, pause_ms));
	}
	throw new Error(`not in time: ${what} (${last instanceof Error ? last.message : JSON.stringify(last)})`);
}

class Clock {
	constructor(file) {
		this.fd = openSync(file, "w+", 0o600);
		this.wall = START_MS;
		this.mono = 1_000_000;
		this.stepped = 0;
		this.write();
	}
	write() {
		const page = Buffer.alloc(16);
		page.writeBigInt64LE(BigInt(this.wall), 0);
		page.writeBigInt64LE(BigInt(this.mono), 8);
		writeSync(this.fd, page, 0, 16, 0);
	}
	/**
	 * For loops that wait: a step at most every 20 ms, so that the programs see each one. Else a slow machine lets hours
	 * pass between two of its answers, and whoever was asked "are you still there?" is gone before the answer is read.
	 */
	step(ms) {
		if (performance.now() - this.stepped < 20) return;
		this.stepped = performance.now();
		this.advance(ms);
	}
	/** Runs as real clocks do, for tests whose other side has a clock of its own. Returns what stops it. */
	run() {
		let last = performance.now();
		const timer = setInterval(() => {
			const now = performance.now();
			this.advance(Math.round(now - last));
			last += Math.round(now - last);
		}, 20);
		return () => clearInterval(timer);
	}
	advance(ms) {
		this.wall += ms;
		this.mono += ms;
		this.write();
	}
}

/** A control socket: one line out, lines back until "ok" or "error". */
export class Control {
	constructor(file) {
		this.file = file;
	}
	async ask(line) {
		if (!this.socket) {
			this.socket = await new Promise((resolve, reject) => {
				const socket = net.connect(this.file, () => resolve(socket));
				socket.once("error", reject);
			});
			this.buffer = "";
			this.socket.setEncoding("utf8");
		}
		const socket = this.socket;
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => finish(new Error(`no answer to "${line}"`)), PATIENCE_MS);
			const finish = (error, lines) => {
				clearTimeout(timer);
				socket.removeAllListeners("data");
				socket.removeAllListeners("close");
				socket.removeAllListeners("error");
				if (error) {
					socket.destroy();
					this.socket = undefined;
				}
				error ? reject(error) : resolve(lines);
			};
			let text = "";
			socket.on("data", (chunk) => {
				text += chunk;
				const end = /(^|\n)(ok|error)([^\n]*)\n$/.exec(text);
				if (!end) return;
				if (end[2] === "error") finish(new Error(`"${line}": ${end[3].trim()}\n${text}`));
				else finish(null, (text.slice(0, end.index) + "\n" + end[3]).trim());
			});
			socket.on("close", () => finish(new Error(`closed at "${line}"`)));
			socket.on("error", finish);
			socket.write(line + "\n");
		});
	}
	close() {
		this.socket?.destroy();
		this.socket = undefined;
	}
}

/** The desk, signed in. */
export class Desk {
	constructor(url) {
		this.url = url;
		this.agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
	}
	call(method, where, body) {
		const headers = { "X-Lobby": "1", "Content-Type": "application/json" };
		if (this.cookie) headers.Cookie = this.cookie;
		return new Promise((resolve, reject) => {
			const request = https.request(this.url + "/desk/api/" + where, { method, headers, agent: this.agent }, (answer) => {
				let text = "";
				answer.setEncoding("utf8");
				answer.on("data", (chunk) => (text += chunk));
				answer.on("end", () => {
					const cookie = answer.headers["set-cookie"]?.[0];
					if (cookie) this.cookie = cookie.split(";")[0];
					if (answer.statusCode >= 400) reject(new Error(`${where}: ${answer.statusCode} ${text}`));
					else resolve(text ? JSON.parse(text) : {});
				});
			});
			request.on("error", reject);
			request.end(body ? JSON.stringify(body) : undefined);
		});
	}
	state() {
		return this.call("GET", "state");
	}
	arrival(test) {
		return until("an arrival at the desk", async () => (await this.state()).arrivals.find(test));
	}
}

class Kiosk {
	constructor(stack, name, options) {
		this.stack = stack;
		this.name = name;
		this.folder = path.join(stack.folder, name);
		this.run = path.join(this.folder, "run");
		mkdirSync(path.join(this.folder, "store"), { recursive: true });
		mkdirSync(path.join(this.folder, "paper"));
		mkdirSync(this.run, { mode: 0o700 });
		this.link = path.join(this.run, "network-down");
		this.env = { ...stack.env, LOBBY_RUN: this.run, LOBBY_LINK_FILE: this.link };
		this.size = options.size ?? "1080x1920";
		this.mm = options.mm; // the panel's width; the kiosk's own idea without
		this.every = options.every ?? false; // every kind of device, not only scanner and printer
		this.screen = new Control(path.join(this.run, "kiosk.sock"));
		this.emu = new Control(path.join(this.run, "emu.sock"));
	}
	async start() {
		this.startSync();
		await until("lobby-sync", () => existsSync(path.join(this.run, "sync.sock")));
		const code = execFileSync(path.join(bin, "lobby-clinic"), ["kiosk-code", "--data", this.stack.clinicFolder, this.name], {
			env: this.env,
			encoding: "utf8",
		}).trim();
		execFileSync(path.join(bin, "lobbyctl"), ["enrol", this.stack.url, code, "--name", this.name], { env: this.env });
		this.startDevices();
		this.startScreen();
		await until("the kiosk's screen", () => this.screen.ask("screen"));
		await until("the emulator", () => this.emu.ask("slips"));
		await this.text("#scanner");
		await this.watch("the printer", () => /^.*rinter.*ready/im.test(this.status()));
		await until("the roster", () => /[1-9]\d* appointments/.test(this.status()));
	}
	/** As it comes out of the box: an appliance that belongs to no clinic. */
	async startNew(options) {
		this.box = path.join(this.folder, "box");
		for (const folder of ["esp/loader/entries", "esp/EFI/lobby", "state/update", "sys", "proc/sys/kernel/random", "efivars", "networkd", "plug"])
			mkdirSync(path.join(this.box, folder), { recursive: true });
		const put = (name, text, mode) => writeFileSync(path.join(this.box, name), text, { mode });
		put("release", "VERSION=0.4.0\nMIN_VERSION=0.3.0\nKEYS=development\n");
		put("boot", "SLOT=a\nDISK=/dev/vda\nESP=/dev/vda1\nVERSION=0.4.0\nSECURE_BOOT=1\n");
		put("esp/loader/entries/lobby-a+2-1.conf", "title Lobby 0.4.0\nefi /EFI/lobby/a.efi\nsort-key 1\nversion 0.4.0\n");
		put("proc/uptime", "5.00 10.00\n");
		put("proc/meminfo", "MemTotal: 2097152 kB\nMemAvailable: 1048576 kB\n");
		put("proc/sys/kernel/random/boot_id", "11111111-1111-1111-1111-111111111111\n");
		put("power", `#!/bin/sh\necho "$@" >> "${this.box}/powered"\n`, 0o755);
		put("stick-key", options.stickKey ?? "");
		this.startSync();
		this.startSystem();
		this.startDevices();
		this.startScreen();
		await until("the kiosk's screen", () => this.screen.ask("screen"));
		await until("the emulator", () => this.emu.ask("slips"));
	}
	startSystem() {
		const at = (name) => path.join(this.box, name);
		const options = ["esp", "state", "release", "boot", "power", "sys", "proc", "efivars", "networkd", "stick-key"].map(
			(name) => `--${name}=${at(name)}`,
		);
		this.system = this.stack.spawn("lobby-system", [...options, `--stick=${at("plug/stick")}`], this.env, this.name);
	}
	status() {
		try {
			return execFileSync(path.join(bin, "lobbyctl"), ["status"], { env: this.env, encoding: "utf8" });
		} catch (error) {
			return String(error.stdout);
		}
	}
	startSync() {
		this.sync = this.stack.spawn("lobby-sync", ["--data", path.join(this.folder, "store")], this.env, this.name);
	}
	startDevices() {
		this.devices = this.stack.spawn(
			"umockdev-wrapper",
			[
				path.join(bin, "lobby-emu"),
				`--cards=${this.stack.cards}`,
				`--paper=${path.join(this.folder, "paper")}`,
				`--control=${path.join(this.run, "emu.sock")}`,
				`--spawn=${path.join(bin, "lobby-devices")}`,
				...(this.every ? ["--all"] : []),
			],
			this.env,
			this.name,
		);
	}
	startScreen() {
		this.kiosk = this.stack.spawn(
			"lobby-kiosk",
			[`--size=${this.size}`, `--control=${path.join(this.run, "kiosk.sock")}`, ...(this.mm ? [`--width-mm=${this.mm}`] : [])],
			this.env,
			this.name,
		);
	}
	/** Presses it, once it can be pressed. */
	press(what) {
		return this.watch(`press ${what}`, async () => (await this.screen.ask(`press ${what}`), true));
	}
	/** An error with what one needs to see why: the screen, programs that ended by themselves, the last log lines. */
	async told(error) {
		const screen = await this.tree().catch((gone) => gone.message);
		const tails = this.stack.children
			.filter((child) => child.who === this.name)
			.map((child) => child.logFile)
			.filter((file, i, all) => all.indexOf(file) === i)
			.map((file) => `${path.basename(file)}:\n${readFileSync(file, "utf8").split("\n").slice(-12).join("\n")}`);
		const ended = this.stack.ended.length ? `ended: ${this.stack.ended.join(", ")}\n` : "";
		return new Error(`${error.message}; on the screen:\n${screen}\n${ended}${tails.join("\n")}`);
	}
	/** Waits for a screen, or for words on it, letting a little time pass at each look. */
	at(screen) {
		return this.watch(screen, async () => (await this.screen.ask("held")) === "0" && (await this.screen.ask("screen")) === screen);
	}
	text(words) {
		return this.watch(words, async () => (await this.tree()).includes(words));
	}
	async watch(what, attempt) {
		let began = false;
		try {
			return await until(what, () => {
				if (began) this.stack.clock.step(20);
				began = true;
				return attempt();
			});
		} catch (error) {
			throw await this.told(error);
		}
	}
	tree() {
		return this.screen.ask("tree");
	}
	/** Welcome to the screen that the birthday and first letter lead to. Returns the touches it took. */
	async identify(birthday, letter) {
		const [year, month, day] = birthday.split("-");
		await this.press("check-in");
		await this.at("birthday");
		for (const digit of month + day + year) await this.press(digit);
		await this.at("first-letter");
		await this.press(`letter-${letter}`);
		return 10;
	}
	networkDown() {
		writeFileSync(this.link, "");
	}
	networkUp() {
		rmSync(this.link, { force: true });
	}
}

export class Stack {
	constructor() {
		this.bin = bin;
		this.folder = mkdtempSync(path.join(tmpdir(), "lobby-e2e-"));
		this.clinicFolder = path.join(this.folder, "clinic");
		this.cards = path.join(this.folder, "cards.tsv");
		mkdirSync(this.clinicFolder);
		this.clock = new Clock(path.join(this.folder, "clock"));
		this.children = [];
		this.ended = []; // programs that ended though nobody ended them
		this.kiosks = [];
		this.env = {
			...process.env,
			LOBBY_CLOCK: path.join(this.folder, "clock"),
			LOBBY_ASSETS: path.join(top, "assets"),
			LOBBY_LOCALE: path.join(bin, "locale"),
			LOBBY_SPEECH_WAV: this.folder,
			SDL_VIDEODRIVER: "offscreen",
			TZ: "America/New_York",
		};
	}
	log(name) {
		return path.join(this.folder, `${name}.log`);
	}
	spawn(program, args, env, who) {
		const log = openSync(this.log(`${who}-${program}`), "a");
		const file = program.startsWith("lobby") ? path.join(bin, program) : program;
		const child = spawn(file, args, { env, stdio: ["ignore", log, log] });
		child.who = who;
		child.logFile = this.log(`${who}-${program}`);
		child.on("error", () => {});
		child.on("exit", (code, signal) => {
			if (!child.ending) this.ended.push(`${who} ${program} (${signal ?? code})`);
		});
		this.children.push(child);
		return child;
	}
	async start(kioskCount = 1, options = {}) {
		execFileSync(path.join(bin, "lobby-clinic"), ["demo", "--data", this.clinicFolder, "--cards", this.cards, "--assets", path.join(top, "assets")], {
			env: this.env,
		});
		await this.startClinic();
		for (let i = 1; i <= kioskCount; i++) {
			const kiosk = new Kiosk(this, `Lobby ${i}`, options);
			await kiosk.start();
			this.kiosks.push(kiosk);
		}
		return this.kiosks[0];
	}
	async addNew(name, options = {}) {
		const kiosk = new Kiosk(this, name, options);
		this.kiosks.push(kiosk);
		await kiosk.startNew(options);
		return kiosk;
	}
	async startClinic() {
		const port = this.url ? new URL(this.url).port : 0;
		const file = this.log("clinic-lobby-clinic");
		const before = existsSync(file) ? statSync(file).size : 0;
		this.clinic = this.spawn(
			"lobby-clinic",
			["serve", "--data", this.clinicFolder, "--listen", `127.0.0.1:${port}`, "--assets", path.join(top, "assets")],
			this.env,
			"clinic",
		);
		const line = await until("the clinic", () => /^listening (\S+)$/m.exec(readFileSync(file, "utf8").slice(before)));
		this.url = line[1];
		if (!this.desk) {
			const token = await until("the setup link", () => /#setup=(\S+)/.exec(readFileSync(file, "utf8")));
			this.desk = new Desk(this.url);
			await this.desk.call("POST", "setup", { token: token[1], name: "desk", password: "correct horse battery" });
		}
	}
	/** Ends a child, by its own pid, and waits for it. */
	async kill(child, signal = "SIGKILL") {
		child.ending = true;
		if (child.exitCode !== null || child.signalCode !== null) return;
		const gone = new Promise((resolve) => child.once("exit", resolve));
		child.kill(signal);
		await gone;
	}
	/** Lines of every program's log so far. */
	logs() {
		return execFileSync("sh", ["-c", `cat "${this.folder}"/*.log`], { encoding: "utf8", maxBuffer: 1 << 26 });
	}
	async stop() {
		for (const kiosk of this.kiosks) {
			kiosk.screen.close();
			kiosk.emu.close();
		}
		for (const child of this.children.reverse()) await this.kill(child, "SIGTERM");
		rmSync(this.folder, { recursive: true, force: true });
		if (this.ended.length) throw new Error(`ended by themselves: ${this.ended.join(", ")}`);
	}
}
