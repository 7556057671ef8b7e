// The working day: people arrive, are called, seen and taken back; two desks at once; help; kiosks in trouble; searching;
// and a patient whose name is an attack.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { Clinic, PLACES, api, button, enrol, launch, live, open, patient, rowOf, setUp, signIn, until } from "./world.mjs";

const EVIL = "<img src=x onerror=\"document.title='owned'\">";
const SHARED = '{"verifiableCredential":["eyJhbGciOiJFUzI1NiJ9.e30.AA"]}';
let clinic, browser, page, kiosk, silent;

before(async () => {
	browser = await launch();
	clinic = await Clinic.create([
			...PLACES,
			...patient({ id: "t-garcia", family: "Garcia", given: "Maria" }),
			...patient({ id: "t-okafor", family: "Okafor", given: "Daniel", appointments: [{ in_min: 7, with: "test-lind", where: "test-a" }] }),
			...patient({ id: "t-munoz", family: "Muñoz-Åberg", given: "José" }),
			...patient({ id: "t-over", family: "Overby", given: "Lena" }),
			...patient({ id: "t-evil", family: EVIL, given: "<script>document.title='owned'</script>" }),
			...patient({ id: "t-booked", family: "Quillfeather", given: "Nell", appointments: [{ in_min: 30 }] }),
			...patient({ id: "t-two", family: "Haddad", given: "Youssef", appointments: [{ in_min: 5 }, { in_min: 40, with: "test-lind", where: "test-a" }] }),
		]);
	page = await open(browser, `${clinic.url}#setup=${clinic.token}`);
	await setUp(page);
	silent = await enrol(clinic, page, "East entrance");
	await silent.status({ visits_held: 2 });
	kiosk = await enrol(clinic, page, "Lobby 1");
});
after(async () => {
	await browser?.close();
	await clinic?.end();
});
const toast = () => page.locator("#toast");

test("an arrival appears by itself, in its place, and is announced", async () => {
	await kiosk.visit({ patient: "t-okafor", appointments: ["t-okafor-0"], ticket: "A 07", ago_s: 600 });
	await rowOf(page, "Okafor, Daniel").waitFor();
	await kiosk.visit({ patient: "t-garcia", appointments: ["t-garcia-0"], ticket: "B 14" });
	const row = rowOf(page, "Garcia, Maria");
	await row.waitFor();
	for (const text of ["B 14", "Dr. Shah", "Waiting B", "0 min"]) assert.ok((await row.textContent()).includes(text), text);
	await page.locator("#say", { hasText: "Garcia, Maria" }).waitFor({ state: "attached" });
	await page.getByRole("heading", { name: "2 waiting" }).waitFor();
	await page.getByText("longest 10 min · median 5 min").waitFor();
	assert.deepEqual(await page.locator("tr.row:visible .c-number").allTextContents(), ["B 14", "A 07"], "newest on top");
});

test("a new arrival takes focus from nobody", async () => {
	const call = button(rowOf(page, "Okafor"), "Call");
	await call.focus();
	await kiosk.visit({ patient: "t-munoz", appointments: ["t-munoz-0"], ticket: "B 15" });
	await rowOf(page, "Muñoz-Åberg, José").waitFor();
	assert.ok(await call.evaluate((b) => b === document.activeElement));
});

test("while the pointer moves over the list nothing slides under it", async () => {
	const box = await rowOf(page, "Okafor").boundingBox();
	let x = box.x + 40;
	const wiggle = () => page.mouse.move((x += 1), box.y + 20);
	await wiggle();
	await kiosk.visit({ patient: "t-over", appointments: ["t-over-0"], ticket: "B 31" });
	await until(async () => (await wiggle(), page.getByRole("heading", { name: "4 waiting" }).isVisible()), "the count");
	assert.equal(await rowOf(page, "B 31").count(), 0, "not while the hand is there");
	assert.deepEqual(await rowOf(page, "Okafor").boundingBox(), box);
	await page.mouse.move(5, 5);
	await rowOf(page, "B 31").waitFor();
});

test("one next step a row, each with a way back", async () => {
	const row = rowOf(page, "Garcia");
	await button(row, "Call").click();
	await toast().getByText("B 14, Garcia, Maria: called.").waitFor();
	await button(row, "With provider").waitFor();
	await toast().getByRole("button", { name: "Undo" }).click();
	await button(row, "Call").waitFor();
	await button(row, "Call").click();
	await button(row, "With provider").click();
	await button(row, "Done").click();
	await page.getByText("Seen today · 1").waitFor();
	assert.equal(await rowOf(page, "Garcia").count(), 0, "folded away");
	await page.getByText("Seen today · 1").click();
	await button(rowOf(page, "Garcia"), "Undo").click();
	await button(rowOf(page, "Garcia"), "Done").waitFor();
	assert.equal(await page.locator("details.seen:visible").count(), 0);
});

