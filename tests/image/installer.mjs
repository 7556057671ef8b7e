// The installer's stick, as a technician has it: in QEMU from power on to the first screen of the kiosk that it made, with a
// power cut in the middle; disks that are not as they should be, and a stick that is not. Where to touch and what to see says
// a twin: lobby-kiosk and lobby-system on the host, which install the same image into files.
//   LOBBY_IMAGE_TESTS=short   none of it
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Control } from "../e2e/stack.mjs";
import { Machine, flip, overlay, partitions, until } from "./machine.mjs";
import { World, bin, figure, made, middle, picture, top, version, work } from "./world.mjs";

const skip = process.env.LOBBY_IMAGE_TESTS === "short" && "only in the whole run";
const MIB = 1024 * 1024;
/** In the first block of the stick's root. */
const SURELY_READ = 1234;
const FRAME = { width: 1280, height: 800 };
const MM = Math.floor((FRAME.width * 2.54) / 100) * 10;
const SERIAL = "LOBBY-0001";
/** Above it is the header, with a clock. */
const HEADER = 70;

let world, twin, machine;

/** The installer's stick, made as a technician makes it. */
function stick() {
	const packed = `${made(version)}-installer.img.zst`;
	const file = path.join(work, "stick.img");
	if (existsSync(file) && statSync(file).mtimeMs >= statSync(packed).mtimeMs) return file;
	writeFileSync(`${file}.new`, "");
	truncateSync(`${file}.new`, 1000 * 1000 * 1000);
	execFileSync(path.join(top, "tools/flash"), [packed, `${file}.new`, "--yes"], { stdio: "pipe" });
	renameSync(`${file}.new`, file);
	return file;
}

/** The installer's programs on the host, with files for disks. Its writing waits while it is held. */
class Twin {
	static count = 0;
	constructor(stack) {
		this.stack = stack;
		this.folder = path.join(stack.folder, `installer-${++Twin.count}`);
		this.run = path.join(this.folder, "run");
		this.screen = new Control(path.join(this.run, "kiosk.sock"));
	}
	at(name) {
		return path.join(this.folder, name);
	}
	put(name, text, mode) {
		mkdirSync(path.dirname(this.at(name)), { recursive: true });
		writeFileSync(this.at(name), text, { mode });
	}
	async start() {
		for (const folder of ["esp", "state", "sys/block", "dev", "install", "efivars", "networkd"]) mkdirSync(this.at(folder), { recursive: true });
		mkdirSync(this.run, { mode: 0o700 });
		this.put("release", `VERSION=${version}\nMIN_VERSION=${version}\nKEYS=development\n`);
		this.put("boot", "SLOT=a\nDISK=/dev/sda\nESP=/dev/sda1\nVERSION=0.1.0\nSECURE_BOOT=1\nINSTALL=1\n");
		this.put("proc/uptime", "5.00 10.00\n");
		this.put("proc/meminfo", "MemTotal: 2097152 kB\nMemAvailable: 1048576 kB\n");
		this.put("proc/sys/kernel/random/boot_id", "11111111-1111-1111-1111-111111111111\n");
		this.put("proc/self/mountinfo", "22 1 254:0 / / ro - squashfs /dev/dm-0 ro\n");
		this.put("power", `#!/bin/sh\nwhile [ "$1" = set-property ] && [ -e "${this.at("held")}" ]; do sleep 0.05; done\n`, 0o755);
		for (const end of [".img.zst", ".img.json", ".img.json.sig"]) symlinkSync(`${made(version)}${end}`, this.at(`install/lobby-${version}${end}`));
		symlinkSync(path.join(path.dirname(made(version)), "release.crt"), this.at("install/release.crt"));
		const places = ["esp", "state", "release", "boot", "power", "sys", "proc", "efivars", "networkd", "install", "dev"];
		const env = { ...this.stack.env, LOBBY_RUN: this.run };
		// A disk that breaks is a file that may not grow so large: that is an error, and no signal.
		const system = ["-c", `trap "" XFSZ; exec "$@"`, "sh", path.join(bin, "lobby-system"), ...places.map((name) => `--${name}=${this.at(name)}`)];
		this.system = this.stack.spawn("sh", system, env, "installer-system");
		this.kiosk = this.stack.spawn(
			"lobby-kiosk",
			[`--size=${FRAME.width}x${FRAME.height}`, `--width-mm=${MM}`, `--control=${this.run}/kiosk.sock`],
			env,
			"installer",
		);
		await until("the twin's screen", async () => (await this.screen.ask("screen")) === "install", 30);
		return this;
	}
	async end() {
		this.hold(false);
		this.screen.close();
		for (const program of [this.kiosk, this.system]) await this.stack.kill(program, "SIGTERM");
	}
	plug(name, mib, serial) {
		const disk = `sys/devices/pci0000:00/virtio-${name}/block/${name}`;
		this.put(`${disk}/device/vendor`, "0x1af4\n");
		this.put(`${disk}/size`, `${mib * 2048}\n`);
		this.put(`${disk}/serial`, `${serial}\n`);
		this.put(`dev/${name}`, "");
		truncateSync(this.at(`dev/${name}`), mib * MIB);
		symlinkSync(`../devices/pci0000:00/virtio-${name}/block/${name}`, this.at(`sys/block/${name}`));
	}
	pull(name) {
		rmSync(this.at(`sys/block/${name}`));
		rmSync(this.at(`dev/${name}`));
	}
	hold(yes) {
		if (yes) this.put("held", "");
		else rmSync(this.at("held"), { force: true });
	}
	/** From now on its disks take no more than so much. */
	limit(bytes) {
		execFileSync("prlimit", ["--pid", String(this.system.pid), `--fsize=${bytes}:unlimited`]);
	}
	press(id) {
		return until(`press ${id}`, async () => (await this.screen.ask(`press ${id}`), true), 30);
	}
	text(words) {
		return until(words, async () => (await this.screen.ask("tree")).includes(words), 120);
	}
}

