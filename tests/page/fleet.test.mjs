// The fleet on the desk's page: one kiosk, a few and forty, how each box is and what is wrong with it in words; what the
// desk can tell a kiosk, and who may; and an update on its way, which stops by itself and says why.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ADMIN, Clinic, PLACES, api, axe, box, enrol, launch, live, makeBundle, open, setUp, signIn, until } from "./world.mjs";
import { Kiosk } from "./kiosk.mjs";

const DESK = { name: "Robin Vale", password: "plain words for a test" };
const WIDTHS = [[390, 844], [1024, 768], [1440, 900]];
let clinic, browser, page;
const kiosks = [];
let beating;

before(async () => {
	browser = await launch();
	clinic = await Clinic.create(PLACES);
	page = await open(browser, `${clinic.url}#setup=${clinic.token}`);
	await setUp(page);
	await api(page, "users", { ...DESK, role: "desk" });
	await page.keyboard.press("3");
	beating = setInterval(() => kiosks.forEach((k) => k.beat().catch(() => {})), 15000);
});
after(async () => {
	clearInterval(beating);
	await browser?.close();
	await clinic?.end();
});

const card = (name) => page.locator("li.kiosk").filter({ has: page.getByRole("heading", { name, exact: true }) });
const act = (name, what) => card(name).getByRole("button", { name: what }).click();
const dialog = () => page.getByRole("dialog");
const picture = async (name, which = page) => process.env.LOBBY_PNG && which.screenshot({ path: `${process.env.LOBBY_PNG}/desk-fleet-${name}.png`, fullPage: true });

/* Nothing for axe to say and nothing that sticks out, at three widths, by day and by night: for pictures every pair, else
 * those that differ most. */
