// The appliance, as its image is: QEMU powers on what `make image` made, and nothing in it knows that it is tested. Seen are
// its pixels, what the clinic hears and what the printer printed; done are touches, scans, pulled plugs and flipped bytes.
//   LOBBY_IMAGE_TESTS=short   build, boot, check-in, one fallback
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import path from "node:path";
import { flip, until } from "./machine.mjs";
import { World, damage, figure, top } from "./world.mjs";

const short = process.env.LOBBY_IMAGE_TESTS === "short";
const whole = { skip: short && "only in the whole run" };

let world, twin, machine;
const images = {};

before(async () => {
	world = await new World("appliance").start();
	twin = await world.twin();
});
after(() => world?.end());

/** Pulls the plug, does something to the disk, and powers on again. */
async function again(options = {}, between = () => {}) {
	const { disk } = machine.options;
	await machine.off();
	between(disk);
	machine = world.machine("kiosk", { disk, ...options });
	await machine.start();
}

test("from power to welcome: set up from a signed stick, without a word typed", async () => {
	machine = world.machine("kiosk", { sticks: [world.stick()] });
	await machine.start();
	await world.row("the kiosk at the desk", (row) => row.state === "ready" && row.system?.slot === "a", 900);
	await world.looks_like_twin("welcome");
	const { system } = await world.kiosk();
	figure("power_to_welcome_s", (Date.now() - machine.started) / 1000, "QEMU without KVM; Secure Boot enrolled, state made, set up");
	figure("memory_mb", system.memory_used_kb / 1000, "in use at the welcome screen, of the whole machine");
	assert.equal(system.protection, "no-tpm");
	assert.equal(system.secure_boot, true);
	assert.equal(system.development, true);
});

test("a patient checks in by touch, with scanner and printer on its USB", async () => {
	await world.check_in("Maria Garcia", "maria");
	const row = await world.arrival("Garcia, Maria");
	assert.equal(row.kiosk, "Lobby 1");
	await until("the slip", async () => (await world.arrival("Garcia, Maria")).slip === "printed");
	assert.match(await world.emu.ask("paper-text"), new RegExp(row.number));
	await until("the twin's slip", async () => !/printing below/.test(await twin.tree()));
	await world.touch("done");
	await twin.at("welcome");
	await world.looks_like_twin("welcome-again");
});

test("a byte flipped in the running slot: the other one starts", async () => {
	await again({}, (disk) => damage(disk, "a"));
	assert.ok(await world.row("slot b", (row) => row.state === "ready" && row.system?.slot === "b", 600));
	assert.ok(machine.restarts() >= 1);
	await world.looks_like_twin("welcome-b");
});

test("the network is cut and comes back: a visit waits on the disk, over a pulled plug", whole, async () => {
	// What the next tests let out is built in the meantime; what fails is said there.
	images.good = world.image("0.1.1");
	images.good.catch(() => {});
	await machine.network(false);
	await world.row("offline at the desk", (row) => row.state === "offline", 120);
	const slips = Number(await world.emu.ask("slips"));
	await world.check_in("Linh Nguyen", "linh", false);
	// A slip comes only when the visit is on the disk: what is pulled now is the plug of a kiosk that holds it.
	await until("the slip", async () => Number(await world.emu.ask("slips")) > slips);
	await again();
	const row = await world.arrival("Nguyen, Linh", 300);
	assert.ok(row.flags.some((flag) => flag.kind === "late-sent"));
	await twin.at("welcome");
});

test("an update from the clinic, cut in the middle, comes again: installed into the other slot, tried, good", whole, async () => {
	const before = (await world.row("the kiosk", (row) => row.state === "ready" && row.system, 300)).system;
	world.let_out(await images.good, "0.1.1");
	await world.row("it installs", (row) => row.update?.stage === "installing", 420);
	images.corrupt = world.image("0.1.2");
	images.corrupt.catch(() => {});
	await again();
	const cut = await world.row("it runs as before", (row) => row.state === "ready" && row.system?.booted_ms > before.booted_ms, 300);
	assert.deepEqual([cut.system.version, cut.system.slot], [before.version, before.slot]);
	const row = await world.row("it is good", (r) => r.system?.version === "0.1.1" && r.update.stage === "good", 900);
	assert.notEqual(row.system.slot, before.slot);
	assert.equal(row.visits_held, 0);
});

/** Refused in words that say this, and the kiosk is as it was. */
async function refused(version, words) {
	const row = await world.row(`${version} is refused`, (r) => r.update?.stage === "refused" && r.update.version === version, 600);
	assert.match(row.update.text, words);
	assert.equal(row.system.version, "0.1.1");
	assert.equal(row.state, "ready");
}

test("an update whose payload is damaged is refused, and says so", whole, async () => {
	const folder = await images.corrupt;
	const bundle = path.join(folder, "lobby-0.1.2.raucb");
	images.foreign = path.join(world.folder, "foreign");
	execFileSync(path.join(top, "image/keys"), [images.foreign], { stdio: "pipe" });
	images.foreign = world.image("0.1.3", { KEYS: images.foreign });
	images.foreign.catch(() => {});
	// In the middle of the root: RAUC's signature is over the head of the hash tree, so that only reading shows it.
	flip(bundle, Math.floor(statSync(bundle).size / 2));
	world.let_out(folder, "0.1.2");
	await refused("0.1.2", /contents are damaged|could not be installed/); // and not its signature
});

test("an update that another clinic signed is refused, and says so", whole, async () => {
	world.let_out(await images.foreign, "0.1.3");
	await refused("0.1.3", /not signed with this clinic's key/);
});

test("both slots damaged: a plain refusal, and no half kiosk", whole, async () => {
	await again({}, (disk) => damage(disk, "a", "b"));
	// It restarts from slot to slot until the tries are gone, and then stays where it says why.
	let [since, restarts] = [0, -1];
	await until(
		"the refusal",
		async () => {
			if (machine.restarts() !== restarts) [restarts, since] = [machine.restarts(), Date.now()];
			return restarts >= 2 && Date.now() - since > 75_000;
		},
		900,
	);
	assert.ok((await machine.look("refused")).colours() > 8);
	assert.equal((await world.kiosk()).state, "offline");
});
