// The appliance, as its image is: QEMU powers on what `make image` made, and nothing in it knows that it is tested. Seen are
// its pixels, what the clinic hears and what the printer printed; done are touches, scans, pulled plugs and flipped bytes.
//   LOBBY_IMAGE_TESTS=short   build, boot, check-in, one fallback
import { test, before, after, afterEach } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, rmSync } from "node:fs";
import path from "node:path";
import { flip, overlay, partitions, until } from "./machine.mjs";
import { World, bin, disk, middle, picture, top, work } from "./world.mjs";

const short = process.env.LOBBY_IMAGE_TESTS === "short";
const whole = { skip: short && "only in the whole run" };
const named = (name) => (row) => row.patient?.name === name;

/** In a root's first block, which holds squashfs's own head: most of the others may never be read. */
const SURELY_READ = 1234;

let world, twin, machine;

/** For `make bench`. */
function figure(name, value, note) {
	appendFileSync(path.join(work, "figures"), `image.${name}\t${value.toFixed(1)}\t${note}\n`);
}

before(async () => {
	rmSync(path.join(work, "figures"), { force: true });
	world = await new World("appliance").start();
	twin = await world.twin();
});
after(() => world?.end());

/** The machine shows what the twin shows, but for the clock in the header. */
async function looks_like_twin(name, share = 0.02) {
	const wanted = await picture(twin, path.join(world.folder, `${name}-twin.png`));
	const body = { x: 0, y: 70, width: wanted.width, height: wanted.height - 70 };
	await until(`the picture of ${name}`, async () => (await machine.look(name)).difference(wanted, body) < share, 120);
}
/** Touches a node where the twin has it, and presses it there, too. */
async function touch(id) {
	const [x, y] = await middle(twin, id);
	await twin.press(id);
	await machine.touch(x, y);
}

test("from power to welcome: set up from a signed stick, without a word typed", async () => {
	machine = world.machine("kiosk", { sticks: [world.stick()] });
	await machine.start();
	await world.row("the kiosk at the desk", (row) => row.state === "ready" && row.system?.slot === "a", 600);
	await looks_like_twin("welcome");
	const { system } = await world.kiosk();
	figure("power_to_welcome_s", (Date.now() - machine.started) / 1000, "QEMU without KVM; Secure Boot enrolled, state made, set up");
	figure("memory_mb", system.memory_used_kb / 1000, "in use at the welcome screen, of the whole machine");
	assert.equal(system.protection, "no-tpm");
	assert.equal(system.secure_boot, true);
	assert.equal(system.development, true);
});

/** Scans this person's letter and walks to the end, on the machine and on its twin; each screen must look the same. */
async function check_in(name, label, like_twin_at_the_end = true) {
	await twin.emu.ask(`scan letter ${name}`);
	await world.emu.ask(`scan letter ${name}`);
	await twin.at("appointments");
	await looks_like_twin(`${label}-appointments`);
	for (const [id, next] of [
		["check-in", "contact"],
		["yes", "insurance"],
		["yes", "done"],
	]) {
		await touch(id);
		await twin.at(next);
		// The last one has a number and the slip's state, which are each one's own; and without a network it says so.
		if (next !== "done") await looks_like_twin(`${label}-${next}`);
		else if (like_twin_at_the_end) await looks_like_twin(`${label}-done`, 0.1);
	}
}

test("a patient checks in by touch, with scanner and printer on its USB", async () => {
	await check_in("Maria Garcia", "maria");
	const row = await world.desk.arrival(named("Garcia, Maria"));
	assert.equal(row.kiosk, "Lobby 1");
	await until("the slip", async () => (await world.desk.state()).arrivals.find(named("Garcia, Maria")).slip === "printed");
	assert.match(await world.emu.ask("paper-text"), new RegExp(row.number));
	await until("the twin's slip", async () => !/printing below/.test(await twin.tree()));
	await touch("done");
	await twin.at("welcome");
	await looks_like_twin("welcome-again");
});