/** Where the twin has this node. */
async function place(id) {
	const text = await twin.screen.ask("geometry");
	const [, x, y, width, height] = new RegExp(`#${id}(?![\\w-]).* @(-?\\d+),(-?\\d+) (\\d+)x(\\d+)`).exec(text).map(Number);
	return { x, y, width, height };
}
/** The machine shows what the twin shows; with ids, only these of its nodes. */
async function shows(name, { of = twin, ids, share = 0.002, seconds = 600 } = {}) {
	const wanted = await picture(of, path.join(world.folder, `${name}-twin.png`));
	const parts = ids ? await Promise.all(ids.map(place)) : [{ x: 0, y: HEADER, width: FRAME.width, height: FRAME.height - HEADER }];
	await until(
		`the picture of ${name}`,
		async () => {
			const seen = await machine.look(name);
			return parts.every((part) => seen.difference(wanted, part) < share);
		},
		seconds,
	);
}
async function touch(id) {
	const [x, y] = await middle(twin, id);
	await twin.press(id);
	await machine.touch(x, y);
}

/** A machine that has the stick in it. */
async function power_on(name, options) {
	const folder = path.join(world.folder, name);
	mkdirSync(folder, { recursive: true });
	const rtc = new Date(world.clinic.clock.wall).toISOString().slice(0, 19);
	machine = world.last = new Machine(folder, { ...FRAME, rtc, memory: 1024, bootable: true, sticks: [stick()], ...options });
	await machine.start();
}
function empty_disk(name, size) {
	const file = path.join(world.folder, `${name}.qcow2`);
	execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", file, size]);
	return file;
}
/** Chooses the disk, is asked, and says yes. Then the twin is held where it begins to write. */
async function choose(name) {
	twin.hold(true);
	await touch(`disk-${name}`);
	await twin.text("Erase this disk?");
	await shows(`ask-${name}`);
	await touch("yes");
	await twin.text("Lobby is being installed.");
	await shows(`writing-${name}`, { ids: ["heading", "stages", "leave"] });
}

/** A twin as it is just after its start: without disks. */
async function new_twin() {
	await twin?.end();
	twin = await new Twin(world.clinic).start();
}

before(async () => {
	if (skip) return;
	world = await new World("installer").start();
	stick();
});
after(async () => {
	await twin?.end();
	await world?.end();
});

