// A hundred patients at four kiosks, the network cut at random: every confirmed check-in reaches the clinic exactly once.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { Stack, START_MS, MINUTE, until } from "./stack.mjs";

const PATIENTS = 100;
const KIOSKS = 4;
const stack = new Stack();

/** Random, but the same each time (a linear congruential generator, Numerical Recipes' constants). */
let seed = 20261123;
const random = (below) => {
	seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
	return Math.floor((seed / 2 ** 32) * below);
};

/** Invented patients as FHIR, each with an appointment that can be checked in now and a birthday of their own. */
function patients() {
	return Array.from({ length: PATIENTS }, (_, i) => {
		const birthDate = `${1940 + (i % 70)}-${String(1 + (i % 12)).padStart(2, "0")}-${String(1 + (i % 28)).padStart(2, "0")}`;
		const family = String.fromCharCode(65 + (i % 26)) + "testname" + String.fromCharCode(97 + Math.floor(i / 26));
		return { id: `crowd-${i}`, family, given: `Given${i}`, birthDate };
	});
}

function ndjson(people) {
	const lines = [{ resourceType: "Practitioner", id: "crowd-dr", name: [{ family: "Crowd", given: ["Cleo"], prefix: ["Dr."] }] }];
	for (const [i, p] of people.entries()) {
		const start = new Date(START_MS + (10 + (i % 40)) * MINUTE);
		lines.push({
			resourceType: "Patient",
			id: p.id,
			name: [{ family: p.family, given: [p.given] }],
			birthDate: p.birthDate,
			telecom: [{ system: "phone", value: `(413) 555-01${String(i).padStart(2, "0")}` }],
		});
		lines.push({
			resourceType: "Appointment",
			id: `crowd-appointment-${i}`,
			status: "booked",
			start: start.toISOString(),
			end: new Date(start.getTime() + 20 * MINUTE).toISOString(),
			participant: [
				{ actor: { reference: `Patient/${p.id}` }, status: "accepted" },
				{ actor: { reference: "Practitioner/crowd-dr" }, status: "accepted" },
			],
		});
	}
	return lines.map((line) => JSON.stringify(line)).join("\n") + "\n";
}

before(async () => {
	await stack.start(KIOSKS);
	const file = path.join(stack.folder, "crowd.ndjson");
	writeFileSync(file, ndjson(patients()));
	execFileSync(path.join(stack.bin, "lobby-clinic"), ["import", "--data", stack.clinicFolder, file], { env: stack.env });
	await until("the roster at every kiosk", () =>
		stack.kiosks.every((kiosk) => Number(/(\d+) appointments/.exec(kiosk.status())?.[1]) >= PATIENTS + 60),
	);
});
after(() => stack.stop());

async function checkIn(kiosk, person) {
	await kiosk.identify(person.birthDate, person.family[0]);
	await kiosk.at("appointments");
	assert.match(await kiosk.tree(), new RegExp(`Welcome, ${person.given}\\.`));
	await kiosk.press("check-in");
	await kiosk.at("contact");
	await kiosk.press("yes");
	await kiosk.at("insurance");
	await kiosk.press("none");
	await kiosk.at("done");
	const number = /"([A-Z] \d+)" #number/.exec(await kiosk.tree())[1];
	await kiosk.press("done");
	await kiosk.at("welcome");
	return number;
}

test("a hundred patients, four kiosks, a network that comes and goes", async () => {
	const waiting = patients();
	const confirmed = new Map();
	const work = async (kiosk) => {
		for (let person = waiting.shift(); person; person = waiting.shift()) {
			if (random(3) === 0) kiosk.networkDown();
			confirmed.set(person.id, await checkIn(kiosk, person));
			if (random(2) === 0) kiosk.networkUp();
		}
		kiosk.networkUp();
	};
	await Promise.all(stack.kiosks.map(work));
	assert.equal(confirmed.size, PATIENTS);
	assert.equal(new Set(confirmed.values()).size, PATIENTS, "two patients with one number");

	const arrivals = await until("all of them at the desk", async () => {
		stack.clock.step(1000);
		const rows = (await stack.desk.state()).arrivals.filter((row) => row.patient?.id.startsWith("crowd-"));
		return rows.length >= PATIENTS && rows;
	});
	assert.equal(arrivals.length, PATIENTS);
	for (const row of arrivals) {
		assert.equal(row.kind, "arrival");
		assert.equal(row.number, confirmed.get(row.patient.id), row.patient.id);
	}
});
