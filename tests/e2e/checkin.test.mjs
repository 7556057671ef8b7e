// A patient checks in: screen, scanner, printer, queue, clinic and front desk, all of them real, on a virtual clock.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { Stack, MINUTE, until } from "./stack.mjs";

const stack = new Stack();
let kiosk, desk;

before(async () => {
	kiosk = await stack.start();
	desk = stack.desk;
});
after(() => stack.stop());

/** From the appointments to the end, nothing changed. Returns the touches it took. */
async function confirmAll() {
	await kiosk.at("appointments");
	await kiosk.press("check-in");
	await kiosk.at("contact");
	await kiosk.press("yes");
	await kiosk.at("insurance");
	await kiosk.press("yes");
	await kiosk.at("done");
	return 3;
}
/** Takes the slip, if one is on its way, and goes. */
async function leave() {
	await kiosk.watch("the slip", async () => !/printing below|imprimiendo/.test(await kiosk.tree()));
	await kiosk.press("done");
	await kiosk.at("welcome");
}
const number = async () => /"([A-Z] \d+)" #number/.exec(await kiosk.tree())[1];
const named = (name) => (row) => row.patient?.name === name;

test("by birthday: at most 13 touches, a slip, and the desk sees it", async () => {
	let touches = await kiosk.identify("1972-09-03", "O");
	touches += await confirmAll();
	assert.ok(touches <= 13, `${touches} touches`);
	const ticket = await number();
	await kiosk.text("Please take your slip");
	assert.match(await kiosk.emu.ask("paper-text"), new RegExp(ticket));
	const row = await desk.arrival(named("Okafor, Daniel"));
	assert.equal(row.number, ticket);
	await until("the slip at the desk", async () => (await desk.state()).arrivals.find(named("Okafor, Daniel")).slip === "printed");
	await leave();
});

test("by licence: at most 4 touches", async () => {
	await kiosk.emu.ask("scan licence Youssef Haddad");
	assert.ok((await confirmAll()) <= 4);
	await desk.arrival(named("Haddad, Youssef"));
	// The next patient's card clears the finished screen by itself.
	await kiosk.emu.ask("scan letter Linh Nguyen");
	await kiosk.text("Welcome, Linh.");
	await confirmAll();
	await leave();
});

test("two appointments, one of them chosen; then the person comes back", async () => {
	await kiosk.emu.ask("scan licence Maria Garcia");
	await kiosk.at("appointments");
	await kiosk.text("Check in for both");
	await kiosk.press("only-one");
	await kiosk.at("choose");
	await kiosk.press("appointment-2");
	await kiosk.at("contact");
	await kiosk.press("yes");
	await kiosk.at("insurance");
	await kiosk.press("yes");
	await kiosk.at("done");
	assert.match(await number(), /^L /);
	await leave();
	const row = await desk.arrival(named("Garcia, Maria"));
	assert.equal(row.appointments.length, 1);
	assert.equal(row.appointments[0].with, "Laboratory");
	// The other one is still open.
	await kiosk.emu.ask("scan licence Maria Garcia");
	await kiosk.text("Already checked in");
	await kiosk.press("start-over");
	await kiosk.press("start-over-yes");
	await kiosk.at("welcome");
});

test("already checked in: the number again, and no second arrival", async () => {
	await kiosk.identify("1972-09-03", "O");
	await kiosk.at("already-checked-in");
	assert.equal(await number(), (await desk.arrival(named("Okafor, Daniel"))).number);
	await leave();
	assert.equal((await desk.state()).arrivals.filter(named("Okafor, Daniel")).length, 1);
});

test("twins are told apart by the first name, and never shown one another's", async () => {
	await kiosk.identify("2001-02-14", "W");
	await kiosk.at("first-name-letter");
	assert.doesNotMatch(await kiosk.tree(), /Emma|Olivia|Whitfield/);
	await kiosk.press("letter-E");
	await kiosk.text("Welcome, Emma.");
	assert.doesNotMatch(await kiosk.tree(), /Olivia/);
	await kiosk.press("start-over");
	await kiosk.press("start-over-yes");
	await kiosk.at("welcome");
	// Equal initials are not asked for: the phone decides.
	await kiosk.identify("1999-07-08", "A");
	await kiosk.at("phone");
	for (const digit of "0133") await kiosk.press(digit);
	await kiosk.text("Welcome, Tola.");
	await kiosk.press("start-over");
	await kiosk.press("start-over-yes");
	await kiosk.at("welcome");
});

