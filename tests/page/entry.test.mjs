// The way in and out: the first start's link, signing in, who may do what, and a session that ends while somebody works.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADMIN, Clinic, PLACES, api, axe, button, enrol, launch, live, open, patient, rowOf, setUp, signIn, until } from "./world.mjs";

let clinic, browser, page;
before(async () => {
	browser = await launch();
	clinic = await Clinic.create([...PLACES, ...patient({ id: "t-garcia", family: "Garcia", given: "Maria" })]);
});
after(async () => {
	await browser?.close();
	await clinic?.end();
});

test("without the link a clinic that is not set up says where to find it", async () => {
	const stranger = await open(browser, clinic.url);
	await stranger.getByRole("heading", { name: "Not set up yet" }).waitFor();
	assert.deepEqual(await axe(stranger), []);
	await stranger.context().close();
});

test("the link of the first start makes the first account, and leaves no token in the address", async () => {
	page = await open(browser, `${clinic.url}#setup=${clinic.token}`);
	await page.getByRole("heading", { name: "Welcome to Lobby" }).waitFor();
	assert.equal(new URL(page.url()).hash, "");
	assert.deepEqual(await axe(page), []);
	await setUp(page);
	await page.getByRole("heading", { name: "Nobody waiting" }).waitFor();
});

test("the link works once", async () => {
	const second = await open(browser, `${clinic.url}#setup=${clinic.token}`);
	await second.getByText("This link has been used").waitFor();
	const answer = await api(second, "setup", { token: clinic.token, name: "Eve", password: "another long password" });
	assert.notEqual(answer.status, 200);
	await second.context().close();
});

test("a wrong password is refused in words, the right one lets in", async () => {
	const other = await open(browser, clinic.url);
	await other.getByRole("button", { name: "Sign in" }).waitFor();
	assert.deepEqual(await axe(other), []);
	await signIn(other, { name: ADMIN.name, password: "not the password" });
	const problem = other.getByRole("alert");
	await until(async () => (await problem.textContent()).length > 10, "the refusal");
	assert.equal(await other.locator("tr.row").count(), 0);
	assert.deepEqual(await axe(other), []);
	await other.getByLabel("Password", { exact: true }).fill(ADMIN.password);
	await other.keyboard.press("Enter");
	await live(other);
	await other.context().close();
});

test("an administrator adds a colleague, who signs in and has no such power", async () => {
	await page.getByRole("link", { name: "People" }).click();
	await page.getByLabel("Name", { exact: true }).fill("Ada Moreau");
	await page.getByLabel("First password").fill("quite a long password");
	await page.getByRole("button", { name: "Add person" }).click();
	await page.getByText("Ada Moreau can now sign in.").waitFor();
	await page.locator(".people .list li", { hasText: "Ada Moreau" }).filter({ hasText: "Front desk" }).waitFor();
	assert.deepEqual(await axe(page), []);
	const ada = await open(browser, clinic.url);
	await signIn(ada, { name: "Ada Moreau", password: "quite a long password" });
	await live(ada);
	assert.equal(await ada.getByRole("link", { name: "People" }).count(), 0);
	assert.equal((await api(ada, "users")).status, 403);
	await ada.context().close();
	await page.getByRole("link", { name: "Arrivals" }).click();
});

test("a session that ends asks to sign in and comes back to the same place", async () => {
	const kiosk = await enrol(clinic, page, "Lobby 1");
	await kiosk.visit({ patient: "t-garcia", appointments: ["t-garcia-0"], ticket: "B 14" });
	await rowOf(page, "Garcia, Maria").waitFor();
	await page.getByLabel("Search name or number").fill("garcia");
	await page.context().clearCookies();
	// The search may have met the end of the session first: then the button is gone already.
	await button(rowOf(page, "Garcia, Maria"), "Call")
		.click({ timeout: 1000 })
		.catch(() => {});
	await page.getByText("Your session has ended").waitFor();
	assert.equal(await page.getByText("Garcia").count(), 0, "no patient behind the sign-in");
	assert.deepEqual(await axe(page), []);
	await signIn(page);
	await live(page);
	assert.equal(await page.getByLabel("Search name or number").inputValue(), "garcia");
	await button(rowOf(page, "Garcia, Maria"), "Call").click();
	await button(rowOf(page, "Garcia, Maria"), "With provider").waitFor();
});

test("signing out leaves nothing on the page", async () => {
	await page.getByRole("button", { name: /your menu/ }).click();
	assert.deepEqual(await axe(page), []);
	await page.getByRole("button", { name: "Sign out" }).click();
	await page.getByLabel("Password", { exact: true }).waitFor();
	assert.equal((await api(page, "state")).status, 401);
	assert.equal(await page.getByText("Garcia").count(), 0);
	assert.deepEqual(page.problems, []);
});