test("a byte flipped in the running slot: the other one starts", async () => {
	const { disk: file } = machine.options;
	await machine.off();
	const { start } = partitions(disk())["root-a"];
	flip(file, start + SURELY_READ);
	machine = world.machine("kiosk", { disk: file });
	await machine.start();
	const row = await world.row("slot b", (r) => r.state === "ready" && r.system?.slot === "b", 600);
	assert.ok(row);
	assert.ok(machine.restarts() >= 1);
	await looks_like_twin("welcome-b");
});

test("the network is cut and comes back: a visit waits on the disk, over a pulled plug", whole, async () => {
	await machine.network(false);
	await world.row("offline at the desk", (r) => r.state === "offline", 120);
	await check_in("Linh Nguyen", "linh", false);
	// A slip comes only when the visit is on the disk: what is pulled now is the plug of a kiosk that holds it.
	await until("the slip", async () => Number(await world.emu.ask("slips")) >= 2);
	await machine.off();
	machine = world.machine("kiosk", { disk: machine.options.disk });
	await machine.start();
	const row = await until("the held visit", async () => (await world.desk.state()).arrivals.find(named("Nguyen, Linh")), 300);
	assert.ok(row.flags.some((flag) => flag.kind === "late-sent"));
	await twin.press("done");
	await twin.at("welcome");
});

/** A bundle of the same tree that calls itself another version. */
function bundle(version, settings = {}) {
	const folder = path.join(world.folder, `image-${version}`);
	const env = { ...process.env, QUICK: "1", OUT: path.relative(top, folder), VERSION: version, ...settings };
	execFileSync(path.join(top, "image/build"), { env, cwd: top, stdio: "pipe" });
	return path.join(folder, `lobby-${version}.raucb`);
}
function update(...words) {
	return execFileSync(path.join(bin, "lobby-clinic"), ["update", "--data", world.clinic.clinicFolder, ...words], {
		env: world.clinic.env,
		encoding: "utf8",
	});
}

test("an update from the clinic: fetched, installed into the other slot, tried, good", whole, async () => {
	const before = (await world.row("the kiosk", (r) => r.state === "ready" && r.system, 300)).system.slot;
	update("add", bundle("0.1.1"));
	update("start", "0.1.1");
	await world.row("it installs", (r) => r.system?.update?.stage === "installing", 420);
	const row = await world.row("it is good", (r) => r.system?.version === "0.1.1" && r.system.update.stage === "good", 900);
	assert.notEqual(row.system.slot, before);
	assert.equal(row.visits_held, 0);
});

test("an update that another clinic signed is refused, and says so", whole, async () => {
	const keys = path.join(world.folder, "foreign");
	execFileSync(path.join(top, "image/keys"), [keys], { stdio: "pipe" });
	update("add", bundle("0.1.2", { KEYS: keys }));
	update("start", "0.1.2");
	const row = await world.row("refused", (r) => r.system?.update?.stage === "refused", 600);
	assert.equal(row.system.version, "0.1.1");
	assert.notEqual(row.system.update.text, "");
});

test("both slots damaged: a plain refusal, and no half kiosk", whole, async () => {
	const { disk: file } = machine.options;
	await machine.off();
	const parts = partitions(disk());
	for (const slot of ["root-a", "root-b"]) flip(file, parts[slot].start + SURELY_READ);
	machine = world.machine("kiosk", { disk: file });
	await machine.start();
	// It restarts from slot to slot until the tries are gone, and then stays where it says why.
	let since = 0;
	let restarts = -1;
	await until(
		"the refusal",
		async () => {
			if (machine.restarts() !== restarts) [restarts, since] = [machine.restarts(), Date.now()];
			return restarts >= 2 && Date.now() - since > 90_000;
		},
		900,
	);
	assert.ok((await machine.look("refused")).colours() > 8);
	assert.equal((await world.kiosk()).state, "offline");
});
