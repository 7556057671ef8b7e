/* How the desk says things: times of day, minutes, the state of a kiosk, the step where somebody stopped. All in one place,
 * so that a pill, a toast and what a screen reader hears use the same words. Pure: no page, no network. */

const clockFormat = new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const dateFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** "9:41" */
export const clock = (ms) => clockFormat.format(ms).replace(/\s?[AP]M$/i, "");
/** "9:41 AM" */
export const clockFull = (ms) => clockFormat.format(ms).replace(/\s/g, " ");
/** "Mon 23 Nov · 9:43 AM" */
export const dayAndTime = (ms) => `${dayFormat.format(ms).replace(",", "")} · ${clockFull(ms)}`;

export const minutesOf = (from, now) => Math.max(0, Math.floor((now - from) / 60000));

/** "7 min", "1 h 12 min" */
export function minutes(n) {
	if (n < 60) return `${n} min`;
	return n % 60 ? `${Math.floor(n / 60)} h ${n % 60} min` : `${Math.floor(n / 60)} h`;
}

/** "just now", "40 seconds", "4 min"; seconds go by fives, so that nothing flickers */
export function since(from, now) {
	const s = Math.max(0, Math.floor((now - from) / 1000));
	if (s < 5) return "just now";
	return s < 60 ? `${s - (s % 5)} seconds` : minutes(Math.floor(s / 60));
}
export const ago = (from, now) => (since(from, now) === "just now" ? "just now" : `${since(from, now)} ago`);

export const count = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;

export const capital = (s) => s.charAt(0).toUpperCase() + s.slice(1);

/* ---- the queue ---- */

export const STAGES = ["arrived", "called", "with-provider", "done"];
/** What the button of a row in this stage says. */
export const NEXT = { arrived: "Call", called: "With provider", "with-provider": "Done" };
/** Where Undo takes a row of this stage to. */
export const UNDO = { called: "Back to waiting", "with-provider": "Back to called", done: "Back to with provider" };
/** "B 14, Garcia, Maria: called." */
export const HAPPENED = { arrived: "is waiting again", called: "called", "with-provider": "with provider", done: "done" };

export const who = (row) => row.patient?.name || row.described || "Name not known";
export const nameOf = (row) => [row.number, who(row)].filter(Boolean).join(", ");

const WARN = new Set(["insurance-new", "insurance-none", "handover", "slip-failed", "label-failed", "late-sent", "document-unopened", "document-other"]);
export const flagTone = (kind) => (WARN.has(kind) ? "warn" : "info");

/* ---- steps of the check-in, as the kiosk names its screens (src/kiosk/flow.c) ---- */

const STEPS = {
	welcome: "on the first screen",
	birthday: "on the birthday step",
	"first-letter": "on the last name step",
	"first-name-letter": "on the first name step",
	phone: "on the phone number step",
	appointments: "on the appointment step",
	choose: "on the appointment step",
	contact: "on the contact details step",
	"contact-change": "changing contact details",
	"contact-edit": "changing contact details",
	insurance: "on the insurance step",
	"insurance-new": "adding an insurance card",
	"insurance-card": "looking at an insurance card that was read",
	"insurance-type": "typing in an insurance card",
	share: "asked about a health record",
	wait: "while the kiosk was working",
	done: "on the last screen",
	"already-checked-in": "on the last screen",
	desk: "on the way to the desk",
	"out-of-order": "at the broken kiosk",
	starting: "at the kiosk that is starting",
	restarting: "at the kiosk that is starting",
	"out-of-service": "at the kiosk that is out of service",
};
/* A technician's: the first start, and the machine itself. */
for (const step of ["setup-language", "setup-stick", "panel", "network", "wireless", "passphrase", "address", "clinic", "clinic-type", "enrol", "setup-done"])
	STEPS[step] = "at the kiosk that is being set up";
for (const step of ["box", "about", "update", "box-ask", "install", "install-ask"]) STEPS[step] = "at the kiosk that a technician has open";
export const stepWords = (step) => STEPS[step] || "";