test("a double click is one step", async () => {
	await button(rowOf(page, "Okafor"), "Call").dblclick();
	await toast().getByText("Okafor, Daniel: called.").waitFor();
	const { body } = await api(page, "state");
	assert.equal(body.arrivals.find((r) => r.patient?.id === "t-okafor").stage, "called");
});

test("of two desks at once the second is told who was first", async () => {
	assert.equal((await api(page, "users", { name: "Ada Moreau", password: "quite a long password", role: "desk" })).status, 200);
	const other = await open(browser, clinic.url);
	await signIn(other, { name: "Ada Moreau", password: "quite a long password" });
	await live(other);
	/* the first page hears nothing of it: its stream is held while Ada acts */
	await page.route("**/desk/api/events**", (route) => route.abort());
	const moved = page.waitForRequest("**/desk/api/arrivals/*/next");
	const held = new Promise((go) => page.route("**/desk/api/arrivals/*/next", async (route) => (await go, await released, route.continue()), { times: 1 }));
	let release;
	const released = new Promise((go) => (release = go));
	await button(rowOf(page, "Muñoz"), "Call").click();
	await moved;
	void held;
	await button(rowOf(other, "Muñoz"), "Call").click();
	await button(rowOf(other, "Muñoz"), "With provider").waitFor();
	release();
	await toast().getByText(/Ada Moreau was quicker: B 15, Muñoz-Åberg, José called at/).waitFor();
	await button(rowOf(page, "Muñoz"), "With provider").waitFor();
	await page.unroute("**/desk/api/events**");
	await live(page);
	await other.context().close();
});

test("what needs a look says so: new insurance, nobody found, a slip that failed, two appointments", async () => {
	const two = await kiosk.visit({ patient: "t-two", appointments: ["t-two-0", "t-two-1"], ticket: "B 16", insurance: "new", payor: "Blue Ridge Health PPO", member: "XQ884417", contact: "changed", phone: "555-0199", document: { title: "2 immunizations", issuer: "Harborline Hospital", file: SHARED } });
	const row = rowOf(page, "Haddad");
	await row.locator("[data-flag=insurance-new]").waitFor();
	await row.locator("[data-flag=contact-changed]").waitFor();
	await row.locator("[data-flag=document]").waitFor();
	assert.equal(await row.locator(".c-with .lines").count(), 2);
	await kiosk.slip(two, "paper-out");
	await row.locator("[data-flag=slip-failed]").waitFor();
	await kiosk.visit({ kind: "handover", reason: "not-found", step: "first-letter", ticket: "D 03", birth_date: "1985-04-17", family_initial: "G", ago_s: 240 });
	const handover = page.locator("tr.row.handover");
	await handover.waitFor();
	assert.match(await handover.textContent(), /Not identified: born 17 Apr 1985/);
	await handover.locator("[data-flag=handover]", { hasText: "stopped on the last name step" }).waitFor();
});

test("a visit that the kiosk held back is marked late", async () => {
	await kiosk.visit({ patient: "t-garcia", appointments: [], ticket: "B 20", ago_s: 400 });
	await rowOf(page, "B 20").locator("[data-flag=late-sent]").waitFor();
});

