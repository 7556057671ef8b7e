/* What the desk does to the queue: one step on, one step back, and answering a call for help. An action names the stage it
 * starts from, so that two people at two desks cannot both move the same patient; whoever is second is told who was first.
 * What was done here can be taken back, last thing first, from the toast, from the row or with `u`. */

import { api } from "./api.js";
import store, { load, putArrival, putHelp } from "./store.js";
import { HAPPENED, clock, nameOf } from "./words.js";
import { hideToast, say, toast } from "./toast.js";

const mine = []; // {id, stage}: what this page did, newest last
const UNDO_DEPTH = 50;
const pending = new Set();
export const isPending = (id) => pending.has(id);

let beforeChange = () => {};
/** f(id, back) runs just before a change made here shows: the list that holds still for the pointer lets it through, and
 * focus goes on down the list, or (back) to the row that was taken back. */
export const onOwnChange = (f) => {
	beforeChange = f;
};

/* Only one action a row at a time; a second press while the first is on its way does nothing. */
async function alone(id, act) {
	if (pending.has(id)) return;
	pending.add(id);
	try {
		await act();
	} finally {
		pending.delete(id);
	}
}

const happened = (row) => `${nameOf(row)}: ${HAPPENED[row.stage]}.`;

export const advance = (row) =>
	alone(row.visit_id, async () => {
		try {
			const moved = await api.next(row.visit_id, row.stage);
			mine.push({ id: moved.visit_id, stage: moved.stage });
			if (mine.length > UNDO_DEPTH) mine.shift();
			beforeChange(moved.visit_id, false);
			putArrival(moved, true);
			toast(happened(moved), { action: { text: "Undo", run: () => takeBack(moved) } });
		} catch (error) {
			await explain(error, row);
		}
	});

export const takeBack = (row) =>
	alone(row.visit_id, async () => {
		try {
			const moved = await api.undo(row.visit_id, row.stage);
			forget(row.visit_id, row.stage);
			beforeChange(moved.visit_id, true);
			putArrival(moved, true);
			toast(`Undone. ${happened(moved)}`);
		} catch (error) {
			forget(row.visit_id, row.stage);
			await explain(error, row);
		}
	});

function forget(id, stage) {
	const at = mine.findLastIndex((m) => m.id === id && m.stage === stage);
	if (at >= 0) mine.splice(at, 1);
}

/** Takes back the last thing that this page did and that still stands. */
export function undoLast() {
	for (;;) {
		const last = mine.pop();
		if (!last) return toast("There is nothing to undo.");
		const row = store.arrivals.get(last.id);
		if (row && row.stage === last.stage) {
			hideToast();
			return takeBack(row);
		}
	}
}

async function explain(error, row) {
	if (error.status === 401) return;
	if (error.status !== 409) return toast(`${nameOf(row)}: ${error.message}`, { tone: "bad" });
	try {
		load(await api.state());
	} catch {
		/* the stream will bring it */
	}
	const fresh = store.arrivals.get(row.visit_id);
	if (!fresh) return toast(`${nameOf(row)} is not on today's list any more.`, { tone: "bad" });
	const by = !fresh.stage_by ? "Somebody else was" : fresh.stage_by === store.user?.name ? "You were (on another page)" : `${fresh.stage_by} was`;
	toast(`${by} quicker: ${nameOf(fresh)} ${HAPPENED[fresh.stage]} at ${clock(fresh.stage_ms)}.`, { tone: "bad" });
}

/** verb: api.onMyWay or api.helpDone */
export const answerHelp = (help, verb) =>
	alone(help.id, async () => {
		try {
			const row = await verb(help.id);
			putHelp(row);
			say(row.stage === "done" ? `${help.kiosk}: help is done.` : `${help.kiosk} now tells the patient that somebody is on the way.`);
		} catch (error) {
			if (error.status !== 401) toast(`${help.kiosk}: ${error.message}`, { tone: "bad" });
		}
	});