/* ---- links that patients shared (src/clinic/health_link.c) ---- */

const DOCUMENTS = {
	held: "Not opened yet",
	resolved: "Opened",
	passcode: "Asks for a passcode",
	gone: "Nothing is behind it any more",
};
export const documentWords = (state) => DOCUMENTS[state] || "Could not be opened";
export const documentTone = (state) => (state === "resolved" ? "pill" : "pill warn");

/* ---- kiosks ---- */

const DEVICES = { printer: "printer", scanner: "scanner", "card-reader": "card reader", "stripe-reader": "card stripe reader", "label-printer": "label printer", unknown: "unknown device" };
const deviceName = (d) => DEVICES[d.kind] || d.kind;
const DEVICE_STATES = {
	absent: (d) => `${deviceName(d)} unplugged`,
	starting: (d) => `${deviceName(d)} starting`,
	ready: (d) => `${deviceName(d)} ready`,
	"paper-low": () => "paper low",
	"paper-out": () => "paper out",
	"cover-open": (d) => `${deviceName(d)} cover open`,
	offline: (d) => `${deviceName(d)} offline`,
	fault: (d) => `${deviceName(d)} fault`,
	unsupported: (d) => `${deviceName(d)} not supported`,
};
export const deviceWords = (d) => (DEVICE_STATES[d.state] ? DEVICE_STATES[d.state](d) : `${deviceName(d)} ${d.state}`);
const quiet = new Set(["ready", "starting"]);

/** {text, tone} of a kiosk's pill. The worst thing first: what needs a person before what only needs paper. */
export function kioskWords(kiosk, now, wantsHelp) {
	const held = kiosk.visits_held ? ` · ${count(kiosk.visits_held, "visit")} held` : "";
	const aside = kiosk.set_aside ? ` · ${count(kiosk.set_aside, "visit")} set aside` : "";
	const bad = (kiosk.devices || []).filter((d) => !quiet.has(d.state) && d.kind !== "unknown").map(deviceWords); /* a memory stick is the technician's business */
	if (wantsHelp) return { text: "Help wanted", tone: "bad" };
	if (kiosk.state === "offline") return { text: `Offline ${since(kiosk.since_ms, now)}${held}${aside}`, tone: "warn" };
	if (kiosk.out_of_service) return { text: `Out of service${held}${aside}`, tone: "warn" };
	if (kiosk.state === "out-of-order") return { text: `Out of order${bad.length ? `: ${bad.join(", ")}` : ""}${held}${aside}`, tone: "bad" };
	if (bad.length) return { text: `${capital(bad.join(", "))}${held}${aside}`, tone: "warn" };
	const base = kiosk.state === "in-use" ? "In use" : "Ready";
	return { text: `${base}${held}${aside}`, tone: held || aside ? "warn" : kiosk.state === "in-use" ? "info" : "good" };
}

/** "Self-test passed, 20 Nov 2:02 PM" */
export const testWords = (kiosk) => (kiosk.tested_ms ? `Self-test ${kiosk.test_passed ? "passed" : "failed"}, ${dateFormat.format(kiosk.tested_ms)} ${clockFull(kiosk.tested_ms)}` : "Not self-tested yet");

/* ---- kiosks as boxes ---- */

/** "3 days", "5 h 12 min" */
export function uptime(from, now) {
	const min = minutesOf(from, now);
	if (min < 1) return "less than a minute";
	return min >= 48 * 60 ? `${Math.floor(min / 1440)} days` : minutes(min);
}

/** "7.3 GB" of kilobytes (1,024 bytes each) */
export const size = (kb) => (kb >= 1000000 ? `${(kb / 1048576).toFixed(1)} GB` : `${Math.round(kb / 1024)} MB`);