test("early, late, cancelled, another day, another place: each its own words and way on", async () => {
	const cases = [
		["Rosa Marchetti", "You are early.", "leave"],
		["João Silva", "The front desk will help you.", "desk"],
		["Zbigniew Kowalczyk", "This appointment was cancelled.", "desk"],
		["Åsa Bergström", "Your appointment is on another day.", "leave"],
		["Vincent Castellano", "Your appointment is at another place.", "desk"],
	];
	for (const [name, words, way] of cases) {
		await kiosk.emu.ask(`scan letter ${name}`);
		await kiosk.text(words);
		await kiosk.press(way);
		if (way === "desk") {
			await kiosk.at("desk");
			const ticket = await number();
			const [given, family] = [name.split(" ")[0], name.split(" ")[1]];
			const row = await desk.arrival(named(`${family}, ${given}`));
			assert.equal(row.kind, "handover");
			assert.equal(row.number, ticket);
			await leave();
		} else {
			await kiosk.at("welcome");
		}
	}
});

test("a stranger's licence and rubbish get a plain sentence", async () => {
	await kiosk.emu.ask("scan licence Robin Stranger");
	await kiosk.text("We did not find an appointment.");
	await kiosk.press("desk");
	await kiosk.at("desk");
	await leave();
	await kiosk.emu.ask("scan rubbish 65536");
	await kiosk.text("We could not read that card");
	await kiosk.emu.ask("scan text https://example.org/not-a-card?x=1");
	await kiosk.text("We could not read that card");
	await kiosk.press("check-in");
	assert.doesNotMatch(await kiosk.tree(), /could not read/);
	await kiosk.press("start-over");
});

test("contact and a new insurance card, in Spanish, reach the desk whole", async () => {
	await kiosk.press("lang-es");
	await kiosk.text("Registrar mi llegada");
	await kiosk.emu.ask("scan licence Catalina");
	await kiosk.at("appointments");
	await kiosk.press("check-in");
	await kiosk.at("contact");
	assert.doesNotMatch(await kiosk.tree(), /413|catalina\.o/i);
	await kiosk.press("change");
	await kiosk.press("phone");
	for (const digit of "4135550199") await kiosk.press(digit);
	await kiosk.press("save");
	await kiosk.at("contact");
	await kiosk.text("4135550199");
	await kiosk.press("yes");
	await kiosk.at("insurance");
	await kiosk.press("new-card");
	await kiosk.emu.ask("scan text XNEW12345678");
	await kiosk.at("insurance-type");
	await kiosk.screen.ask("type Plan Nuevo");
	await kiosk.press("save");
	await kiosk.at("done");
	await kiosk.text("Tome su boleto");
	assert.match(await kiosk.emu.ask("paper-text"), /Su número/);
	const row = await desk.arrival((r) => r.patient?.name.includes("Catalina"));
	const flags = row.flags.map((flag) => flag.kind);
	assert.ok(flags.includes("insurance-new") && flags.includes("contact-changed"), flags.join());
	await leave();
	// The next patient finds the clinic's first language.
	await kiosk.text("How can we help?");
});

test("call staff: the desk answers, and the screen says so", async () => {
	await kiosk.press("check-in");
	await kiosk.press("call-staff");
	await kiosk.text("Staff are coming");
	const help = await until("help at the desk", async () => (await desk.state()).help.find((row) => row.stage === "sent"));
	assert.equal(help.kiosk, "Lobby 1");
	assert.equal(help.step, "birthday");
	await desk.call("POST", `help/${help.id}/on-my-way`, {});
	await kiosk.text("Somebody is on the way");
	await kiosk.press("help-close");
	await kiosk.press("start-over");
	await kiosk.at("welcome");
});