async function fine(what, which = page) {
	for (const colorScheme of ["dark", "light"]) {
		await which.emulateMedia({ colorScheme });
		for (const [width, height] of process.env.LOBBY_PNG ? WIDTHS : colorScheme === "dark" ? WIDTHS.slice(0, 1) : WIDTHS.slice(1)) {
			await which.setViewportSize({ width, height });
			assert.deepEqual(await axe(which), [], `${what}, ${colorScheme}, ${width} px`);
			assert.ok(await which.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${what}, ${width} px: nothing sticks out`);
			await picture(`${what}-${colorScheme}-${width}`, which);
		}
	}
}

/* The facts of an open card, as {Term: "text"}. */
const facts = (name) => card(name).locator(".facts > div").evaluateAll((rows) => Object.fromEntries(rows.map((r) => [r.querySelector("dt").textContent, [...r.querySelectorAll("dd")].map((d) => d.textContent).join("; ")])));

async function addKiosk(name, more = {}) {
	const kiosk = await enrol(clinic, page, name);
	await kiosk.status({ devices: [{ kind: "printer", state: "ready", name: "TM-T88VI", detail: "" }, { kind: "scanner", state: "ready", name: "Model Scanner", detail: "" }], system: box(), ...more });
	kiosks.push(kiosk);
	return kiosk;
}

test("one box says all that a technician asks on the telephone", async () => {
	const kiosk = await addKiosk("Lobby 1");
	await card("Lobby 1").getByText("0.1.0 · slot A · up 3 days").waitFor();
	const said = await facts("Lobby 1");
	assert.equal(said.Software, "0.1.0, slot A; the other slot holds 0.0.9");
	assert.equal(said["Running for"], "3 days");
	assert.equal(said.Disk, "6.7 GB of 7.6 GB free; encrypted, bound to this machine");
	assert.equal(said.Temperature, "41 °C");
	assert.equal(said.Clock, "Right");
	assert.equal(said.Network, "Cable, 192.0.2.7");
	assert.equal(said.Screen, "HDMI-A-1 1080x1920, turned by 90°");
	assert.equal(said.Devices, "Printer ready · TM-T88VI; Scanner ready · Model Scanner");
	assert.equal(await card("Lobby 1").locator(".pill").textContent(), "Ready");
	await page.locator(".summary", { hasText: "1 kiosk · all well" }).waitFor();
	await fine("one");
	await kiosk.status({ clock_ms: Date.now() - 185000, system: box({ state_free_kb: 400000, temperature_c: 82, protection: "no-tpm" }) });
	await card("Lobby 1").getByText("Its clock is 3 minutes behind.").waitFor();
	await card("Lobby 1").getByText("It is hot: 82 °C.").waitFor();
	await card("Lobby 1").getByText("Its disk is 95 % full.").waitFor();
	assert.equal((await facts("Lobby 1")).Clock, "3 min behind");
	await page.locator(".summary", { hasText: "1 to look at" }).waitFor();
	await kiosk.status({ system: box() });
	await card("Lobby 1").getByText("It is hot").waitFor({ state: "detached" });
});

test("a message, out of service and back, another name: the kiosk hears of it, and takes it back", async () => {
	const kiosk = await addKiosk("Lobby 2");
	await act("Lobby 2", "Message on the screen of Lobby 2");
	assert.deepEqual(await axe(page), []);
	await dialog().getByLabel("What should it say?").fill("é".repeat(100)); // 200 bytes
	await dialog().getByRole("button", { name: "Show it" }).click();
	await dialog().getByText("too long for a kiosk's screen").waitFor();
	await dialog().getByLabel("What should it say?").fill("We close at noon today.");
	await dialog().getByRole("button", { name: "Show it" }).click();
	await card("Lobby 2").getByText("On its screen: “We close at noon today.”").waitFor();
	assert.equal((await kiosk.orders()).notice, "We close at noon today.");
	assert.equal((await kiosks[0].orders()).notice, "");
	await act("Lobby 2", "Take out of service: Lobby 2");
	await dialog().getByRole("button", { name: "Being cleaned" }).click();
	assert.deepEqual(await axe(page), []);
	await dialog().getByRole("button", { name: "Take it out of service" }).click();
	await card("Lobby 2").getByText("Out of service: “Being cleaned”").waitFor();
	assert.equal(await card("Lobby 2").locator(".pill").textContent(), "Out of service");
	assert.equal((await kiosk.orders()).out_of_service, "Being cleaned");
	await fine("orders");
	await act("Lobby 2", "Back in service: Lobby 2");
	await card("Lobby 2").getByText("Out of service: “Being cleaned”").waitFor({ state: "detached" });
	assert.deepEqual(await kiosk.orders(), { notice: "We close at noon today.", out_of_service: "", name: "Lobby 2" });
	await act("Lobby 2", "Message on the screen of Lobby 2");
	await dialog().getByLabel("On all 2 kiosks").check();
	await dialog().getByRole("button", { name: "Take the message back" }).click();
	await card("Lobby 2").getByText("On its screen").waitFor({ state: "detached" });
	await act("Lobby 2", "Rename Lobby 2");
	await dialog().getByLabel("What is it called?").fill("East entrance");
	await dialog().getByRole("button", { name: "Rename it" }).click();
	await card("East entrance").waitFor();
	assert.equal((await kiosk.orders()).name, "East entrance");
	await act("East entrance", "Restart East entrance");
	assert.deepEqual(await axe(page), []);
	await dialog().getByRole("button", { name: "Restart East entrance" }).click();
	await card("East entrance").getByText("Restarts when nobody is at its screen").waitFor();
	assert.match(await kiosk.restart(), /^[0-9a-f-]{36}$/);
	await kiosk.status({ system: box({ booted_ms: Date.now() + 1000 }) });
	await card("East entrance").getByText("Restarts when nobody is at its screen").waitFor({ state: "detached" });
});

test("a code comes as a picture, too", async () => {
	await page.getByRole("button", { name: "Add a kiosk" }).click();
	await dialog().getByLabel("What is it called?").fill("Lab");
	await dialog().getByRole("button", { name: "Show a one-time code" }).click();
	await dialog().getByRole("img", { name: /^QR code/ }).waitFor();
	await dialog().getByText("an address that only this computer knows").waitFor();
	await fine("code");
	await page.keyboard.press("Escape");
});

test("an update: to one, then a tenth, then all; it stops by itself and says why", async () => {
	const lab = await addKiosk("Lobby 3");
	await page.getByRole("region", { name: "Updates" }).waitFor({ state: "hidden" });
	clinic.run("update", "add", makeBundle(clinic.folder, "0.2.0"));
	const panel = page.getByRole("region", { name: "Updates" });
	await panel.getByText("Not started").waitFor();
	await panel.getByText("For 3 kiosks.").waitFor();
	assert.deepEqual(await axe(page), []);
	await panel.getByRole("button", { name: "Start…" }).click();
	assert.deepEqual(await axe(page), []);
	await dialog().getByLabel("Which kiosk first?").selectOption("Lobby 3");
	await dialog().getByRole("button", { name: "Start" }).click();
	await panel.getByText("Lobby 3: not begun").waitFor();
	const offer = await lab.update();
	assert.equal(offer.version, "0.2.0");
	assert.equal(await kiosks[0].update(), null);
	const tell = (kiosk, version, stage, more = {}) => kiosk.status({ version, system: box({ version, update: { id: offer.id, stage, version: "0.2.0", percent: 0, text: "", ...more } }) });
	await tell(lab, "0.1.0", "downloading", { percent: 40 });
	await card("Lobby 3").getByText("Update 0.2.0: being downloaded, 40 %").waitFor();
	await fine("update");
	await tell(lab, "0.1.0", "fell-back", { text: "The printer did not answer." });
	await panel.getByText("Lobby 3 did not come up with it and went back to its old version. The printer did not answer.").waitFor();
	await panel.getByText("Paused", { exact: true }).waitFor();
	await card("Lobby 3").getByText("It went back from update 0.2.0. The printer did not answer.").waitFor();
	await fine("paused");
	await panel.getByRole("button", { name: "Try again" }).click();
	await panel.getByText("Lobby 3: not begun").waitFor();
	offer.id = (await lab.update()).id;
	await tell(lab, "0.2.0", "good");
	await panel.getByText("1 of 1 good").waitFor();
	await panel.getByText("1 of 2 good").waitFor();
	await tell(kiosks[0], "0.2.0", "none");
	await tell(kiosks[1], "0.2.0", "none");
	await panel.getByText("Every kiosk has it").waitFor();
	await panel.getByText("3 of 3 kiosks run it.").waitFor();
	await fine("three-done");
});

test("at the desk one sees it all, and decides what is the desk's to decide", async () => {
	const other = await open(browser, clinic.url);
	await signIn(other, DESK);
	await live(other);
	await other.keyboard.press("3");
	await other.getByRole("button", { name: "Message on the screen of Lobby 1" }).waitFor();
	assert.equal(await other.getByRole("button", { name: "Restart Lobby 1" }).isVisible(), false);
	const id = kiosks[0].id;
	assert.equal((await api(other, `kiosks/${id}/restart`, {})).status, 403);
	assert.equal((await api(other, `kiosks/${id}/orders`, { notice: "Hello" })).status, 200);
	assert.equal((await api(other, `kiosks/${id}/orders`, { notice: "" })).status, 200);
	const [{ sha256 }] = (await api(other, "fleet")).body.updates;
	assert.equal((await api(other, `updates/${sha256}/start`, {})).status, 403);
	await other.context().close();
	await page.keyboard.press("4");
	await page.getByText("Told kiosk").first().waitFor();
	await page.keyboard.press("3");
});

test("forty kiosks: closed to what matters, and one button for those to look at", async () => {
	const code = clinic.say("kiosk-code", "Lobby {n}", "--uses", "37").trim();
	assert.match(code, /^([0-9A-Z]{4}-){4}[0-9A-Z]{4}$/);
	for (let i = 0; i < 37; i++) {
		const kiosk = await Kiosk.enrol(clinic.port, code, "");
		assert.equal(kiosk.name, `Lobby ${i + 4}`);
		const state = [{}, {}, {}, { system: box({ version: "0.2.0", temperature_c: 80 }) }, { screen: "in-use" }, { devices: [{ kind: "printer", state: "paper-out", name: "TM-T88VI", detail: "" }] }, { visits_held: 2 }, { screen: "out-of-order", devices: [{ kind: "printer", state: "fault", name: "TM-T88VI", detail: "" }] }][i % 8];
		await kiosk.status({ version: "0.2.0", system: box({ version: "0.2.0" }), ...state });
		kiosks.push(kiosk);
	}
	await page.locator(".summary", { hasText: /^40 kiosks · \d+ to look at$/ }).waitFor();
	assert.deepEqual((await page.locator("li.kiosk h2").allTextContents()).slice(0, 12), ["East entrance", "Lobby 1", "Lobby 3", "Lobby 4", "Lobby 5", "Lobby 6", "Lobby 7", "Lobby 8", "Lobby 9", "Lobby 10", "Lobby 11", "Lobby 12"]);
	assert.equal(await card("Lobby 4").locator("details").getAttribute("open"), null);
	await page.getByText("40 of 40 kiosks run it.").waitFor();
	await fine("forty");
	const those = page.getByRole("button", { name: /^To look at: / });
	const many = Number((await those.textContent()).split(": ")[1]);
	await those.click();
	await until(async () => (await page.locator("li.kiosk").count()) === many, "only those to look at");
	assert.equal(await those.getAttribute("aria-pressed"), "true");
	await card("Lobby 7").getByText("It is hot: 80 °C.").waitFor();
	await card("Lobby 7").locator("summary").focus();
	await page.keyboard.press("Enter");
	await card("Lobby 7").getByText("Secure Boot on").waitFor();
	await kiosks[6].status({ version: "0.2.0", system: box({ version: "0.2.0", temperature_c: 80, memory_used_kb: 204800 }) });
	await card("Lobby 7").getByText("200 MB in use").waitFor(); // it stayed open
	if (process.env.LOBBY_PNG) await fine("forty-look");
	assert.deepEqual(page.problems, []);
});
