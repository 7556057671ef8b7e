// Every card that a patient carries: chip, stripe, codes, signed cards. The readers are models on real libusb, all else
// is the real programs.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import path from "node:path";
import { Stack, until } from "./stack.mjs";

const stack = new Stack();
let kiosk, desk;

function setting(name, value) {
	execFileSync(path.join(stack.bin, "lobby-clinic"), ["setting", "--data", stack.clinicFolder, name, value], { env: stack.env });
}

before(async () => {
	kiosk = await stack.start(1, { every: true });
	desk = stack.desk;
	const issuers = path.join(stack.folder, "issuers.json");
	await kiosk.emu.ask(`issuers ${issuers}`);
	execFileSync(path.join(stack.bin, "lobby-clinic"), ["issuers", "--data", stack.clinicFolder, issuers], { env: stack.env });
	await kiosk.watch("all devices", () => (kiosk.status().match(/ready/gi) ?? []).length >= 5);
	await kiosk.text("show us your ID");
});
after(() => stack.stop());

const named = (name) => (row) => row.patient?.name === name;

/** A PNG of a black disc on white, 8 bits a dot of grey (PNG, 2nd edition, 11.2). */
function disc(size) {
	const chunk = (type, data) => {
		const body = Buffer.concat([Buffer.from(type), data]);
		const whole = Buffer.alloc(body.length + 8);
		whole.writeUInt32BE(data.length, 0);
		body.copy(whole, 4);
		whole.writeUInt32BE(crc32(body), body.length + 4);
		return whole;
	};
	const header = Buffer.from([0, 0, 0, size, 0, 0, 0, size, 8, 0, 0, 0, 0]);
	const rows = Buffer.alloc(size * (size + 1), 255);
	for (let y = 0; y < size; y++) {
		rows[y * (size + 1)] = 0;
		for (let x = 0; x < size; x++) if (Math.hypot(x - size / 2, y - size / 2) < size / 2) rows[y * (size + 1) + 1 + x] = 0;
	}
	return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}