test("paper out and cover open: checked in all the same, and both sides know", async () => {
	await kiosk.emu.ask("paper out");
	await until("paper out at the desk", async () =>
		(await desk.state()).kiosks[0].devices.some((device) => device.state === "paper-out"),
	);
	await kiosk.identify("1979-05-19", "B");
	await kiosk.at("appointments");
	await kiosk.press("check-in");
	await kiosk.at("contact");
	await kiosk.press("yes");
	await kiosk.at("insurance");
	await kiosk.text("Do you have health insurance?");
	await kiosk.press("none");
	await kiosk.at("done");
	await kiosk.text("out of paper");
	const row = await desk.arrival(named("Brooks, Tamika"));
	assert.ok(row.flags.some((flag) => flag.kind === "insurance-none"));
	await until("the failed slip", async () => (await desk.state()).arrivals.find(named("Brooks, Tamika")).slip === "failed");
	await leave();
	await kiosk.emu.ask("paper ok");
	await kiosk.emu.ask("unplug scanner");
	await kiosk.text("The scanner does not work right now.");
	await kiosk.emu.ask("plug scanner");
	await kiosk.text("#scanner");
});

test("a program that dies shows on the screen, and picks up when it is back", async () => {
	await kiosk.identify("2012-06-12", "C");
	await kiosk.text("Welcome, Mateo.");
	await stack.kill(kiosk.sync);
	await until("out of order", async () => {
		stack.clock.step(100);
		return (await kiosk.screen.ask("screen")) === "out-of-order";
	});
	kiosk.startSync();
	await until("the same patient again", async () => {
		stack.clock.step(100);
		return (await kiosk.tree()).includes("Welcome, Mateo.");
	});
	await confirmAll();
	await desk.arrival(named("de la Cruz, Mateo"));
	await leave();

	await stack.kill(kiosk.devices);
	kiosk.emu.close();
	await kiosk.text("The scanner does not work right now.");
	await until("the desk knows", async () =>
		(await desk.state()).kiosks[0].devices.every((device) => /not running/.test(device.detail)),
	);
	kiosk.startDevices();
	await until("the scanner again", async () => {
		stack.clock.step(100);
		return (await kiosk.tree()).includes("#scanner");
	});

	await stack.kill(kiosk.kiosk);
	await until("the desk knows", async () => {
		stack.clock.step(1000);
		return (await desk.state()).kiosks[0].state === "out-of-order";
	});
	kiosk.screen.close();
	kiosk.startScreen();
	await until("the screen", () => kiosk.screen.ask("screen"));
	await until("lobby-sync", async () => (await kiosk.tree()).includes("Riverside"));
	await kiosk.text("#scanner");
});