test("a look at a patient shows what the kiosk was told and goes into the audit trail", async () => {
	await rowOf(page, "Haddad").getByRole("button", { name: /Details of/ }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByText("Blue Ridge Health PPO").waitFor();
	await dialog.getByText("555-0199").waitFor();
	await dialog.getByText("2 immunizations · vouched for by Harborline Hospital").waitFor();
	const saving = page.waitForEvent("download");
	await dialog.getByRole("link", { name: "Save the file" }).click();
	const saved = await saving;
	assert.equal(saved.suggestedFilename(), "health-record.smart-health-card");
	assert.equal(await readFile(await saved.path(), "utf8"), SHARED);
	await page.keyboard.press("Escape");
	await dialog.waitFor({ state: "detached" });
	const { body } = await api(page, "audit");
	assert.ok(body.entries.some((e) => e.user === "Sam Rivera" && JSON.stringify(e).includes("t-two")));
});

test("a name that is an attack is only a name", async () => {
	await kiosk.visit({ patient: "t-evil", appointments: ["t-evil-0"], ticket: "B 66" });
	const row = rowOf(page, "B 66");
	await row.waitFor();
	assert.ok((await row.textContent()).includes(EVIL));
	await button(row, "Call").click();
	await toast().getByText(EVIL).waitFor();
	await row.getByRole("button", { name: /Details of/ }).click();
	await page.getByRole("dialog").getByText("Insurance").waitFor();
	await page.keyboard.press("Escape");
	await page.getByRole("link", { name: "Schedule" }).click();
	await page.locator("tr.row", { hasText: EVIL }).waitFor();
	await page.getByRole("link", { name: "Arrivals" }).click();
	assert.equal(await page.locator("main img, main script, #toast img, #say img").count(), 0);
	assert.doesNotMatch(await page.title(), /owned/);
});

test("search finds by name, without accents, and by number, and who is not here yet", async () => {
	const search = page.getByLabel("Search name or number");
	await search.fill("munoz");
	await until(async () => (await rowOf(page, "").count()) === 1, "one row");
	await rowOf(page, "Muñoz-Åberg").waitFor();
	await search.fill("b16");
	await until(async () => (await rowOf(page, "").count()) === 1, "one row");
	await rowOf(page, "Haddad").waitFor();
	await search.fill("quillfeather");
	await page.getByText("Nobody here matches “quillfeather”.").waitFor();
	await page.locator(".not-here li", { hasText: "Quillfeather, Nell" }).getByText("Not here yet").waitFor();
	await search.press("Escape");
	await rowOf(page, "Okafor").waitFor();
	await page.locator(".not-here").waitFor({ state: "hidden" });
});

test("a call for help is answered: on my way, which the kiosk learns, then done", async () => {
	const help = { id: "2b1f6a52-8f0e-4a3c-9f64-0c8f0a9d1e11" };
	assert.equal((await kiosk.help("insurance", help)).stage, "sent");
	const card = page.locator(".call");
	await card.getByText("Help wanted at Lobby 1").waitFor();
	await card.getByText(/on the insurance step/).waitFor();
	assert.match(await page.title(), /Help wanted at Lobby 1/);
	await page.locator(".kiosk-list li", { hasText: "Lobby 1" }).getByText("Help wanted").waitFor();
	await button(card, "On my way").click();
	await card.getByText(/You are on the way/).waitFor();
	assert.equal((await kiosk.help("insurance", help)).stage, "on-the-way");
	await button(card, "Done").click();
	await card.waitFor({ state: "detached" });
	assert.equal((await kiosk.help("insurance", help)).stage, "done");
});

test("kiosks say how they are, in words", async () => {
	const pill = page.locator(".kiosk-list li", { hasText: "Lobby 1" }).locator(".pill");
	const says = (text) => until(async () => (await pill.textContent()) === text, text);
	const printer = (state) => [{ kind: "printer", state, name: "TM-T88VI", detail: "" }];
	await kiosk.status({ screen: "in-use" });
	await says("In use");
	await kiosk.status({ devices: printer("paper-low") });
	await says("Paper low");
	await kiosk.status({ screen: "out-of-order", devices: printer("offline") });
	await says("Out of order: printer offline");
	await kiosk.status({ devices: printer("ready") });
	await says("Ready");
});

test("a visit that cannot be read is set aside and the desk is told", async () => {
	const [row] = await kiosk.send({ ...kiosk.make({ patient: "t-garcia" }), bundle: { resourceType: "Basket" } });
	assert.equal(row.result, "never");
	await page.getByText("1 visit could not be read and was set aside.").waitFor();
	await page.getByRole("button", { name: "Show" }).click();
	await page.getByRole("dialog").locator("li", { hasText: "Lobby 1" }).waitFor();
	await page.keyboard.press("Escape");
});

test("a kiosk is added with a code shown large and the exact command, and removed after a question", async () => {
	await page.getByRole("link", { name: "Kiosks" }).click();
	await page.getByRole("button", { name: "Add a kiosk" }).click();
	const dialog = page.getByRole("dialog");
	await dialog.getByLabel("What is it called?").fill("Lab");
	await page.keyboard.press("Enter");
	const code = await dialog.locator(".code").textContent();
	assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
	await dialog.getByText(`lobbyctl enrol ${clinic.url.replace(/\/$/, "")} ${code}`).waitFor();
	await dialog.getByText(/Works once, for another (10:00|9:\d\d)/).waitFor();
	const { Kiosk } = await import("./kiosk.mjs");
	const lab = await Kiosk.enrol(clinic.port, code, "Lab");
	await lab.status();
	await dialog.getByText("Lab is enrolled.").waitFor();
	await page.keyboard.press("Escape");
	await page.getByRole("button", { name: "Remove Lab" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Remove Lab" }).click();
	await page.locator(".kiosk", { hasText: "Lab" }).waitFor({ state: "detached" });
	await assert.rejects(lab.status(), /401/);
	await page.getByRole("link", { name: "Arrivals" }).click();
});

test("the schedule shows today's appointments and who is here", async () => {
	await page.getByRole("link", { name: "Schedule" }).click();
	await page.locator("tr.row", { hasText: "Okafor, Daniel" }).getByText("Arrived").waitFor();
	await page.locator("tr.row", { hasText: "Quillfeather, Nell" }).getByText("Not here yet").waitFor();
	await page.getByRole("link", { name: "Arrivals" }).click();
});

test("a kiosk that went silent is offline, with the visits that it holds", async () => {
	const pill = page.locator(".kiosk-list li", { hasText: "East entrance" }).locator(".pill");
	await until(async () => /^Offline .* · 2 visits held$/.test(await pill.textContent()), "offline", 60000);
	await page.getByText("2 visits not yet sent by East entrance.").waitFor();
	await silent.status();
	await until(async () => (await pill.textContent()) === "Ready", "back");
	assert.deepEqual(page.problems, []);
});
