// What an appliance has around it in these tests: a clinic on the host's loopback with its demo day, devices on its USB, a
// technician's stick, and a twin: the same kiosk program on the host, whose screens say where to touch and what to see.
import { execFile, execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { Stack, Control } from "../e2e/stack.mjs";
import { Machine, Picture, flip, overlay, partitions, until } from "./machine.mjs";

export const top = path.resolve(path.dirname(new URL(import.meta.url).pathname), "../..");
export const bin = path.join(top, "build/release");
export const out = process.env.LOBBY_IMAGE_OUT ?? path.join(top, "build/image");
export const work = path.join(top, "build/image-test");

/** The clinic's address as the machine sees the host. */
const HOST = "10.0.2.2";
const FRAME = { width: 1280, height: 800 };
/** QEMU's displays say that they have 100 dots an inch, in whole centimetres (EDID 1.4, 3.6.2). */
const MM = Math.floor((FRAME.width * 2.54) / 100) * 10;

export const version = /^VERSION := (\S+)$/m.exec(readFileSync(path.join(top, "Makefile"), "utf8"))[1];
export const made = (name) => path.join(out, `lobby-${name}`);

/** Unpacks what is older than its source. Others may want the same at this time: it is there as a whole, or not. */
export function unpack(packed, raw) {
	mkdirSync(path.dirname(raw), { recursive: true });
	if (existsSync(raw) && statSync(raw).mtimeMs >= statSync(packed).mtimeMs) return raw;
	const mine = `${raw}.${process.pid}`;
	execFileSync("zstd", ["-q", "-f", "-d", "--sparse", "--long=31", packed, "-o", mine]);
	utimesSync(mine, new Date(), new Date());
	renameSync(mine, raw);
	return raw;
}
/** The disk of the image, unpacked once. */
export function disk() {
	const packed = `${made(version)}.img.zst`;
	return unpack(packed, path.join(work, "disk.img"));
}

/** For `make bench`. */
export function figure(name, value, note) {
	appendFileSync(path.join(work, "figures"), `image.${name}\t${value.toFixed(1)}\t${note}\n`);
}

/** In a root's first block, which holds squashfs's own head: most of the others may never be read. */
const SURELY_READ = 1234;
/** Damages these slots ("a", "b") of a disk that nobody runs. */
export function damage(file, ...slots) {
	const parts = partitions(disk());
	for (const slot of slots) flip(file, parts[`root-${slot}`].start + SURELY_READ);
}

export class World {
	constructor(name) {
		this.folder = path.join(work, name);
		rmSync(this.folder, { recursive: true, force: true });
		mkdirSync(this.folder, { recursive: true });
	}
	async start() {
		this.clinic = new Stack();
		this.stop_clock = this.clinic.clock.run();
		await this.clinic.start(0);
		this.desk = this.clinic.desk;
		this.port = new URL(this.clinic.url).port;
		this.usb = path.join(this.folder, "usb");
		this.paper = path.join(this.folder, "paper");
		mkdirSync(this.usb);
		mkdirSync(this.paper);
		this.emu_process = this.clinic.spawn(
			"lobby-emu",
			[`--redir=${this.usb}`, "--all", `--cards=${this.clinic.cards}`, `--paper=${this.paper}`, `--control=${this.folder}/emu.sock`],
			this.clinic.env,
			"devices",
		);
		this.emu = new Control(path.join(this.folder, "emu.sock"));
		await until("lobby-emu", () => this.emu.ask("status"), 30);
		return this;
	}
	code(name) {
		return execFileSync(path.join(bin, "lobby-clinic"), ["kiosk-code", "--data", this.clinic.clinicFolder, name], {
			env: this.clinic.env,
			encoding: "utf8",
		}).trim();
	}
	/** A technician's stick, signed, that says all that the first start would ask; the kiosk will have this name. */
	stick(name = "Lobby 1", what = {}, options = []) {
		const file = path.join(this.folder, `${name}-stick.img`);
		const provision = path.join(this.folder, "provision.json");
		const answers = { clinic: `https://${HOST}:${this.port}`, code: this.code(name), language: "en", set_up: true, ...what };
		writeFileSync(provision, JSON.stringify(answers));
		execFileSync(path.join(top, "tools/stick"), [path.join(top, "build/keys/development"), file, "--provision", provision, ...options], {
			stdio: "pipe",
			env: { ...process.env, LOBBY_CLOCK: this.clinic.env.LOBBY_CLOCK },
		});
		return file;
	}
	/** A machine with this image's disk, or an overlay that another one has written. */
	machine(name, options = {}) {
		const folder = path.join(this.folder, name);
		mkdirSync(folder, { recursive: true });
		const mine = options.disk ?? overlay(disk(), path.join(folder, "disk.qcow2"), "2G");
		const rtc = new Date(this.clinic.clock.wall).toISOString().slice(0, 19);
		this.last = new Machine(folder, { usb: this.usb, rtc, ...FRAME, ...options, disk: mine });
		return this.last;
	}
	kiosk(name = "Lobby 1") {
		return this.desk.state().then((state) => state.kiosks.find((kiosk) => kiosk.name === name));
	}
	/** The kiosk's row at the desk, once it is so. */
	row(what, test, seconds = 240, name = "Lobby 1") {
		return until(what, async () => {
			const row = await this.kiosk(name);
			if (row && test(row)) return row;
			throw new Error(JSON.stringify({ state: row?.state, step: row?.step, system: row?.system }));
		}, seconds);
	}
	/** The arrival of this patient ("Garcia, Maria") at the desk, once it is there. */
	arrival(name, seconds = 120) {
		return until(`the arrival of ${name}`, async () => (await this.desk.state()).arrivals.find((row) => row.patient?.name === name), seconds);
	}
	/** lobby-clinic update WORDS. */
	update(...words) {
		return execFileSync(path.join(bin, "lobby-clinic"), ["update", "--data", this.clinic.clinicFolder, ...words], {
			env: this.clinic.env,
			encoding: "utf8",
		});
	}
	/** An image of the same tree that calls itself another version, built beside whatever goes on; its folder. */
	image(version, settings = {}) {
		const folder = path.join(this.folder, `image-${version}`);
		const env = { ...process.env, QUICK: "1", OUT: path.relative(top, folder), VERSION: version, ...settings };
		return promisify(execFile)(path.join(top, "image/build"), { env, cwd: top }).then(() => folder);
	}
	/** Adds a bundle to the clinic's updates, and lets it out to every kiosk. */
	let_out(folder, version) {
		this.update("add", path.join(folder, `lobby-${version}.raucb`));
		this.update("start", version);
	}

	// ---- the machine beside its twin ----

	/** The machine shows what the twin shows, but for the clock in the header. */
	async looks_like_twin(name, share = 0.02) {
		const wanted = await picture(this.twin_kiosk, path.join(this.folder, `${name}-twin.png`));
		const body = { x: 0, y: 70, width: wanted.width, height: wanted.height - 70 };
		await until(`the picture of ${name}`, async () => (await this.last.look(name)).difference(wanted, body) < share, 120);
	}
	/** Touches a node where the twin has it, and presses it there, too. */
	async touch(id) {
		const [x, y] = await middle(this.twin_kiosk, id);
		await this.twin_kiosk.press(id);
		await this.last.touch(x, y);
	}
	/** Scans this person's letter and walks to the end, on the machine and on its twin; each screen must look the same. */
	async check_in(name, label, like_twin_at_the_end = true) {
		const twin = this.twin_kiosk;
		await twin.emu.ask(`scan letter ${name}`);
		await this.emu.ask(`scan letter ${name}`);
		await twin.at("appointments");
		await this.looks_like_twin(`${label}-appointments`);
		for (const [id, next] of [
			["check-in", "contact"],
			["yes", "insurance"],
			["yes", "done"],
		]) {
			await this.touch(id);
			await twin.at(next);
			// The last one has a number and the slip's state, which are each one's own; and without a network it says so.
			if (next !== "done") await this.looks_like_twin(`${label}-${next}`);
			else if (like_twin_at_the_end) await this.looks_like_twin(`${label}-done`, 0.1);
		}
	}
	async end() {
		await this.last?.off();
		this.emu?.close();
		this.stop_clock?.();
		this.twin_stop?.();
		await this.twin_stack?.stop();
		await this.clinic?.stop();
	}
	/**
	 * The same kiosk on the host, at a clinic of its own with the same demo day: where a node is on the appliance's screen
	 * is where it is on the twin's.
	 */
	async twin() {
		this.twin_stack = new Stack();
		this.twin_stop = this.twin_stack.clock.run();
		this.twin_kiosk = await this.twin_stack.start(1, { size: `${FRAME.width}x${FRAME.height}`, mm: MM, every: true });
		return this.twin_kiosk;
	}
}
/** Where the twin has this node: its middle, in pixels. */
export async function middle(twin, id) {
	const text = await twin.screen.ask("geometry");
	const found = new RegExp(`#${id}(?![\\w-]).* @(-?\\d+),(-?\\d+) (\\d+)x(\\d+)`).exec(text);
	if (!found) throw new Error(`no #${id} on\n${text}`);
	const [, x, y, width, height] = found.map(Number);
	return [x + width / 2, y + height / 2];
}
export async function picture(twin, file) {
	await twin.screen.ask(`png ${file}`);
	return Picture.read(file);
}
