// From the box to the first patient: a kiosk that belongs to nobody is asked its questions, shown the clinic's QR code, and
// checks somebody in; then the clinic orders it about, and a technician restarts it. lobby-system is the real one, on
// folders in place of a machine.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Stack, MINUTE, until } from "./stack.mjs";

const stack = new Stack();
let kiosk, desk;

before(async () => {
	await stack.start(0);
	desk = stack.desk;
	kiosk = await stack.addNew("Lobby 1");
});
after(() => stack.stop());

const row = async () => (await desk.state()).kiosks.find((k) => k.name === "Lobby 1");

test("it asks its questions first, and says that it is no software for patients", async () => {
	await kiosk.at("setup-language");
	await kiosk.text("Test software: not for patients");
	await kiosk.press("lang-es");
	await kiosk.text("Vamos a preparar este quiosco.");
	await kiosk.press("lang-en");
	await kiosk.press("about");
	await kiosk.text("0.4.0, slot a");
	await kiosk.text("Development: not for patients");
	await kiosk.press("back");
	await kiosk.press("continue");
	await kiosk.at("panel");
	await kiosk.press("keep");
	await kiosk.at("network");
	await kiosk.press("continue");
	await kiosk.at("clinic");
	await kiosk.text("The scanner is ready.");
});

test("a wrong code is said, with what to do", async () => {
	await kiosk.press("type");
	await kiosk.screen.ask(`type ${stack.url.slice("https://".length)}`);
	await kiosk.press("clinic-code");
	await kiosk.screen.ask("type 7qxk-m2pd-9tra");
	await kiosk.press("continue");
	await kiosk.text("That did not work.");
	await kiosk.text("Make a new code at the front desk");
	await kiosk.press("back");
	await kiosk.at("clinic");
});

