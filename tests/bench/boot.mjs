// How long a kiosk takes from the kernel's first user process to its own first picture, for the appliance and for what it is compared
// with: Debian and Chromium on the same kernel (tools/bench-image-peer), in the same machine, seen by the same eyes. Both have
// started once before, which is when they make what they need only once; each measured start is of a copy of that disk. What counts is
// what the display shows: from the kernel's line "Run /init as init process" on the serial console to the first look (some six a
// second) that is the picture which stood there at the end of the first start; no splash is. The two take turns. Of the appliance the
// kiosk's own first frame is timed as well, which says what is still missing: it has the actions' bar that the welcome screen has.
// While the appliance stands at its welcome screen, set up and with its clinic and devices, what it writes to its disk is counted, too.
// Prints lines of name, value and note, as the other benches do; what was seen is left in build/image-test/bench.
//   node boot.mjs IMAGE-FOLDER PEER-FOLDER [ROUNDS [IDLE-SECONDS]]    one that is `-` is left out; the image's kernel says its lines:
//       IMAGE_CMDLINE='console=ttyS0 loglevel=7 printk.devkmsg=off'
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Picture, until } from "../image/machine.mjs";
import { World, version } from "../image/world.mjs";

const [image, peer, rounds = "3", idle = "300"] = process.argv.slice(2); // five minutes: how often the journal is written
const LOOK_MS = 150;
const LIMIT_S = 300;
const PEER_MIB = 2048; // Chromium does not start in the appliance's 512
// With AVX, protection keys and five levels of page tables, as QEMU 7.2 emulates them, Chromium's page stayed white for five minutes and
// more; without the three it comes. Which of them it is was not looked for.
const PEER_CPU = "noxsave nopku no5lvl";
const SETTLE_S = 120;
const HEADER_PX = 70; // has the time of day
const BAR_PX = 100; // the actions' bar
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const say = (text) => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);

/** A copy that is written to; what it is a copy of stays as it is. */
function copy(of, format, to, size = []) {
	execFileSync("qemu-img", ["create", "-q", "-f", "qcow2", "-b", path.resolve(of), "-F", format, to, ...size]);
	return to;
}
/** The display's picture, without the work of packing it: a PPM. */
async function glance(machine) {
	const filename = machine.file("glance.ppm");
	await machine.qmp.ask("screendump", { filename });
	const data = readFileSync(filename);
	const [head, width, height] = /^P6\n(\d+) (\d+)\n255\n/.exec(data.toString("latin1", 0, 32));
	return new Picture(Number(width), Number(height), data.subarray(head.length));
}
const bar = (picture) => ({ x: 0, y: picture.height - BAR_PX, width: picture.width, height: BAR_PX });
const body = (picture) => ({ x: 0, y: HEADER_PX, width: picture.width, height: picture.height - HEADER_PX });
async function power_on(machine) {
	rmSync(machine.serial, { force: true });
	world.last = machine; // what is ended with the world
	await machine.start();
	clearInterval(machine.eye); // it packs its looks, which takes the machine's time
}
/** Ends it with its disk as the guest left it. */
async function pull(machine) {
	await machine.qmp.ask("quit").catch(() => {});
	await machine.gone;
	await machine.off();
}

/** One start: seconds from user land to the first frame with the wanted picture's bar, and to that picture. */
async function time(machine, wanted) {
	await power_on(machine);
	const end = Date.now() + LIMIT_S * 1000;
	let began, last, frame;
	const seen = [];
	try {
		while (Date.now() < end) {
			const looked = Date.now();
			if (!began && machine.console().includes("Run /init as init process")) began = Date.now();
			if (began) {
				const now = await glance(machine);
				const at = (Date.now() - began) / 1000;
				if (frame === undefined && now.difference(wanted, bar(wanted)) < 0.02) frame = at;
				if (now.difference(wanted, body(wanted)) < 0.02) {
					await machine.look("shown");
					return { at, frame, seen };
				}
				if (!last || now.difference(last) > 0.01) {
					seen.push(at);
					await machine.look(`seen-${seen.length}`);
				}
				last = now;
			}
			await pause(Math.max(0, looked + LOOK_MS - Date.now()));
		}
		await machine.look("late");
		throw new Error(`${machine.folder}: not shown in ${LIMIT_S} s`);
	} finally {
		await pull(machine);
	}
}

