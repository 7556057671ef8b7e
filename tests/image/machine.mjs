// A computer with the appliance in it: QEMU under TCG with UEFI, a touch screen, a network card, lobby-emu's devices on its
// USB, and if wanted a TPM. What its display shows is asked for as pixels, what a hand does goes in as touches.
import { spawn, execFileSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync, readSync, closeSync, copyFileSync, existsSync, statSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import zlib from "node:zlib";
import { until as ask_until } from "../e2e/stack.mjs";

/** Machines under TCG take their time: the bound is generous, the wait is never longer than needed. */
export const until = (what, attempt, seconds = 120) => ask_until(what, attempt, seconds * 1000, 100);

/** A picture, 8 bits of R, G, B a pixel. Reads what QEMU and libpng write: no interlacing, no palette. */
export class Picture {
	constructor(width, height, rgb) {
		Object.assign(this, { width, height, rgb });
	}
	static read(file) {
		const data = readFileSync(file);
		let at = 8;
		const parts = [];
		let head;
		while (at + 8 <= data.length) {
			const len = data.readUInt32BE(at);
			const kind = data.toString("latin1", at + 4, at + 8);
			if (kind === "IHDR") head = data.subarray(at + 8, at + 8 + len);
			if (kind === "IDAT") parts.push(data.subarray(at + 8, at + 8 + len));
			at += 12 + len;
		}
		const width = head.readUInt32BE(0);
		const height = head.readUInt32BE(4);
		const step = head[9] === 6 ? 4 : 3;
		if (head[8] !== 8 || ![2, 6].includes(head[9])) throw new Error(`${file}: no such PNG is read here`);
		return new Picture(width, height, unfilter(zlib.inflateSync(Buffer.concat(parts)), width, height, step));
	}
	at(x, y) {
		const i = (y * this.width + x) * 3;
		return [this.rgb[i], this.rgb[i + 1], this.rgb[i + 2]];
	}
	/** The share of the rectangle's pixels that differ from the other's by more than a shade. */
	difference(other, { x = 0, y = 0, width = this.width, height = this.height } = {}) {
		if (other.width !== this.width || other.height !== this.height) return 1;
		let different = 0;
		for (let row = y; row < y + height; row++)
			for (let column = x; column < x + width; column++) {
				const i = (row * this.width + column) * 3;
				for (let c = 0; c < 3; c++)
					if (Math.abs(this.rgb[i + c] - other.rgb[i + c]) > 8) {
						different++;
						break;
					}
			}
		return different / (width * height);
	}
	/** How many different colours there are, up to most: a picture of one colour is no picture. */
	colours(most = 64) {
		const seen = new Set();
		for (let i = 0; i < this.rgb.length && seen.size < most; i += 3)
			seen.add((this.rgb[i] << 16) | (this.rgb[i + 1] << 8) | this.rgb[i + 2]);
		return seen.size;
	}
}

/** PNG, section 9: each line says how it was made from the one above and the pixel before. */
function unfilter(data, width, height, step) {
	const line = width * step;
	const rgb = Buffer.alloc(width * height * 3);
	let above = Buffer.alloc(line);
	for (let y = 0; y < height; y++) {
		const how = data[y * (line + 1)];
		const now = Buffer.from(data.subarray(y * (line + 1) + 1, (y + 1) * (line + 1)));
		for (let x = 0; x < line; x++) {
			const a = x >= step ? now[x - step] : 0;
			const b = above[x];
			const c = x >= step ? above[x - step] : 0;
			now[x] += [0, a, b, (a + b) >> 1, paeth(a, b, c)][how];
		}
		for (let x = 0; x < width; x++) now.copy(rgb, (y * width + x) * 3, x * step, x * step + 3);
		above = now;
	}
	return rgb;
}
function paeth(a, b, c) {
	const p = a + b - c;
	const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
	return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** QEMU's machine protocol: one command at a time, events kept. */
class Qmp {
	constructor(file) {
		this.file = file;
		this.events = [];
	}
	async open() {
		await until("QEMU", () => existsSync(this.file), 30);
		this.socket = await new Promise((resolve, reject) => {
			const socket = net.connect(this.file, () => resolve(socket));
			socket.once("error", reject);
		});
		this.socket.on("error", () => {});
		this.socket.setEncoding("utf8");
		let text = "";
		this.socket.on("data", (chunk) => {
			text += chunk;
			for (let end; (end = text.indexOf("\n")) >= 0; text = text.slice(end + 1)) this.hear(JSON.parse(text.slice(0, end)));
		});
		this.socket.on("close", () => this.waiting?.reject(new Error("QEMU has ended")));
		await this.ask("qmp_capabilities");
	}
	hear(message) {
		if (message.event) this.events.push(message);
		else if ("return" in message) this.waiting?.resolve(message.return);
		else if (message.error) this.waiting?.reject(new Error(message.error.desc));
	}
	async ask(execute, args) {
		while (this.waiting) await this.waiting.settled;
		let settle;
		const settled = new Promise((resolve) => (settle = resolve));
		try {
			return await new Promise((resolve, reject) => {
				this.waiting = { resolve, reject, settled };
				this.socket.write(JSON.stringify({ execute, arguments: args }) + "\n");
			});
		} finally {
			this.waiting = undefined;
			settle();
		}
	}
}

export class Machine {
	/**
	 * folder: its own, for sockets, variables and pictures. disk: an image or overlay, and its serial number; sticks: further
	 * images, as USB sticks, which the firmware starts from if bootable; ports: free slots for what is plugged in later.
	 * vars: a template of the firmware's variables; secure: firmware that checks signatures; tpm: true for one (kept in the
	 * folder); displays: 0, 1 or 2; usb: lobby-emu's --redir folder; memory in MiB; rtc: "1970-01-02T00:00:00".
	 */
	constructor(folder, options) {
		this.folder = folder;
		this.options = { displays: 1, memory: 512, width: 1280, height: 800, ...options };
		mkdirSync(folder, { recursive: true });
		this.serial = path.join(folder, "serial.log");
		this.pictures = 0;
	}
	file(name) {
		return path.join(this.folder, name);
	}
	args() {
		const o = this.options;
		const vars = this.file("vars.fd");
		if (!existsSync(vars)) copyFileSync(o.vars ?? "/usr/share/OVMF/OVMF_VARS_4M.fd", vars);
		const code = o.secure ? "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd" : "/usr/share/OVMF/OVMF_CODE_4M.fd";
		const args = ["-accel", "tcg,thread=multi", "-cpu", "max", "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none"];
		args.push("-machine", o.secure ? "q35,smm=on" : "q35", "-m", String(o.memory), "-smp", "2");
		if (o.secure) args.push("-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1");
		args.push("-drive", `if=pflash,format=raw,unit=0,readonly=on,file=${code}`, "-drive", `if=pflash,format=raw,unit=1,file=${vars}`);
		if (o.disk) {
			args.push("-drive", `if=none,id=disk,format=${format(o.disk)},file=${o.disk},cache=unsafe`);
			args.push("-device", `virtio-blk-pci,drive=disk,bootindex=1${o.serial ? `,serial=${o.serial}` : ""}`);
		}
		for (let i = 0; i < (o.ports ?? 0); i++) args.push("-device", `pcie-root-port,id=port${i},chassis=${i + 1},slot=${i + 1}`);
		args.push("-device", "qemu-xhci,id=xhci,p2=12,p3=12");
		for (const [i, stick] of (o.sticks ?? []).entries())
			args.push("-drive", `if=none,id=stick${i},format=${format(stick)},file=${stick}`, "-device", `usb-storage,id=s${i},bus=xhci.0,drive=stick${i},removable=on${o.bootable ? `,bootindex=${i + 2}` : ""}`);
		for (let i = 0; i < (o.usb ? 5 : 0); i++)
			args.push("-chardev", `socket,id=u${i},path=${o.usb}/usb-${i}`, "-device", `usb-redir,id=r${i},chardev=u${i},bus=xhci.0`);
		for (let i = 0; i < o.displays; i++) args.push("-device", `bochs-display,id=screen${i},xres=${o.width},yres=${o.height}`);
		args.push("-device", "virtio-tablet-pci", "-serial", `file:${this.serial}`);
		args.push("-netdev", "user,id=net", "-device", "virtio-net-pci,id=card,netdev=net");
		if (o.tpm) args.push("-chardev", `socket,id=tpm,path=${this.file("tpm.sock")}`, "-tpmdev", "emulator,id=tpm,chardev=tpm", "-device", "tpm-crb,tpmdev=tpm");
		if (o.rtc) args.push("-rtc", `base=${o.rtc}`);
		args.push("-qmp", `unix:${this.file("qmp.sock")},server=on,wait=off`, ...(o.more ?? []));
		return args;
	}
	/** Powers on. */
	async start() {
		if (this.options.tpm) {
			mkdirSync(this.file("tpm"), { recursive: true });
			this.tpm = spawn("swtpm", ["socket", "--tpm2", "--tpmstate", `dir=${this.file("tpm")}`, "--ctrl", `type=unixio,path=${this.file("tpm.sock")}`], { stdio: "ignore" });
			await until("the TPM", () => existsSync(this.file("tpm.sock")), 30);
		}
		const log = openSync(this.file("qemu.log"), "a");
		this.started = Date.now();
		this.qemu = spawn("qemu-system-x86_64", this.args(), { stdio: ["ignore", log, log] });
		this.gone = new Promise((resolve) => this.qemu.once("exit", resolve));
		this.qmp = new Qmp(this.file("qmp.sock"));
		await this.qmp.open();
		// The last look is left behind: what a test that failed would have seen.
		this.eye = setInterval(() => this.look("last").catch(() => {}), 5000);
		return this;
	}
	/** Pulls the plug. */
	async off() {
		clearInterval(this.eye);
		if (this.qemu && this.qemu.exitCode === null && this.qemu.signalCode === null) {
			this.qemu.kill("SIGKILL");
			await this.gone;
		}
		this.tpm?.kill("SIGTERM");
		this.qemu = this.tpm = undefined;
		execFileSync("rm", ["-f", this.file("qmp.sock"), this.file("tpm.sock")]);
	}
	/** What the display shows now. */
	async look(name = "screen", device) {
		const filename = this.file(`${name}.png`);
		await this.qmp.ask("screendump", { filename, format: "png", ...(device ? { device } : {}) });
		return Picture.read(filename);
	}
	async touch(x, y, width = this.options.width, height = this.options.height) {
		const abs = (axis, at, of) => ({ type: "abs", data: { axis, value: Math.round((at * 32767) / (of - 1)) } });
		const button = (down) => ({ type: "btn", data: { down, button: "left" } });
		await this.qmp.ask("input-send-event", { events: [abs("x", x, width), abs("y", y, height)] });
		await this.qmp.ask("input-send-event", { events: [button(true)] });
		await this.qmp.ask("input-send-event", { events: [button(false)] });
	}
	/** Plugs it in while the machine runs: a stick on USB, or with a port a disk. */
	async plug(id, file, { port, serial } = {}) {
		const node = { driver: format(file), "node-name": `${id}-data`, file: { driver: "file", filename: file } };
		await this.qmp.ask("blockdev-add", node);
		const disk = { driver: "virtio-blk-pci", bus: port, ...(serial ? { serial } : {}) };
		const stick = { driver: "usb-storage", bus: "xhci.0", removable: true };
		await this.qmp.ask("device_add", { id, drive: `${id}-data`, ...(port ? disk : stick) });
	}
	/** Pulls out what was plugged in, or a stick that was there from the start ("s0"). */
	pull(id) {
		return this.qmp.ask("device_del", { id });
	}
	network(up) {
		return this.qmp.ask("set_link", { name: "card", up });
	}
	/** How often it has started anew by itself. */
	restarts() {
		return this.qmp.events.filter((event) => event.event === "RESET" && event.data?.guest).length;
	}
	/** What a development image prints: lines of the kernel and of init. */
	console() {
		return existsSync(this.serial) ? readFileSync(this.serial, "utf8") : "";
	}
}

const format = (file) => (file.endsWith(".qcow2") ? "qcow2" : "raw");

/** The disk of an image: one copy, unpacked once; each machine writes into an overlay of its own. */
export function overlay(image, file, size) {
	execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", path.resolve(image), "-F", "raw", file, ...(size ? [size] : [])]);
	return file;
}

/** Changes one byte of a disk at this offset, in an overlay or an image that nobody runs. */
export function flip(disk, offset) {
	const sector = Math.floor(offset / 512) * 512;
	const out = execFileSync("qemu-io", ["-f", format(disk), "-c", `read -v ${sector} 512`, disk], { encoding: "utf8" });
	const bytes = out
		.split("\n")
		.filter((line) => /^[0-9a-f]{8}:/.test(line))
		.flatMap((line) => line.slice(10, 58).trim().split(/\s+/).map((hex) => parseInt(hex, 16)));
	const value = bytes[offset - sector] ^ 0xff;
	execFileSync("qemu-io", ["-f", format(disk), "-c", `write -q -P ${value} ${offset} 1`, disk], { stdio: "ignore" });
}

/** Partitions of an image: name → { start, size } in bytes, out of its GPT. */
export function partitions(image) {
	const fd = openSync(image, "r");
	const head = Buffer.alloc(512);
	readSync(fd, head, 0, 512, 512);
	const count = head.readUInt32LE(80);
	const size = head.readUInt32LE(84);
	const table = Buffer.alloc(count * size);
	readSync(fd, table, 0, table.length, Number(head.readBigUInt64LE(72)) * 512);
	closeSync(fd);
	const found = {};
	for (let i = 0; i < count; i++) {
		const entry = table.subarray(i * size, (i + 1) * size);
		const first = Number(entry.readBigUInt64LE(32));
		if (first === 0) continue;
		const name = entry.toString("utf16le", 56, 128).replace(/\0.*$/s, "");
		found[name] = { start: first * 512, size: (Number(entry.readBigUInt64LE(40)) - first + 1) * 512 };
	}
	return found;
}

export const megabytes = (file) => statSync(file).size / 1e6;
