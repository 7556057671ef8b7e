// For everybody: axe finds nothing on any view in any state and width, and the whole day can be worked by keyboard alone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADMIN, Clinic, PLACES, axe, enrol, launch, live, open, patient, rowOf, setUp } from "./world.mjs";

let clinic, browser, page, kiosk;

before(async () => {
	browser = await launch();
	clinic = await Clinic.create([
			...PLACES,
			...patient({ id: "t-garcia", family: "Garcia", given: "Maria" }),
			...patient({ id: "t-okafor", family: "Okafor", given: "Daniel", appointments: [{ in_min: 7, with: "test-lind", where: "test-a" }] }),
			...patient({ id: "t-nguyen", family: "Nguyen", given: "Linh", language: "vi" }),
			...patient({ id: "t-petrov", family: "Petrov", given: "Anna", appointments: [{ in_min: -13, with: "test-lind", where: "test-a" }] }),
			...patient({ id: "t-weiss", family: "Weiss", given: "Karl" }),
			...patient({ id: "t-later", family: "Castellan", given: "Robin", appointments: [{ in_min: 25 }] }),
		]);
	page = await open(browser, `${clinic.url}#setup=${clinic.token}`);
});
after(async () => {
	await browser?.close();
	await clinic?.end();
});

test("set-up by keyboard, and the empty views", async () => {
	await page.getByLabel("Your name").waitFor();
	await page.keyboard.type(ADMIN.name);
	await page.keyboard.press("Tab");
	await page.keyboard.type(ADMIN.password);
	await page.keyboard.press("Enter");
	await live(page);
	await page.getByText("Nobody is waiting.").waitFor();
	assert.deepEqual(await axe(page), []);
	await page.keyboard.press("3");
	await page.getByText("No kiosk is enrolled yet. Add one").waitFor();
	assert.deepEqual(await axe(page), []);
	await page.keyboard.press("1");
});