/** Kilobytes a minute that it writes while nothing happens. */
async function written(machine) {
	const bytes = async () => (await machine.qmp.ask("query-blockstats")).find((drive) => drive.device === "disk").stats;
	const first = await bytes();
	const steps = [];
	let before = first;
	for (let s = 0; s < Number(idle); s += 15) {
		await pause(15_000);
		const now = await bytes();
		steps.push(`${((now.wr_bytes - before.wr_bytes) / 1000).toFixed(0)}/${now.wr_operations - before.wr_operations}`);
		before = now;
	}
	say(`written in each 15 s, kB/writes: ${steps.join(" ")}`);
	return (before.wr_bytes - first.wr_bytes) / 1000 / (Number(idle) / 60);
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
function figure(name, values, note) {
	const sorted = [...values].sort((a, b) => a - b).map((value) => value.toFixed(1));
	console.log(`image.${name}\t${median(values).toFixed(1)}\t${values.length > 1 ? `${sorted[0]} to ${sorted.at(-1)}; ` : ""}${note}`);
}

const world = await new World("bench").start();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => world.end().finally(() => process.exit(1)));
const load = () => os.loadavg()[0].toFixed(1);
try {
	const options = {
		lobby: {},
		peer: {
			usb: undefined,
			memory: PEER_MIB,
			more: [
				...["-kernel", path.join(peer, "vmlinuz"), "-initrd", path.join(peer, "initrd")],
				...["-append", `root=/dev/vda rootfstype=ext4 rw quiet loglevel=7 console=ttyS0 printk.devkmsg=off systemd.show_status=0 ` +
					`vt.global_cursor_default=0 fsck.mode=skip ${PEER_CPU} ${process.env.PEER_CMDLINE ?? ""}`],
			],
		},
	};
	const wanted = {};
	const first = {};

	if (image !== "-") [first.lobby, wanted.lobby] = await first_lobby(options.lobby);
	let without = ""; // why the peer is not timed: the appliance is, all the same
	if (peer !== "-")
		try {
			[first.peer, wanted.peer] = await first_peer(options.peer);
		} catch (error) {
			without = `the peer is not measured: ${error.message}`;
		}
	const times = { lobby: [], peer: [] };
	const frames = [];
	for (let round = 0; round < Number(rounds); round++)
		for (const name of Object.keys(first)) {
			const again = copy(first[name], "qcow2", path.join(world.folder, `${name}-again.qcow2`));
			const { at, frame, seen } = await time(world.machine(name, { ...options[name], disk: again }), wanted[name]);
			times[name].push(at);
			if (name === "lobby") frames.push(frame);
			say(`${name}: ${at.toFixed(1)} s${name === "lobby" ? `, its first frame ${frame?.toFixed(1)}` : ""}; other pictures at ${seen.map((s) => s.toFixed(1)).join(" ")}; load ${load()}`);
		}
	if (frames.length) {
		figure("userland_to_frame_s", frames, "from the kernel's hand-over to the kiosk's first frame, which says that it starts");
		figure("userland_to_welcome_s", times.lobby, "and to the welcome screen, ready for a patient");
	}
	if (times.peer.length) figure("peer_userland_to_frame_s", times.peer, `Debian and Chromium with its page on the same kernel, ${PEER_MIB} MiB`);
	if (frames.length && times.peer.length) {
		const note = `of it; ${rounds} starts of each in turn; load ${load()}`;
		console.log(`image.userland_ratio\t${(median(frames) / median(times.peer)).toFixed(3)}\tthe first frame's ${note}`);
		console.log(`image.welcome_ratio\t${(median(times.lobby) / median(times.peer)).toFixed(3)}\tthe welcome screen's ${note}`);
	}
	if (without) {
		say(without);
		process.exitCode = 1;
	}
} finally {
	await world.end();
}

/** The appliance's first start: set up by a stick, and then what it writes while nobody comes. Its disk, and its welcome screen. */
async function first_lobby(options) {
	const disk = copy(path.join(image, `lobby-${version}.img`), "raw", path.join(world.folder, "lobby.qcow2"), ["2G"]);
	const machine = world.machine("lobby", { ...options, disk, sticks: [world.stick()] });
	await power_on(machine);
	await world.row("the kiosk at the desk", (row) => row.state === "ready" && row.system?.slot === "a", 600);
	say(`the appliance is set up; load ${load()}`);
	await pause((Number(idle) ? SETTLE_S : SETTLE_S / 4) * 1000);
	if (Number(idle)) figure("idle_kb_per_min", [await written(machine)], `written to the disk at the welcome screen, ${idle} s`);
	const wanted = await glance(machine);
	await machine.look("wanted");
	await pull(machine);
	return [disk, wanted];
}
/** The peer's first start, until the page has been there for twenty seconds. */
async function first_peer(options) {
	const disk = copy(path.join(peer, "disk.img"), "raw", path.join(world.folder, "peer.qcow2"));
	const machine = world.machine("peer", { ...options, disk });
	await power_on(machine);
	let since = Date.now();
	let last;
	const shown = async () => {
		const now = await glance(machine);
		if (!last || now.difference(last) > 0.001) since = Date.now();
		last = now;
		await pause(1000);
		return shows_page(now) && Date.now() - since > 20_000 && now;
	};
	try {
		const wanted = await until("the page", shown, LIMIT_S);
		await pause(30_000); // its profile goes to the disk
		say(`the peer has its page; load ${load()}`);
		return [disk, wanted];
	} finally {
		await machine.look("wanted");
		await pull(machine);
	}
}

/** That page, and neither a blank one nor a compositor's: its ground, and the colour of the first of its steps. */
function shows_page(picture) {
	let ground = 0;
	let steps = 0;
	for (let i = 0; i < picture.rgb.length; i += 3) {
		const colour = (picture.rgb[i] << 16) | (picture.rgb[i + 1] << 8) | picture.rgb[i + 2];
		if (colour === 0xf5f3ee) ground++;
		if (colour === 0x0f5c63) steps++;
	}
	return ground * 3 > picture.rgb.length / 3 && steps > 200;
}
