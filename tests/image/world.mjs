// What an appliance has around it in these tests: a clinic on the host's loopback with its demo day, devices on its USB, a
// technician's stick, and a twin: the same kiosk program on the host, whose screens say where to touch and what to see.
import { spawn, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Stack, Control } from "../e2e/stack.mjs";
import { Machine, Picture, overlay, until } from "./machine.mjs";

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

/** The disk of the image, unpacked once. */
export function disk() {
	const packed = `${made(version)}.img.zst`;
	const raw = path.join(work, "disk.img");
	mkdirSync(work, { recursive: true });
	if (!existsSync(raw) || statSync(raw).mtimeMs < statSync(packed).mtimeMs)
		execFileSync("zstd", ["-q", "-f", "-d", "--sparse", "--long=31", packed, "-o", raw]);
	return raw;
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
	/** A technician's stick, signed, that says all that the first start would ask. */
	stick(what = {}, options = []) {
		const file = path.join(this.folder, "stick.img");
		const provision = path.join(this.folder, "provision.json");
		const answers = { clinic: `https://${HOST}:${this.port}`, code: this.code("Lobby 1"), language: "en", set_up: true, ...what };
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
	kiosk() {
		return this.desk.state().then((state) => state.kiosks[0]);
	}
	/** The kiosk's row at the desk, once it is so. */
	row(what, test, seconds = 240) {
		return until(what, async () => {
			const row = await this.kiosk();
			return row && test(row) ? row : undefined;
		}, seconds);
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
		const kiosk = await this.twin_stack.start(1, { size: `${FRAME.width}x${FRAME.height}`, mm: MM, every: true });
		return kiosk;
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
