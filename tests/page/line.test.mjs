// The line to the clinic breaks: the page says so at once and how old it is, tries again, and catches up by itself.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Clinic, PLACES, api, axe, button, enrol, launch, live, open, patient, rowOf, setUp, until } from "./world.mjs";

let clinic, browser, page, kiosk;
const people = ["Adler", "Brandt", "Castro"];

before(async () => {
	browser = await launch();
	clinic = await Clinic.create([...PLACES, ...people.flatMap((family) => patient({ id: `t-${family.toLowerCase()}`, family, given: "Robin" }))]);
	page = await open(browser, `${clinic.url}#setup=${clinic.token}`);
	await setUp(page);
	kiosk = await enrol(clinic, page, "Lobby 1");
	await kiosk.visit({ patient: "t-adler", appointments: ["t-adler-0"], ticket: "B 01" });
	await rowOf(page, "Adler").waitFor();
});
after(async () => {
	await browser?.close();
	await clinic?.end();
});

test("when the server is gone the page says so at once, keeps what it knows and marks it as old", async () => {
	await clinic.kill();
	await page.locator("#link-pill", { hasText: /Reconnecting… last update \d+:\d\d/ }).waitFor({ timeout: 2000 });
	await page.getByText(/No connection\. This is how it was at \d+:\d\d/).waitFor();
	await rowOf(page, "Adler").waitFor();
	assert.equal(await page.locator("[data-stale]").count(), 1);
	assert.deepEqual(await axe(page), []);
});

test("a step that cannot be made is refused in words and nothing moves", async () => {
	await button(rowOf(page, "Adler"), "Call").click();
	await page.locator("#toast", { hasText: "The clinic's server does not answer" }).waitFor();
	await button(rowOf(page, "Adler"), "Call").waitFor();
});

test("it catches up when the server is back, without a reload and with the same session", async () => {
	await page.evaluate(() => (window.sameDocument = true));
	await clinic.start();
	await kiosk.visit({ patient: "t-brandt", appointments: ["t-brandt-0"], ticket: "B 02" });
	await rowOf(page, "Brandt").waitFor();
	await live(page);
	await until(async () => (await page.locator("[data-stale]").count()) === 0, "fresh again");
	assert.equal(await page.evaluate(() => window.sameDocument), true);
	await button(rowOf(page, "Adler"), "Call").click();
	await button(rowOf(page, "Adler"), "With provider").waitFor();
});

test("what happened while the line was cut comes in order, and once", async () => {
	await page.context().setOffline(true);
	await page.locator("#link-pill", { hasText: "Reconnecting" }).waitFor();
	await kiosk.visit({ patient: "t-castro", appointments: ["t-castro-0"], ticket: "B 03" });
	assert.equal(await rowOf(page, "Castro").count(), 0);
	await page.context().setOffline(false);
	await rowOf(page, "Castro").waitFor();
	await live(page);
	assert.deepEqual(await page.locator("tr.row:visible .c-number").allTextContents(), ["B 03", "B 02", "B 01"]);
	await page.locator("#say", { hasText: "Castro" }).waitFor({ state: "attached" });
	assert.equal((await api(page, "state")).body.arrivals.length, 3);
});

test("a cursor that the clinic does not know any more means: all of it again", async () => {
	await page.route("**/desk/api/events**", (route) => route.continue({ url: route.request().url().replace(/cursor=[^&]*/, "cursor=999999999"), headers: { ...route.request().headers(), "last-event-id": "999999999" } }), { times: 1 });
	const reloaded = page.waitForRequest("**/desk/api/state");
	await page.context().setOffline(true);
	await page.locator("#link-pill", { hasText: "Reconnecting" }).waitFor();
	await page.context().setOffline(false);
	await reloaded;
	await live(page);
	assert.equal(await page.locator("tr.row:visible").count(), 3);
	assert.deepEqual(page.problems, []);
});
