// A kiosk as the clinic sees one: it enrols with a one-time code, proves that it knows the code without sending it, reads
// the roster, seals visits to the clinic's key and reports its state, all as src/clinic/api.md and src/checkin/visit.h
// say. It is the other end of the line for the tests of the desk's page, over real TLS to a real lobby-clinic.
import { createHash, randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import https from "node:https";
import tls from "node:tls";

const sodium = createRequire(import.meta.url)("libsodium-wrappers-sumo");

/* One request on one new connection; prepare(fingerprint of the server's certificate) makes the body. */
async function request(port, method, path, { authorization, prepare = () => null } = {}) {
	const socket = tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
	await new Promise((done, fail) => socket.once("secureConnect", done).once("error", fail));
	const fingerprint = createHash("sha256").update(socket.getPeerCertificate(true).raw).digest();
	const body = prepare(fingerprint);
	const headers = { Host: `127.0.0.1:${port}`, Connection: "close" };
	if (authorization) headers.Authorization = authorization;
	if (body) headers["Content-Type"] = "application/json";
	return new Promise((done, fail) => {
		const call = https.request({ createConnection: () => socket, method, path, headers }, (answer) => {
			let text = "";
			answer.setEncoding("utf8");
			answer.on("data", (piece) => (text += piece));
			answer.on("error", fail);
			answer.on("end", () => {
				if (answer.statusCode === 200) done({ fingerprint, body: JSON.parse(text) });
				else fail(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
			});
		});
		call.on("error", fail);
		call.end(body ? JSON.stringify(body) : undefined);
	});
}

const instant = (ms) => new Date(ms).toISOString();
const part = (url, type, value) => (value === undefined || value === "" ? [] : [{ url, [type]: value }]);
const put = (type, id, resource) => ({ resource: { resourceType: type, id, ...resource }, request: { method: "PUT", url: `${type}/${id}` } });
const code = (system, value) => ({ coding: [{ system, code: value }] });

/* A health card that the patient agreed to share. */
const sharedCard = (v, at) => ({
	status: "current",
	type: code("urn:lobby:document", "smart-health-card"),
	...(v.patient ? { subject: { reference: `Patient/${v.patient}` } } : {}),
	date: instant(at),
	description: v.document.title,
	author: [{ display: v.document.issuer }],
	content: [{ attachment: { contentType: "application/smart-health-card", data: Buffer.from(v.document.file).toString("base64") } }],
});

export class Kiosk {
	static async enrol(port, oneTimeCode, name) {
		await sodium.ready;
		const [codeId, ...secret] = oneTimeCode.split("-");
		const key = sodium.crypto_pwhash(32, secret.join(""), new TextEncoder().encode("lobby-enrol-v1\0\0"), sodium.crypto_pwhash_OPSLIMIT_INTERACTIVE, sodium.crypto_pwhash_MEMLIMIT_INTERACTIVE, sodium.crypto_pwhash_ALG_ARGON2ID13);
		const proof = (...parts) => sodium.to_hex(sodium.crypto_generichash(32, Buffer.concat(parts.map((p) => Buffer.from(p))), key));
		const { fingerprint, body } = await request(port, "POST", "/kiosk/v1/enrol", { prepare: (fp) => ({ code_id: codeId, name, proof: proof("kiosk", fp) }) });
		const sealKey = Buffer.from(body.seal_key, "base64");
		if (proof("clinic", fingerprint, sealKey, body.credential) !== body.proof) throw new Error("the clinic did not prove that it knows the code");
		return Object.assign(new Kiosk(), { port, id: body.kiosk_id, name: body.name, sealKey, authorization: `Kiosk ${body.kiosk_id}:${body.credential}`, seq: 0 });
	}

	async call(method, path, body) {
		const answer = await request(this.port, method, `/kiosk/v1/${path}`, { authorization: this.authorization, prepare: () => body });
		return answer.body;
	}

	/** Every appointment that the clinic lets this kiosk know. */
	async roster() {
		const entries = [];
		for (let cursor = null, more = true; more; ) {
			const page = await this.call("GET", `feed?wait_s=0${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
			entries.push(...page.changes.filter((c) => c.type === "roster" && c.entry).map((c) => c.entry));
			({ cursor, more } = page);
		}
		return entries;
	}

	/* What the feed says now of one kind, from its beginning. */
	async told(type) {
		const page = await this.call("GET", "feed?wait_s=0");
		return page.changes.find((c) => c.type === type);
	}

	/** What the desk wants this kiosk to say. */
	async orders() {
		return (await this.told("orders")).orders;
	}

	/** The update that it is offered, or null. */
	async update() {
		return (await this.told("update")).update;
	}

	/** The id of the restart that was asked for. */
	async restart() {
		return (await this.told("restart")).id;
	}

	/** A self-test that ended just now. lines: [kind, state, device, text] each. */
	selfTest(passed, lines, ago_s = 0) {
		const finished = Date.now() - ago_s * 1000;
		return this.call("POST", "self-test", { started_ms: finished - 20000, finished_ms: finished, passed, by: "lobbyctl", version: "0.1.0", lines: lines.map(([kind, state, device, text]) => ({ kind, state, device, text })) });
	}

	/** clock_ms is now, unless said otherwise. */
	status(state = {}) {
		this.last = state;
		return this.call("POST", "status", { clock_ms: Date.now(), screen: "ready", step: "welcome", visits_held: 0, visits_set_aside: 0, devices: [], version: "0.1.0", ...state });
	}

	/** As before, and still there: kiosks say so every 15 s. */
	beat() {
		return this.status(this.last);
	}

	help(step, more = {}) {
		return this.call("POST", "help", { id: randomUUID(), step, at_ms: Date.now(), cancelled: false, ...more });
	}

	/* Seals rows of {seq, key, bundle} and hands them in, in one go. */
	async send(...bundles) {
		const rows = bundles.map(({ seq, key, bundle }) => ({ seq, key, sealed: Buffer.from(sodium.crypto_box_seal(JSON.stringify(bundle), this.sealKey)).toString("base64") }));
		return (await this.call("POST", "visits", { rows })).rows;
	}

	/** One visit; see make() for what it takes. Answers with its id once the clinic has it on disk. */
	async visit(what) {
		const made = this.make(what);
		const [row] = await this.send(made);
		if (row.result !== "stored") throw new Error(`visit: ${row.result} ${row.reason || ""}`);
		return made.key;
	}

	/** {kind, patient, appointments, ticket, ago_s, reason, step, insurance, payor, member, contact, phone, language,
	 * birth_date, family_initial, document: {title, issuer, file}} as an outbox row with its Bundle. */
	make(what) {
		const v = { kind: "arrival", appointments: [], ago_s: 0, insurance: "confirmed", contact: "confirmed", language: "en", ...what };
		const id = randomUUID();
		const seq = ++this.seq;
		const at = v.at_ms ?? Date.now() - v.ago_s * 1000;
		const encounter = {
			extension: [
				{
					url: "urn:lobby:check-in",
					extension: [
						...part("identified-by", "valueCode", v.patient ? "birthday" : ""),
						...part("reason", "valueCode", v.reason),
						...part("step", "valueCode", v.step),
						...part("language", "valueCode", v.language),
						...part("contact", "valueCode", v.patient ? v.contact : "not-asked"),
						...part("insurance", "valueCode", v.patient ? v.insurance : "not-asked"),
						...part("finished", "valueInstant", instant(at)),
						...part("birth-date", "valueDate", v.birth_date),
						...part("family-initial", "valueString", v.family_initial),
						...part("touches", "valueUnsignedInt", 11),
						...(v.patient && v.insurance === "new" ? part("coverage", "valueReference", { reference: `Coverage/${id}.coverage` }) : []),
					],
				},
			],
			identifier: [{ system: `urn:lobby:kiosk:${this.id}`, value: String(seq) }, ...(v.ticket ? [{ system: "urn:lobby:ticket", value: v.ticket }] : [])],
			status: v.kind === "handover" ? "planned" : "arrived",
			class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB", display: "ambulatory" },
			...(v.patient ? { subject: { reference: `Patient/${v.patient}` } } : {}),
			...(v.appointments.length ? { appointment: v.appointments.map((a) => ({ reference: `Appointment/${a}` })) } : {}),
			period: { start: instant(at - 60000) },
		};
		const entry = [put("Encounter", id, encounter)];
		if (v.kind === "arrival") for (const a of v.appointments) entry.push(patch("Appointment", a, [operation("replace", "Appointment.status", { valueCode: "arrived" })]));
		if (v.patient && v.contact === "changed") entry.push(patch("Patient", v.patient, phone(v.phone)));
		if (v.patient && v.insurance === "new") entry.push(put("Coverage", `${id}.coverage`, { status: "draft", subscriberId: v.member, beneficiary: { reference: `Patient/${v.patient}` }, payor: [{ display: v.payor }] }), task(id, v, "insurance", "insurance-new", at));
		if (v.patient && v.insurance === "none") entry.push(task(id, v, "insurance", "insurance-none", at));
		if (v.kind === "handover") entry.push(task(id, v, "handover", "handover", at));
		if (v.document) entry.push(put("DocumentReference", `${id}.document`, sharedCard(v, at)));
		return { seq, key: id, bundle: bundle("visit", at, entry) };
	}

	/** What follows a visit whose slip was printed, or (error) was not. */
	async slip(visitId, error = "") {
		const seq = ++this.seq;
		const at = Date.now();
		const communication = {
			identifier: [{ system: `urn:lobby:kiosk:${this.id}`, value: String(seq) }],
			status: error ? "not-done" : "completed",
			...(error ? { statusReason: code("urn:lobby:slip-error", error) } : {}),
			medium: [code("http://terminology.hl7.org/CodeSystem/v3-ParticipationMode", "WRITTEN")],
			encounter: { reference: `Encounter/${visitId}` },
			sent: instant(at),
		};
		return this.send({ seq, key: randomUUID(), bundle: bundle("slip", at, [put("Communication", `${visitId}.slip`, communication)]) });
	}
}

const bundle = (tag, at, entry) => ({ resourceType: "Bundle", meta: { tag: [{ system: "urn:lobby:bundle", code: tag }] }, type: "transaction", timestamp: instant(at), entry });
const patch = (type, id, parameter) => ({ resource: { resourceType: "Parameters", parameter }, request: { method: "PATCH", url: `${type}/${id}` } });
const operation = (type, path, value) => ({
	name: "operation",
	part: [{ name: "type", valueCode: type }, { name: "path", valueString: path }, ...(value ? [{ name: "value", ...value }] : [])],
});
const phone = (value) => [
	operation("delete", "Patient.telecom.where(id='lobby-phone')"),
	{
		name: "operation",
		part: [
			{ name: "type", valueCode: "add" },
			{ name: "path", valueString: "Patient" },
			{ name: "name", valueString: "telecom" },
			{ name: "value", valueContactPoint: { id: "lobby-phone", system: "phone", value, rank: 1 } },
		],
	},
];
const task = (id, v, kind, what, at) =>
	put("Task", `${id}.${kind}`, {
		status: "requested",
		intent: "order",
		code: code("urn:lobby:task", what),
		focus: { reference: `Encounter/${id}` },
		...(v.patient ? { for: { reference: `Patient/${v.patient}` } } : {}),
		authoredOn: instant(at),
		...(v.reason ? { reasonCode: code("urn:lobby:handover-reason", v.reason) } : {}),
	});
