// A technician tests a kiosk, and the desk's page says so by itself: when, how it went, and every line on demand.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Clinic, PLACES, axe, enrol, launch, open, setUp } from "./world.mjs";

const STICK = { kind: "unknown", state: "unsupported", name: "Model Stick", detail: "No driver for class 08 (mass storage)." };
let clinic, browser, page, kiosk;

before(async () => {
	browser = await launch();
	clinic = await Clinic.create(PLACES);
	page = await open(browser, `${clinic.url}#setup=${clinic.token}`);
	await setUp(page);
	kiosk = await enrol(clinic, page, "Lobby 1");
	await page.keyboard.press("3");
});
after(async () => {
	await browser?.close();
	await clinic?.end();
});
const card = () => page.locator("li.kiosk", { hasText: "Lobby 1" });

test("a kiosk that was never tested says so, and has nothing to show", async () => {
	await card().getByText("Not self-tested yet").waitFor();
	assert.equal(await card().getByRole("button", { name: "Self-tests of Lobby 1" }).isVisible(), false);
});

test("a failed and then a passed test appear by themselves, with their lines on demand", async () => {
	await kiosk.selfTest(false, [["print", "failed", "TM-T88VI (04b8:0202)", "Not printed. Out of paper."]], 3600);
	await card().getByText(/^Self-test failed, /).waitFor();
	await kiosk.selfTest(true, [
		["device", "passed", "TM-T88VI (04b8:0202)", "Ready."],
		["print", "passed", "TM-T88VI (04b8:0202)", "The printer says that it is out."],
		["scan", "passed", "Model Scanner (1209:0001)", "PDF417 code, 214 characters."],
		["stripe", "skipped", "", "No stripe reader is plugged in."],
	]);
	await card().getByText(/^Self-test passed, \d+ \w{3,4} \d+:\d\d [AP]M$/).waitFor();
	const opener = card().getByRole("button", { name: "Self-tests of Lobby 1" });
	await opener.focus();
	await page.keyboard.press("Enter");
	const dialog = page.getByRole("dialog", { name: "Self-tests of Lobby 1" });
	await dialog.getByRole("heading", { name: /^Passed, / }).waitFor();
	assert.deepEqual(await dialog.locator(".test-lines").first().locator(".pill").allTextContents(), ["Passed", "Passed", "Passed", "Not tested"]);
	await dialog.getByText("PDF417 code, 214 characters.").waitFor();
	assert.equal(await dialog.getByText("Not printed. Out of paper.").isVisible(), false);
	for (const [width, height] of [[390, 844], [1440, 900]]) {
		await page.setViewportSize({ width, height });
		assert.deepEqual(await axe(page), [], `${width} px`);
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px: nothing sticks out`);
	}
	await dialog.getByText(/^Failed, /).click();
	await dialog.getByText("Not printed. Out of paper.").waitFor();
	assert.deepEqual(await axe(page), []);
	if (process.env.LOBBY_PNG) await page.screenshot({ path: `${process.env.LOBBY_PNG}/desk-selftests.png` });
	await page.keyboard.press("Escape");
	assert.ok(await opener.evaluate((b) => b === document.activeElement), "focus returns to where it was");
	assert.deepEqual(page.problems, []);
});

test("a device that nobody knows is shown and worries nobody", async () => {
	await kiosk.status({ devices: [STICK, { kind: "label-printer", state: "ready", name: "ZD421", detail: "" }] });
	await card().getByText("Unknown device not supported · Model Stick · No driver for class 08").waitFor();
	await card().getByText("Label printer ready · ZD421").waitFor();
	assert.equal(await card().locator(".pill").textContent(), "Ready");
	assert.deepEqual(await axe(page), []);
	if (process.env.LOBBY_PNG) await page.screenshot({ path: `${process.env.LOBBY_PNG}/desk-kiosks.png` });
});
