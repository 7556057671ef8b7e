/* The page as a whole: who is signed in, which view is shown, the line to the clinic, and what draws attention. A view is
 * a module with a `view` element that lives as long as the page, so changing tabs, losing the line or signing in again
 * comes back to the same search, the same place and the same focus. */

import { byId, setAttr, setText } from "./dom.js";
import { api, onSignedOut } from "./api.js";
import store, { changed, heard, helpWanted, load, now, onChange, onEachNews, setLink, takeEvent, waiting } from "./store.js";
import { clock, count, dayAndTime, nameOf } from "./words.js";
import { follow } from "./live.js";
import { noticeCard, setupCard, signInCard } from "./signin.js";
import { renderSide, side } from "./side.js";
import { closeDialogs } from "./dialog.js";
import { chime, setSound, soundOn } from "./sound.js";
import { listen, openKeys } from "./keys.js";
import { hideToast, say, sayNoMore, toast } from "./toast.js";
import { undoLast } from "./actions.js";
import * as arrivals from "./arrivals.js";
import * as schedule from "./schedule.js";
import * as kiosks from "./kiosks.js";
import * as people from "./people.js";

const TICK_MS = 5000;
const START_RETRY_MS = 2000;
const AWAKE_MS = 5 * 60 * 1000;
const views = { arrivals, schedule, kiosks, people };
const main = byId("main");
let current = null; // the view's name
let line = null; // follow()
let place = null; // where we were when the session ended
let unseen = 0; // arrivals since the page was last looked at

/* ---- views ---- */

const wanted = () => {
	const name = location.hash.slice(1);
	return name in views && (name !== "people" || store.user?.role === "admin") ? name : "arrivals";
};

function showView(name) {
	if (current && views[current].hide) views[current].hide();
	current = name;
	for (const a of byId("tabs").children) setAttr(a, "aria-current", a.hash === `#${name}` ? "page" : null);
	setAttr(main, "class", `app ${name}`);
	main.replaceChildren(views[name].view, side);
	if (views[name].show) views[name].show();
	render();
}

function render() {
	if (!store.user) return;
	drawHeader();
	if (current) views[current].render();
	renderSide();
}

function drawHeader() {
	setText(byId("clinic"), store.clinic);
	setText(byId("now"), dayAndTime(now()));
	const pill = byId("link-pill");
	const words = { live: "Live", connecting: "Connecting…", lost: store.heardAt ? `Reconnecting… last update ${clock(store.heardAt)}` : "Reconnecting…" };
	setText(pill, words[store.link]);
	setAttr(pill, "class", `pill ${{ live: "good dot", connecting: "", lost: "bad dot" }[store.link]}`);
	setAttr(document.body, "data-link", store.link);
	const help = helpWanted().filter((h) => h.stage === "sent");
	const title = [help.length ? `(${help.length}!) Help wanted at ${help[0].kiosk}` : unseen ? `(${unseen}) New arrivals` : `${count(waiting().length, "person", "people")} waiting`, store.clinic];
	const text = title.filter(Boolean).join(" · ");
	if (document.title !== text) document.title = text;
}

/* A page left open overnight begins the new day with the new day's list. */
let today = "";
function newDay() {
	const day = new Date(now()).toDateString();
	if (today && day !== today) api.state().then(load, () => {});
	today = day;
}

function tick() {
	if (!store.user || !current) return;
	newDay();
	drawHeader();
	if (views[current].tick) views[current].tick();
	renderSide();
}

/* ---- news ---- */

onEachNews((kind, row) => {
	if (kind === "help") {
		say(`Help wanted at ${row.kiosk}.`);
		chime("help");
	} else if (row.stage === "arrived") {
		say(`${row.kind === "handover" ? "Sent to the desk" : "Arrived"}: ${nameOf(row)}.`);
		chime("arrival");
		if (document.hidden) unseen++;
	}
});
document.addEventListener("visibilitychange", () => {
	if (document.hidden) return;
	unseen = 0;
	tick();
});

/* ---- in and out ---- */

