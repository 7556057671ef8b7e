// Machines that are not as one would wish: with a TPM and then with another one, a wrong clock, two screens or none, a disk
// whose state is destroyed or that has no room for any, and a firmware that belongs to another clinic's keys. Each comes up
// as far as it can, and says what is wrong in plain words: to the desk, which is where these tests listen.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import path from "node:path";
import { overlay, partitions, until } from "./machine.mjs";
import { World, disk, made, top, unpack, version } from "./world.mjs";

let world, machine, foreign, theirs;

before(async () => {
	world = await new World("machines").start();
	await world.twin();
	const keys = path.join(world.folder, "keys");
	execFileSync(path.join(top, "image/keys"), [keys], { stdio: "pipe" });
	foreign = world.image(version, { KEYS: keys, IMAGE_CMDLINE: "console=ttyS0 lobby.again=5" });
	foreign.catch(() => {});
});
after(() => world?.end());

/** Pulls the plug, does something to the box, and powers on as one that is not set up to be anything else. */
async function again(options = {}, between = () => {}) {
	const { disk, tpm } = machine.options;
	await machine.off();
	between(disk);
	machine = world.machine("kiosk", { disk, tpm, ...options });
	await machine.start();
}
const up = (name) => world.row(`${name} at the desk`, (row) => row.state === "ready" && row.system, 900, name);
const warning = (row, kind) => row.warnings.find((one) => one.kind === kind)?.text;

test("the state is bound to the TPM", async () => {
	machine = world.machine("kiosk", { tpm: true, sticks: [world.stick("TPM")] });
	await machine.start();
	const { system } = await up("TPM");
	assert.equal(system.protection, "tpm");
	assert.equal(system.protection_text, "");
});

test("the TPM opens it again, without the stick; of two screens one is lit, and which is said", async () => {
	const { booted_ms } = (await world.kiosk("TPM")).system;
	await again({ displays: 2 });
	const row = await world.row("it again", (row) => row.state === "ready" && row.system?.booted_ms > booted_ms, 900, "TPM");
	assert.equal(row.system.protection, "tpm");
	assert.match(row.system.display, /^Virtual-1 1280x800, 1 more dark$/);
	await world.looks_like_twin("welcome-of-two");
});

const tpm = (name) => path.join(machine.folder, name);

test("another TPM, and a clock of 1970: what was kept stays closed, and the kiosk says so", async () => {
	await again({ sticks: [world.stick("Other TPM")], rtc: "1970-01-02T00:00:00" }, () => renameSync(tpm("tpm"), tpm("right")));
	const row = await up("Other TPM");
	assert.equal(row.system.protection, "memory");
	assert.match(warning(row, "memory-only"), /TPM/);
	await world.row("the clock is right", (r) => r.system?.clock_right && Math.abs(r.clock_error_ms) < 5000 && !warning(r, "clock"), 120, "Other TPM");
});

test("the right TPM is back: nothing was lost", async () => {
	await again({}, () => {
		rmSync(tpm("tpm"), { recursive: true });
		renameSync(tpm("right"), tpm("tpm"));
	});
	assert.equal((await up("TPM")).system.protection, "tpm");
});

test("a state that is destroyed is made anew; without a screen the kiosk runs, and the desk knows", async () => {
	await again({ displays: 0, sticks: [world.stick("Destroyed")] }, (file) => {
		const head = path.join(world.folder, "head.img");
		execFileSync("qemu-img", ["dd", "-f", "qcow2", "-O", "raw", "bs=512", "count=64", `if=${file}`, `of=${head}`]);
		const { start } = partitions(head).state;
		execFileSync("qemu-io", ["-f", "qcow2", "-c", `write -q -P 165 ${start} 32M`, file]);
	});
	const row = await world.row("it", (r) => r.system && r.state !== "offline" && warning(r, "display"), 900, "Destroyed");
	assert.match(warning(row, "state"), /^The disk held nothing that could be read/);
	assert.equal(row.system.protection, "tpm");
	assert.equal(row.system.display, "none");
});

test("a disk without room for a state: it works, and says that it keeps nothing", async () => {
	await machine.off();
	machine = world.machine("small", { disk: overlay(disk(), path.join(world.folder, "small.qcow2")), sticks: [world.stick("Small")] });
	await machine.start();
	const row = await up("Small");
	assert.equal(row.system.protection, "memory");
	assert.match(warning(row, "memory-only"), /too small/);
	await world.looks_like_twin("welcome-small");
});

test("Secure Boot starts nothing that other keys signed", async () => {
	const packed = path.join(await foreign, `${path.basename(made(version))}.img.zst`);
	theirs = unpack(packed, path.join(world.folder, "foreign.img"));
	const { folder } = machine;
	await machine.off();
	// The firmware has our keys since the last start.
	machine = world.machine("foreign", { vars: path.join(folder, "vars.fd"), disk: theirs });
	await machine.start();
	await until("the firmware's no", () => /Access Denied|Security Violation/.test(machine.console()), 120);
	assert.equal(machine.restarts(), 0);
});

test("both slots have used up their tries: a refusal in words, and then one more try", async () => {
	await machine.off();
	const esp = `${theirs}@@${partitions(theirs).esp.start}`;
	for (const slot of ["a", "b"]) execFileSync("mren", ["-i", esp, `::loader/entries/lobby-${slot}+3.conf`, `lobby-${slot}+0-3.conf`]);
	machine = world.machine("tired", { disk: theirs });
	await machine.start();
	await until("the refusal", () => /R9 This kiosk cannot start/.test(machine.console()), 240);
	assert.ok((await machine.look("refused")).colours() > 8);
	// It starts, is seen to be good, and has its tries again.
	await until("a slot that is good", () => /lobby-[ab]\+3\.conf/.test(execFileSync("mdir", ["-b", "-i", esp, "::loader/entries"], { encoding: "utf8" })), 420);
});
