// An update whose kiosk never comes up, and a network that fails in the middle: the machine falls back by itself, and the
// visit that a patient made in between is neither lost nor sent twice. Takes as long as three trials take, and idles.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { until } from "./machine.mjs";
import { World, figure } from "./world.mjs";

let world, twin, machine;

before(async () => {
	world = await new World("trial").start();
	twin = await world.twin();
});
after(() => world?.end());

test("an update whose kiosk never comes up: back to the version before, with the visit that was waiting", async () => {
	const extra = path.join(world.folder, "extra");
	mkdirSync(path.join(extra, "etc/systemd/system"), { recursive: true });
	symlinkSync("/dev/null", path.join(extra, "etc/systemd/system/lobby-kiosk.service"));
	const broken = world.image("0.1.1", { IMAGE_EXTRA: extra });
	broken.catch(() => {});
	machine = world.machine("kiosk", { sticks: [world.stick()] });
	await machine.start();
	const before = (await world.row("the kiosk", (row) => row.state === "ready" && row.system?.slot === "a", 900)).system;
	await world.looks_like_twin("welcome");

	world.let_out(await broken, "0.1.1");
	await world.row("it installs", (row) => row.update?.stage === "installing", 420);
	await machine.network(false);
	const slips = Number(await world.emu.ask("slips"));
	await world.check_in("Linh Nguyen", "linh", false);
	await until("the slip", async () => Number(await world.emu.ask("slips")) > slips);
	// Nobody is at the screen any more: it restarts into the new version, and out of it again.
	// (Restarts so far: after Secure Boot was enrolled. Then into the update, and after each of its three trials.)
	await until("the trials", () => machine.restarts() >= 5, 1200);
	await machine.network(true);
	const row = await world.row("it fell back", (r) => r.state === "ready" && r.update?.stage === "fell-back", 600);
	figure("fall_back_s", (Date.now() - machine.started) / 1000, "from power on, through set-up, update and three trials, to the version before");
	assert.deepEqual([row.system.version, row.system.slot], [before.version, before.slot]);
	assert.match(row.update.text, /0\.1\.1 did not come up/);
	const arrival = await world.arrival("Nguyen, Linh", 300);
	assert.ok(arrival.flags.some((flag) => flag.kind === "late-sent"));
	assert.equal((await world.desk.state()).arrivals.filter((one) => one.patient?.name === "Nguyen, Linh").length, 1);
	assert.equal((await world.kiosk()).visits_held, 0);
	await twin.at("welcome");
	await world.looks_like_twin("welcome-again");
});