/** "right", "2.4 s ahead", "3 min behind" */
export function clockErrorWords(ms) {
	const s = Math.abs(ms) / 1000;
	const way = ms > 0 ? "ahead" : "behind";
	if (s < 1) return "right";
	if (s < 60) return `${s.toFixed(1)} s ${way}`;
	return s < 48 * 3600 ? `${minutes(Math.round(s / 60))} ${way}` : `${count(Math.round(s / 86400), "day")} ${way}`;
}

const PROTECTION = {
	tpm: "encrypted, bound to this machine",
	"no-tpm": "encrypted; without a TPM its key lies beside it",
	memory: "in memory only: lost at a restart",
	starting: "being opened",
};
export const protectionWords = (kind) => PROTECTION[kind] || "";

/* Where an update is on its way into one kiosk (src/clinic/rollout.h). */
const UPDATE_STAGES = {
	offered: "not begun",
	downloading: "being downloaded",
	waiting: "waiting until nobody is at the screen",
	installing: "being installed",
	installed: "restarts when nobody is at the screen",
	trial: "running, not yet known to be good",
	good: "good",
	"fell-back": "went back to the old version",
	refused: "refused",
};
export const updateStage = (u) => `${UPDATE_STAGES[u.stage] || u.stage}${u.percent && ["downloading", "installing"].includes(u.stage) ? `, ${u.percent} %` : ""}`;
export const isUnderWay = (u) => Boolean(u) && !["good", "fell-back", "refused", "none"].includes(u.stage);

/** What a person should look at: warnings, a device or visits, silence. */
export const needsLook = (kiosk, now) => (kiosk.warnings || []).length > 0 || kiosk.state === "out-of-order" || ["warn", "bad"].includes(kioskWords(kiosk, now, false).tone);

/* ---- appointments ---- */

export const STATUS = {
	booked: "Not here yet",
	arrived: "Arrived",
	cancelled: "Cancelled",
	fulfilled: "Seen",
	noshow: "Did not come",
};

/* ---- the audit trail ---- */

const ACTIONS = {
	read: "Looked at",
	watch: "Watched",
	"read-patient": "Looked at patient",
	search: "Searched",
	stage: "Moved",
	"stage-undo": "Moved back",
	"on-my-way": "On the way to help",
	"help-on-my-way": "On the way to help",
	"help-done": "Help given",
	"kiosk-code": "Made a code for kiosk",
	"kiosk-remove": "Removed kiosk",
	"kiosk-rename": "Renamed kiosk",
	"kiosk-orders": "Told kiosk",
	"kiosk-restart": "Restarted kiosk",
	"update-add": "Brought in update",
	"update-remove": "Removed update",
	"update-start": "Started update",
	"update-pause": "Paused update",
	"update-paused": "Paused by itself: update",
	"update-resume": "Went on with update",
	"update-stop": "Stopped update",
	"update-done": "Done: update",
	enrol: "Kiosk enrolled",
	"sign-in": "Signed in",
	"sign-in-failed": "Failed to sign in",
	"sign-out": "Signed out",
	setup: "Set up this clinic",
	setting: "Changed setting",
	import: "Imported",
	"user-add": "Added",
	"user-set": "Added",
};
/** One entry in words; number is that of the arrival it is about, if it is one of today's. */
export function auditWords({ action, subject, detail }, number) {
	const about = number || (action === "enrol" ? "" : subject);
	const head = [ACTIONS[action] || action, about].filter(Boolean).join(" ");
	return detail ? `${head} · ${detail}` : head;
}

/** For searching: no case, no accents, no punctuation; "B14" finds "B 14". */
export const fold = (s) =>
	String(s)
		.normalize("NFD")
		.replace(/\p{M}/gu, "")
		.toLowerCase()
		.replace(/[^\p{L}\p{N}]+/gu, " ")
		.trim();
export function matches(query, ...texts) {
	const words = fold(query).split(" ").filter(Boolean);
	const hay = texts.map(fold).join(" ");
	const tight = hay.replace(/ /g, "");
	return words.every((w) => hay.includes(w)) || (words.length > 0 && tight.includes(words.join("")));
}