function crc32(bytes) {
	let crc = ~0;
	for (const byte of bytes) {
		crc ^= byte;
		for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc >>> 0;
}

/** From the appointments to the insurance. */
async function confirmContact() {
	await kiosk.at("appointments");
	await kiosk.press("check-in");
	await kiosk.at("contact");
	await kiosk.press("yes");
}
async function leave() {
	await kiosk.watch("the slip", async () => !/printing below/.test(await kiosk.tree()));
	await kiosk.press("done");
	await kiosk.at("welcome");
}
async function coverages(id) {
	return (await desk.call("GET", `patients/${id}`)).coverages;
}

test("a chip card: left in, read, identified, its insurance confirmed, taken out", async () => {
	await kiosk.emu.ask("insert Maria Garcia");
	await kiosk.text("Welcome, Maria.");
	await confirmContact();
	await kiosk.at("insurance-card");
	await kiosk.text("Example Krankenkasse Nord");
	assert.doesNotMatch(await kiosk.tree(), /G10000001/); // by its last four only
	await kiosk.press("yes");
	await kiosk.at("done");
	await kiosk.text("Please take your card out of the reader.");
	await kiosk.emu.ask("remove");
	await kiosk.watch("the hint to go", async () => !(await kiosk.tree()).includes("#card-slot"));
	const row = await desk.arrival(named("Garcia, Maria"));
	assert.ok(row.flags.some((flag) => flag.kind === "insurance-new"));
	const plan = (await coverages("demo-p01")).find((one) => one.source === "kiosk");
	assert.equal(plan.payor, "Example Krankenkasse Nord");
	assert.match(plan.member_id, /^G\d{9}$/);
	await leave();
});

test("a card that is put in while somebody else's is still asked about begins nothing", async () => {
	await kiosk.emu.ask("insert Tobi Adeyemi");
	await kiosk.text("Welcome, Tobi.");
	await kiosk.emu.ask("swipe Daniel Okafor");
	await kiosk.text("We already know who you are.");
	await kiosk.emu.ask("remove");
	await kiosk.press("start-over");
	await kiosk.press("start-over-yes");
	await kiosk.at("welcome");
});

test("a licence's stripe", async () => {
	await kiosk.emu.ask("swipe Daniel Okafor");
	await kiosk.text("Welcome, Daniel.");
	await confirmContact();
	await kiosk.at("insurance");
	await kiosk.press("yes");
	await kiosk.at("done");
	await desk.arrival(named("Okafor, Daniel"));
	await leave();
});

test("a payment card is told so, swiped or put in, and nothing of it is anywhere", async () => {
	for (const what of ["swipe A payment card", "insert payment"]) {
		await kiosk.emu.ask(what);
		await kiosk.text("That is a payment card.");
		await kiosk.press("text-size");
		for (let i = 0; i < 3; i++) await kiosk.press("text-size");
	}
	await kiosk.emu.ask("remove");
	assert.doesNotMatch(stack.logs(), /4111/);
});

test("a health ID card's code names person and number", async () => {
	await kiosk.emu.ask("scan insurance Emma Whitfield");
	await kiosk.text("Welcome, Emma.");
	await confirmContact();
	// The number is the one on file: nothing new to ask.
	await kiosk.at("insurance");
	await kiosk.press("yes");
	await kiosk.at("done");
	await leave();
});

test("a signed health card in three codes, out of order: who it is, and a record to share", async () => {
	await kiosk.emu.ask("scan part 3/3 Linh Nguyen");
	await kiosk.text("2 are missing.");
	await kiosk.emu.ask("scan part 1/3 Linh Nguyen");
	await kiosk.text("1 is missing.");
	await kiosk.emu.ask("scan part 2/3 Linh Nguyen");
	await kiosk.text("Welcome, Linh.");
	await confirmContact();
	await kiosk.at("insurance");
	await kiosk.press("yes");
	await kiosk.at("share");
	await kiosk.text("Your card holds 2 vaccinations.");
	await kiosk.text("Example Health Department");
	await kiosk.press("share");
	await kiosk.at("done");
	await desk.arrival(named("Nguyen, Linh"));
	const patient = await until("the document", async () => {
		const found = await desk.call("GET", "patients/demo-p03");
		return found.documents.length > 0 && found;
	});
	assert.equal(patient.documents[0].issuer, "Example Health Department");
	await leave();
});

test("wristband and label, where the clinic prints them", async () => {
	setting("print_wristband", "true");
	setting("print_label", "true");
	setting("clinic_name", "Riverside Labels");
	await kiosk.text("Riverside Labels"); // settings come in order: the others are there, too
	await kiosk.emu.ask("scan licence Youssef Haddad");
	await confirmContact();
	await kiosk.at("insurance");
	await kiosk.press("yes");
	await kiosk.at("done");
	await kiosk.watch("two labels", async () => /2/.test(await kiosk.emu.ask("labels")));
	assert.match(await kiosk.emu.ask("label-text"), /Haddad, Youssef/);
	await kiosk.text("Please take your wristband");
	await leave();
});

test("a wristband that does not come out is told to the patient and to the desk", async () => {
	await kiosk.emu.ask("unplug label-printer");
	await kiosk.watch("the label printer gone", () => !/label/i.test(kiosk.status()));
	await kiosk.emu.ask("scan letter Avery Smith-Jones");
	await confirmContact();
	await kiosk.at("insurance");
	await kiosk.press("yes");
	await kiosk.at("done");
	await kiosk.text("Your wristband could not be printed.");
	await until("the flag", async () =>
		(await desk.state()).arrivals.find(named("Smith-Jones, Avery"))?.flags.some((flag) => flag.text === "Wristband not printed"),
	);
	await kiosk.emu.ask("plug label-printer");
	await leave();
});

test("a slip in letters that the printer does not have, with the clinic's logo", async () => {
	const logo = path.join(stack.folder, "logo.png");
	writeFileSync(logo, disc(80));
	execFileSync(path.join(stack.bin, "lobby-clinic"), ["logo", "--data", stack.clinicFolder, logo], { env: stack.env });
	setting("print_wristband", "false");
	setting("print_label", "false");
	setting("clinic_name", "河畔诊所 عيادة");
	await kiosk.text("河畔诊所");
	await kiosk.emu.ask("scan licence Anna Petrov");
	await confirmContact();
	await kiosk.at("insurance");
	await kiosk.press("yes");
	await kiosk.at("done");
	await kiosk.text("Please take your slip");
	const paper = await kiosk.emu.ask("paper-text");
	assert.match(paper, /^\[picture 576x1\d\d\]/); // the logo's rows, a gap and the name's, and no more
	assert.equal(paper.match(/picture/g).length, 1);
	// The desk's scanner finds the visit by the slip's code.
	const picture = path.join(stack.folder, "slip.png");
	await kiosk.emu.ask(`paper-png ${picture}`);
	const row = await desk.arrival(named("Petrov, Anna"));
	assert.equal(execFileSync("ZXingReader", ["-bytes", picture], { encoding: "utf8" }), row.visit_id);
	await leave();
});