test("a disk is offered by name and size; the power is cut in the middle, and nothing that starts is left", { skip }, async () => {
	await new_twin();
	twin.plug("vda", 2048, SERIAL);
	await twin.text(`2 GB · vda · serial number ${SERIAL}`);
	await power_on("machine", { disk: empty_disk("disk", "2G"), serial: SERIAL });
	await shows("choose");
	figure("stick_to_choice_s", (Date.now() - machine.started) / 1000, "QEMU without KVM; Secure Boot enrolled, stick checked");
	await choose("vda");
	const { disk } = machine.options;
	await until("some of it is written", () => statSync(disk).blocks * 512 > 8 * MIB);
	await machine.off();
	execFileSync("qemu-io", ["-f", "qcow2", "-c", "read -q -P 0 0 1M", disk]);
});

test("the stick offers the disk again, installs, and the kiosk comes up from its own disk, with Secure Boot", { skip }, async () => {
	await new_twin();
	twin.plug("vda", 2048, SERIAL);
	await twin.text(SERIAL);
	await power_on("machine", { disk: machine.options.disk, serial: SERIAL });
	await shows("choose-again");
	await choose("vda");
	const began = Date.now();
	twin.hold(false);
	await twin.text("Lobby is installed.");
	await shows("done");
	figure("install_s", (Date.now() - began) / 1000, "QEMU without KVM; written and read back");
	const restarts = machine.restarts();
	const restarted = Date.now();
	await touch("restart");
	await until("the restart", () => machine.restarts() > restarts);
	await machine.pull("s0");
	const kiosk = await world.clinic.addNew("Lobby 2", { size: `${FRAME.width}x${FRAME.height}`, mm: MM, every: true });
	await shows("first-start", { of: kiosk, share: 0.02 });
	figure("installed_to_first_screen_s", (Date.now() - restarted) / 1000, "QEMU without KVM; restart, state made");
	await machine.plug("set-up", world.stick());
	const { system } = await world.row("the kiosk at the desk", (row) => row.system?.slot === "a", 600);
	assert.equal(system.secure_boot, true);
	assert.equal(system.version, version);
});

test("no disk, one that is too small, and one that is pulled in the middle: plain words, and nothing to choose", { skip }, async () => {
	const { folder } = machine;
	await machine.off();
	await new_twin();
	await twin.text("This machine has no disk that Lobby can be installed on.");
	await power_on("disks", { ports: 2, vars: path.join(folder, "vars.fd") });
	await shows("none");
	twin.plug("vda", 128, "LOBBY-0002");
	await twin.text("too small");
	await machine.plug("small", empty_disk("small", "128M"), { port: "port0", serial: "LOBBY-0002" });
	await shows("small");
	await machine.touch(...(await middle(twin, "refused-1")));
	twin.plug("vdb", 2048, "LOBBY-0003");
	await twin.text("LOBBY-0003");
	await machine.plug("large", empty_disk("large", "2G"), { port: "port1", serial: "LOBBY-0003" });
	await shows("large");
	twin.limit(40 * MIB);
	await choose("vdb");
	await until("some of it is written", () => statSync(path.join(world.folder, "large.qcow2")).blocks * 512 > 8 * MIB);
	twin.hold(false);
	await twin.text("The disk could not be written: it may be broken. Try another one.");
	twin.pull("vdb");
	await until("the twin's disk is gone", async () => !(await twin.screen.ask("tree")).includes("LOBBY-0003"), 30);
	await machine.pull("large");
	await shows("pulled");
});

test("a byte of the stick is flipped: it says that it is damaged, and waits", { skip }, async () => {
	const { folder } = machine;
	await machine.off();
	const damaged = overlay(stick(), path.join(world.folder, "damaged.qcow2"));
	flip(damaged, partitions(stick())["root-a"].start + SURELY_READ);
	await power_on("damaged", { sticks: [damaged], vars: path.join(folder, "vars.fd") });
	// The mark is at the top in its colour, and words are where init's words are.
	const words = (seen) => {
		let ink = 0;
		for (let y = 200; y < 460; y++) for (let x = 0; x < FRAME.width; x++) ink += seen.at(x, y)[0] < 80;
		return ink > 500;
	};
	await until("the words", async () => {
		const seen = await machine.look("damaged");
		return seen.width === FRAME.width && `${seen.at(3, 3)}` === "245,243,238" && `${seen.at(60, 94)}` === "10,92,99" && words(seen);
	});
	assert.equal(machine.restarts(), 0);
});