test("the desk's QR code makes it a kiosk of the clinic", async () => {
	const { link } = await desk.call("POST", "kiosks/code", { name: "Lobby 1" });
	assert.match(link, /^https:\/\/127\.0\.0\.1:\d+\/#kiosk=/);
	await kiosk.emu.ask("scan text https://example.org/lunch");
	await kiosk.at("clinic");
	await kiosk.emu.ask(`scan text ${link}`);
	await kiosk.text("The clinic knows this kiosk.");
	await kiosk.press("continue");
	await kiosk.at("technician-test");
	await kiosk.press("continue");
	await kiosk.at("setup-done");
	await kiosk.text("This kiosk is ready.");
	await kiosk.press("finish");
	await kiosk.at("welcome");
	await until("the desk sees it", async () => (stack.clock.step(20), (await row())?.state === "ready"));
});

test("a patient checks in on it", async () => {
	await until("the roster", () => {
		stack.clock.step(20);
		return /[1-9]\d* appointments/.test(kiosk.status());
	});
	await kiosk.emu.ask("scan licence Youssef Haddad");
	await kiosk.at("appointments");
	await kiosk.press("check-in");
	await kiosk.press("yes");
	await kiosk.press("yes");
	await kiosk.at("done");
	await desk.arrival((arrival) => arrival.patient?.name === "Haddad, Youssef");
	await kiosk.press("start-over");
	await kiosk.at("welcome");
});

test("the clinic's notice, and out of service with its reason, after the patient", async () => {
	const { id } = await row();
	await desk.call("POST", `kiosks/${id}/orders`, { notice: "Blood draws are on floor 2 today." });
	await kiosk.text("Blood draws are on floor 2 today.");
	await kiosk.press("check-in");
	await kiosk.at("birthday");
	await desk.call("POST", `kiosks/${id}/orders`, { notice: "", out_of_service: "The printer is being repaired." });
	for (const digit of "09031972") await kiosk.press(digit);
	await kiosk.at("first-letter"); // whoever has begun goes on
	await kiosk.press("start-over");
	await kiosk.at("out-of-service");
	await kiosk.text("The printer is being repaired.");
	await until("the desk sees it", async () => (stack.clock.step(20), (await row()).state === "out-of-order"));
	await desk.call("POST", `kiosks/${id}/orders`, { out_of_service: "" });
	await kiosk.at("welcome");
});

test("the box's programs may die; the screen says what it waits for, and the first start is not asked again", async () => {
	await stack.kill(kiosk.system);
	await kiosk.at("welcome");
	await stack.kill(kiosk.kiosk);
	await stack.kill(kiosk.sync);
	kiosk.screen.close();
	kiosk.startScreen();
	await kiosk.at("starting");
	await kiosk.text("The check-in program is starting.");
	kiosk.startSystem();
	kiosk.startSync();
	await kiosk.at("welcome");
	await kiosk.text("Test software: not for patients");
});

test("the clinic restarts it: the screen says so before it happens", async () => {
	const { id } = await row();
	await desk.call("POST", `kiosks/${id}/restart`, {});
	const powered = path.join(kiosk.box, "powered");
	await until("the restart", () => (stack.clock.step(2000), existsSync(powered) && /reboot/.test(readFileSync(powered, "utf8"))));
	await kiosk.at("restarting");
	await kiosk.text("This kiosk restarts.");
});

/** A key pair as `make image-keys` writes it, and a stick that it signs. Returns the public half. */
function makeStick(folder, provision) {
	const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
	const [secret, open] = [jwk.d, jwk.x].map((text) => Buffer.from(text, "base64url"));
	mkdirSync(folder);
	writeFileSync(path.join(folder, "stick.key"), Buffer.concat([secret, open]).toString("base64") + "\n");
	writeFileSync(path.join(folder, "provision.json"), JSON.stringify(provision));
	execFileSync(path.join(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../tools/stick"), [
		folder,
		path.join(folder, "image"),
		"--provision",
		path.join(folder, "provision.json"),
	], { env: { ...stack.env, LOBBYCTL: path.join(stack.bin, "lobbyctl") } });
	return open.toString("base64") + "\n";
}

const hasTools = ["mkfs.vfat", "mcopy"].every((name) => ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].some((folder) => existsSync(`${folder}/${name}`)));

test("another one is set up by a stick, and nobody touches it", { skip: !hasTools && "needs dosfstools and mtools" }, async () => {
	const { code } = await desk.call("POST", "kiosks/code", { name: "Lobby 2" });
	const folder = path.join(stack.folder, "keys");
	const stickKey = makeStick(folder, { clinic: stack.url, code, name: "Lobby 2", time_zone: "America/Chicago", set_up: true });
	const second = await stack.addNew("Lobby 2", { stickKey });
	const plug = (file) => {
		copyFileSync(file, path.join(second.box, "plug/half"));
		renameSync(path.join(second.box, "plug/half"), path.join(second.box, "plug/stick"));
	};
	const unplug = () => rmSync(path.join(second.box, "plug/stick"));
	await second.at("setup-language");
	plug(path.join(folder, "provision.json")); // no file system at all
	await second.text("This stick cannot be used.");
	unplug();
	await second.watch("the stick is forgotten", async () => !(await second.tree()).includes("This stick cannot be used."));
	plug(path.join(folder, "image"));
	await second.text("It begins by itself in");
	await until("the countdown's end", async () => (stack.clock.step(500), !(await second.tree()).includes("It begins by itself")));
	await second.at("welcome");
	await until("the desk's row", async () => (stack.clock.step(20), (await desk.state()).kiosks.some((k) => k.name === "Lobby 2" && k.state === "ready")));
	// Later it is the key to the technician's area, as long as it is in.
	unplug();
	stack.clock.advance(MINUTE);
	await second.at("welcome");
	plug(path.join(folder, "image"));
	await second.at("box");
	await second.press("about");
	await second.text("Running since");
	unplug();
	await second.at("welcome");
});
