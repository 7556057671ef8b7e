/* Talking to lobby-clinic (src/clinic/api.md, "The desk"). Every call answers with parsed JSON or throws an ApiError whose
 * message can be shown as it is. A 401 on anything but signing in means that the session has ended: whoever asked to be
 * told (main.js) shows the sign-in and later comes back to the same place. */

const BASE = "/desk/api/";
const PATIENCE_MS = 15000;

export class ApiError extends Error {
	/** status 0: the server could not be reached */
	constructor(status, event, text) {
		super(text);
		this.status = status;
		this.event = event;
	}
}

let tellSignedOut = () => {};
export const onSignedOut = (f) => {
	tellSignedOut = f;
};

async function call(method, path, body) {
	const init = { method, cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(PATIENCE_MS), headers: {} };
	if (method === "POST") {
		init.headers = { "X-Lobby": "1", "Content-Type": "application/json" };
		init.body = JSON.stringify(body ?? {});
	}
	let response;
	let answer = null;
	try {
		response = await fetch(BASE + path, init);
		const text = await response.text();
		answer = text ? JSON.parse(text) : null;
	} catch {
		if (!response || response.ok) throw new ApiError(0, "unreachable", "The clinic's server does not answer. Nothing was changed here; please try again.");
	}
	if (response.ok) return answer;
	if (response.status === 401 && !["sign-in", "setup", "session"].includes(path)) tellSignedOut();
	throw new ApiError(response.status, answer?.error || "", answer?.text || `The clinic's server answered with error ${response.status}.`);
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, body);

const id = encodeURIComponent;
export const api = {
	session: () => get("session"),
	setup: (token, name, password) => post("setup", { token, name, password }),
	signIn: (name, password) => post("sign-in", { name, password }),
	signOut: () => post("sign-out"),
	state: () => get("state"),
	next: (visit, from) => post(`arrivals/${id(visit)}/next`, { from }),
	undo: (visit, from) => post(`arrivals/${id(visit)}/undo`, { from }),
	onMyWay: (help) => post(`help/${id(help)}/on-my-way`),
	helpDone: (help) => post(`help/${id(help)}/done`),
	schedule: (day) => get(`schedule?day=${id(day)}`),
	search: (q) => get(`search?q=${id(q)}`),
	setAside: () => get("set-aside"),
	patient: (patient) => get(`patients/${id(patient)}`),
	kioskCode: (name) => post("kiosks/code", { name }),
	selfTests: (kiosk) => get(`kiosks/${id(kiosk)}/self-tests`),
	renameKiosk: (kiosk, name) => post(`kiosks/${id(kiosk)}/rename`, { name }),
	orders: (kiosk, orders) => post(`kiosks/${id(kiosk)}/orders`, orders),
	restart: (kiosk) => post(`kiosks/${id(kiosk)}/restart`),
	update: (sha256, what, wish) => post(`updates/${id(sha256)}/${what}`, wish),
	removeKiosk: (kiosk) => post(`kiosks/${id(kiosk)}/remove`),
	users: () => get("users"),
	audit: (before) => get(before === null ? "audit" : `audit?before=${id(before)}`),
	addUser: (name, password, role) => post("users", { name, password, role }),
};

/** Opens the stream of events after `cursor`; answers with the Response, whose body is text/event-stream. */
export function openEvents(cursor, signal) {
	const headers = { Accept: "text/event-stream", "Last-Event-ID": cursor };
	return fetch(`${BASE}events?cursor=${id(cursor)}`, { headers, signal, cache: "no-store", credentials: "same-origin" });
}