test("arrivals of every kind, help and kiosks in trouble: nothing for axe to say, at three widths", async () => {
	kiosk = await enrol(clinic, page, "Lobby 1");
	const east = await enrol(clinic, page, "East entrance");
	await east.status({ screen: "out-of-order", visits_held: 1, devices: [{ kind: "printer", state: "offline", name: "TM-T88VI", detail: "" }] });
	await kiosk.status({ screen: "in-use", devices: [{ kind: "printer", state: "paper-low", name: "TM-T88VI", detail: "" }] });
	await kiosk.visit({ patient: "t-petrov", appointments: ["t-petrov-0"], ticket: "A 06", ago_s: 23 * 60, insurance: "none" });
	await kiosk.visit({ patient: "t-nguyen", appointments: ["t-nguyen-0"], ticket: "B 13", ago_s: 17 * 60, language: "vi" });
	await kiosk.visit({ patient: "t-okafor", appointments: ["t-okafor-0"], ticket: "A 07", ago_s: 420 });
	await kiosk.visit({ kind: "handover", reason: "not-found", step: "first-letter", ticket: "D 03", birth_date: "1985-04-17", family_initial: "G", ago_s: 240 });
	const weiss = await kiosk.visit({ patient: "t-weiss", appointments: ["t-weiss-0"], ticket: "B 12", ago_s: 120 });
	await kiosk.slip(weiss, "paper-out");
	await kiosk.visit({ patient: "t-garcia", appointments: ["t-garcia-0"], ticket: "B 14", insurance: "new", payor: "Blue Ridge Health PPO", member: "XQ884417", contact: "changed", phone: "555-0199" });
	await kiosk.help("insurance");
	await page.locator(".call").waitFor();
	await rowOf(page, "Garcia").waitFor();
	await rowOf(page, "over 20 min").waitFor();
	await rowOf(page, "over 15 min").waitFor();
	for (const [width, height] of [[1024, 768], [390, 844], [1440, 900]]) {
		await page.setViewportSize({ width, height });
		for (const colorScheme of ["dark", "light"]) {
			await page.emulateMedia({ colorScheme });
			assert.deepEqual(await axe(page), [], `${colorScheme}, ${width} px`);
			if (process.env.LOBBY_PNG) await page.screenshot({ path: `${process.env.LOBBY_PNG}/desk-${colorScheme}-${width}.png` });
		}
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px: nothing sticks out`);
	}
});

const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") || document.activeElement.textContent);

test("the queue by keyboard alone: move, step on, undo, search, help", async () => {
	await page.reload();
	await rowOf(page, "Garcia").waitFor();
	await press("Tab");
	assert.equal(await focused(), "Skip to the list");
	await press("Enter", "j");
	assert.equal(await focused(), "Call: B 14, Garcia, Maria");
	await press("j", "ArrowDown", "k");
	assert.match(await focused(), /^Call: B 12/);
	await press("Enter");
	await page.locator("#toast", { hasText: "B 12, Weiss, Karl: called." }).waitFor();
	assert.match(await focused(), /^With provider: B 12/, "focus stays on the row");
	await press("u");
	await page.locator("#toast", { hasText: "Undone." }).waitFor();
	await press("Enter");
	await page.locator("#toast", { hasText: "called." }).waitFor();
	await press("/");
	await page.keyboard.type("castellan");
	await page.locator(".not-here li", { hasText: "Castellan, Robin" }).waitFor();
	assert.deepEqual(await axe(page), []);
	await press("Escape", "Tab", "h", "Enter");
	await page.locator(".call", { hasText: "You are on the way" }).waitFor();
	assert.match(await focused(), /^Done: Lobby 1/);
	await press("Enter");
	await page.locator(".call").waitFor({ state: "detached" });
});

test("from with provider to done: focus goes on down the list, not away", async () => {
	await press("j");
	const first = await focused();
	await press("Enter", "k");
	assert.ok(first);
	await page.locator("tr.row", { hasText: "Garcia" }).getByRole("button", { name: /^With provider/ }).focus();
	await press("Enter");
	await page.locator("tbody.provider tr.row", { hasText: "Garcia" }).waitFor();
	assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BODY");
	await page.locator("tbody.provider").getByRole("button", { name: /^Done/ }).focus();
	await press("Enter");
	await page.getByText("Seen today · 1").waitFor();
	assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BODY");
	await page.getByText("Seen today · 1").focus();
	await press("Enter");
	await page.locator(".seen tr.row", { hasText: "Garcia" }).waitFor();
	assert.deepEqual(await axe(page), []);
});

test("every dialog and view, by keyboard and under axe", async () => {
	await press("?");
	await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
	assert.deepEqual(await axe(page), []);
	await press("Escape");
	await page.getByRole("button", { name: /Details of B 14/ }).focus();
	await press("Enter");
	await page.getByRole("dialog").getByText("Blue Ridge Health PPO").waitFor();
	assert.deepEqual(await axe(page), []);
	await press("Escape");
	assert.match(await focused(), /Details of B 14/, "focus returns to where it was");
	await press("2");
	await page.locator("tr.row", { hasText: "Castellan, Robin" }).waitFor();
	assert.deepEqual(await axe(page), []);
	await press("3");
	await page.getByRole("button", { name: "Add a kiosk" }).focus();
	assert.deepEqual(await axe(page), []);
	await press("Enter");
	await page.keyboard.type("Lab");
	assert.deepEqual(await axe(page), []);
	await press("Enter");
	await page.locator(".code").waitFor();
	assert.deepEqual(await axe(page), []);
	await press("Escape");
	await page.getByRole("button", { name: "Remove East entrance" }).focus();
	await press("Enter");
	await page.getByRole("dialog", { name: "Remove this kiosk?" }).waitFor();
	assert.deepEqual(await axe(page), []);
	await press("Escape", "4");
	await page.getByRole("heading", { name: "Who may sign in" }).waitFor();
	assert.deepEqual(await axe(page), []);
});

test("single keys can be turned off", async () => {
	await press("1", "?");
	await page.getByLabel("Use single-key shortcuts").uncheck();
	await press("Escape", "2");
	assert.equal(await page.getByRole("link", { name: "Arrivals" }).getAttribute("aria-current"), "page");
	assert.deepEqual(page.problems, []);
});