function enter(session) {
	store.user = session.user;
	store.clinic = session.clinic_name || store.clinic;
	store.link = "connecting";
	byId("top").hidden = false;
	byId("tab-people").hidden = store.user.role !== "admin";
	setText(byId("me-name"), store.user.name);
	setText(byId("me-initial"), [...store.user.name][0]?.toUpperCase() || "•");
	setAttr(byId("me"), "aria-label", `${store.user.name}: your menu`);
	setAttr(byId("menu-sound"), "aria-pressed", String(soundOn()));
	line = follow({ load, event: takeEvent, link: setLink, heard, signedOut: sessionEnded });
	showView(wanted());
	if (place) {
		scrollTo(0, place.scroll);
		(place.focus?.isConnected ? place.focus : main).focus({ preventScroll: true });
		place = null;
	}
}

function leave() {
	line?.stop();
	line = null;
	store.user = null;
	closeDialogs();
	hideToast();
	sayNoMore();
	byId("top").hidden = true;
	byId("menu").hidePopover();
}

function show(card) {
	setAttr(main, "class", "outside");
	main.replaceChildren(card);
	(card.querySelector("input") || main).focus();
}

function sessionEnded() {
	if (!store.user) return;
	const focus = document.activeElement;
	place = { scroll: scrollY, focus: focus && main.contains(focus) ? focus : null };
	leave();
	document.title = "Sign in";
	show(signInCard(store.clinic, "Your session has ended. Sign in to carry on where you were.", enter));
}
onSignedOut(sessionEnded);

async function signOut() {
	try {
		await api.signOut();
	} catch (error) {
		if (error.status !== 401) return toast(`Not signed out. ${error.message}`, { tone: "bad" });
	}
	location.reload(); /* nothing of the session stays in this page's memory */
}

async function start() {
	const token = /^#setup=(.+)$/.exec(location.hash)?.[1];
	if (token) history.replaceState(null, "", location.pathname); /* not left in the address bar or the history */
	let session = null;
	while (!session) {
		try {
			session = await api.session();
		} catch (error) {
			if (error.status) return show(noticeCard("This page could not start", error.message));
			show(noticeCard("The clinic's server does not answer", "This page tries again by itself every few seconds."));
			await new Promise((done) => setTimeout(done, START_RETRY_MS));
		}
	}
	store.clinic = session.clinic_name;
	document.title = ["Sign in", store.clinic].filter(Boolean).join(" · ");
	if (session.user) enter(session);
	else if (session.setup && token) show(setupCard(decodeURIComponent(token), enter));
	else if (session.setup) show(noticeCard("Not set up yet", "Open the link that lobby-clinic printed when it first started; it ends in #setup= and a token."));
	else show(signInCard(store.clinic, token ? "This link has been used. Sign in with the account that was made." : "Front desk", enter));
}

/* Reading and scrolling is work too: somebody who is at the page is not idle for the clinic either. */
let awakeAt = 0;
function awake() {
	if (!store.user || Date.now() - awakeAt < AWAKE_MS) return;
	awakeAt = Date.now();
	api.session().catch(() => {});
}
for (const type of ["pointerdown", "pointermove", "keydown", "wheel"]) window.addEventListener(type, awake, { passive: true });

/* ---- wiring ---- */

byId("skip").addEventListener("click", (e) => {
	e.preventDefault();
	main.focus();
});
byId("menu-sound").addEventListener("click", (e) => {
	setSound(!soundOn());
	setAttr(e.currentTarget, "aria-pressed", String(soundOn()));
});
byId("menu-keys").addEventListener("click", () => {
	byId("menu").hidePopover();
	openKeys();
});
byId("menu-out").addEventListener("click", signOut);
window.addEventListener("hashchange", () => {
	if (store.user) showView(wanted());
	else if (location.hash.startsWith("#setup=")) start();
});

const toArrivals = (then) => () => {
	if (current !== "arrivals") location.hash = "#arrivals";
	if (current !== "arrivals") showView("arrivals");
	then();
};
listen(
	{
		search: toArrivals(arrivals.focusSearch),
		next: toArrivals(() => arrivals.moveRow(1)),
		previous: toArrivals(() => arrivals.moveRow(-1)),
		undo: undoLast,
		help: () => side.querySelector(".call button")?.focus(),
		tab: (n) => {
			const a = byId("tabs").children[n - 1];
			if (a && !a.hidden) a.click();
		},
	},
	() => store.user !== null,
);
onChange(render);
setInterval(tick, TICK_MS);
changed();
start();