test("a kiosk that comes back offers no more than before, and nobody's name after a while", async () => {
	const restart = async (pause) => {
		await stack.kill(kiosk.sync);
		await until("out of order", async () => {
			stack.clock.step(100);
			return (await kiosk.screen.ask("screen")) === "out-of-order";
		});
		for (let passed = 0; passed < pause; passed += 5000) {
			stack.clock.advance(5000);
			await kiosk.tree();
		}
		kiosk.startSync();
		await until("in order again", async () => {
			stack.clock.step(100);
			return (await kiosk.screen.ask("screen")) !== "out-of-order";
		});
	};
	await kiosk.emu.ask("scan letter João Silva");
	await kiosk.text("The front desk will help you.");
	await restart(0);
	await kiosk.text("The front desk will help you.");
	assert.doesNotMatch(await kiosk.tree(), /#check-in/);
	await kiosk.press("leave");
	await kiosk.identify("1958-06-30", "P");
	await kiosk.text("Welcome, Anna.");
	await restart(5 * MINUTE);
	await kiosk.at("welcome");
	assert.doesNotMatch(await kiosk.tree(), /Anna/);
});

test("a call for staff outlives the screen, but does not keep it for ever", async () => {
	await kiosk.identify("1958-06-30", "P");
	await kiosk.text("Welcome, Anna.");
	await kiosk.press("call-staff");
	await kiosk.text("Staff are coming");
	for (let minute = 0; minute < 4; minute++) {
		stack.clock.advance(MINUTE);
		assert.match(await kiosk.tree(), /Staff are coming/);
	}
	await until("the welcome screen", async () => {
		stack.clock.step(5000);
		return (await kiosk.screen.ask("screen")) === "welcome";
	});
	// Called again, answered, done: the kiosk forgets it, and can call anew.
	for (let round = 0; round < 2; round++) {
		await kiosk.press("call-staff");
		await kiosk.text("Staff are coming");
		const open = await until("the call", async () => (await desk.state()).help.find((row) => row.stage === "sent"));
		await desk.call("POST", `help/${open.id}/on-my-way`, {});
		await kiosk.text("Somebody is on the way");
		await desk.call("POST", `help/${open.id}/done`, {});
		await kiosk.watch("the call is over", async () => !/on the way/.test(await kiosk.tree()));
	}
	for (const row of (await desk.state()).help.filter((r) => r.stage !== "done")) await desk.call("POST", `help/${row.id}/done`, {});
});

test("this is not me: the desk still gets what was typed", async () => {
	await kiosk.identify("1999-07-08", "A");
	await kiosk.at("phone");
	for (const digit of "0133") await kiosk.press(digit);
	await kiosk.text("Welcome, Tola.");
	await kiosk.press("not-me");
	await kiosk.text("Sorry about that.");
	assert.doesNotMatch(await kiosk.tree(), /Tola/);
	await kiosk.press("desk");
	await kiosk.at("desk");
	await leave();
	const row = await desk.arrival((r) => r.patient === null && /1999/.test(r.described));
	assert.equal(row.kind, "handover");
});

test("somebody walks away: asked, then wiped, and the desk keeps their place", async () => {
	await kiosk.identify("1958-06-30", "P");
	await kiosk.text("Welcome, Anna.");
	await until("the question", async () => {
		stack.clock.step(5000);
		return (await kiosk.tree()).includes("Are you still there?");
	});
	await kiosk.press("still-here");
	await kiosk.text("Welcome, Anna.");
	await until("the welcome screen", async () => {
		stack.clock.step(1000);
		return (await kiosk.screen.ask("screen")) === "welcome";
	});
	assert.doesNotMatch(await kiosk.tree(), /Anna/);
	const row = await desk.arrival(named("Petrov, Anna"));
	assert.equal(row.kind, "handover");
});

test("the network is gone: checked in, said so, and sent when it is back", async () => {
	kiosk.networkDown();
	await until("lobby-sync notices", async () => {
		stack.clock.step(1000);
		return /NOT REACHABLE/.test(kiosk.status());
	});
	await kiosk.identify("1995-10-05", "J");
	await confirmAll();
	await kiosk.text("as soon as the network is back");
	await leave();
	assert.equal((await desk.state()).arrivals.filter(named("Smith-Jones, Avery")).length, 0);
	stack.clock.advance(5 * MINUTE);
	await until("offline at the desk", async () => {
		stack.clock.step(1000);
		return (await desk.state()).kiosks[0].state === "offline";
	});
	kiosk.networkUp();
	const row = await until("the held visit", async () => {
		stack.clock.step(1000);
		return (await desk.state()).arrivals.find(named("Smith-Jones, Avery"));
	});
	assert.ok(row.flags.some((flag) => flag.kind === "late-sent"));
});

test("a client without a credential gets nothing", async () => {
	for (const where of ["state", "schedule?day=2026-11-23", "search?q=garcia", "patients/demo-p01", "audit"]) {
		const stranger = Object.create(desk, { cookie: { value: undefined, writable: true } });
		await assert.rejects(stranger.call("GET", where), /: 401 /);
	}
});

test("no log names a patient", () => {
	const logs = stack.logs();
	assert.match(logs, /visit-committed/);
	const people = readFileSync(path.join(path.dirname(new URL(import.meta.url).pathname), "../../assets/demo/people.tsv"), "utf8")
		.split("\n")
		.filter((line) => line.startsWith("demo-p"))
		.map((line) => line.split("\t"));
	assert.ok(people.length > 50);
	for (const [, family, given, birthday, phone, email, , , , , , , member] of people) {
		for (const secret of [family, birthday, phone, email, member])
			assert.ok(!secret || !logs.includes(secret), `a log holds ${secret}`);
		assert.ok(given.length < 4 || !logs.includes(` ${given}`), `a log holds ${given}`);
	}
});
