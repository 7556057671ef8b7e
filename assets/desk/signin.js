/* The way in: signing in, and on a clinic's first start making the first account from the link that lobby-clinic printed.
 * The same card returns when a session has ended; what was open before is kept by main.js and comes back after it. */

import { el, setText } from "./dom.js";
import { api } from "./api.js";

let serial = 0;

function field(label, attrs, hint) {
	const id = `in-${++serial}`;
	const input = el("input", { id, required: true, ...attrs });
	if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
	return { input, nodes: [el("label", { for: id }, label), hint && el("p", { class: "muted", id: `${id}-hint` }, hint), input] };
}

function card(title, lead, parts, button, submit) {
	const problem = el("p", { class: "problem", role: "alert" });
	const go = el("button", { class: "primary" }, button);
	const form = el("form", { class: "stack" }, ...parts.flatMap((p) => p.nodes), problem, go);
	form.addEventListener("submit", async (e) => {
		e.preventDefault();
		go.disabled = true;
		setText(problem, "");
		try {
			await submit();
		} catch (error) {
			setText(problem, error.message);
			go.disabled = false;
			const again = parts[parts.length - 1].input;
			again.select();
			again.focus();
		}
	});
	return el("section", { class: "card entry", "aria-labelledby": "entry-title" }, el("h1", { id: "entry-title" }, title), lead && el("p", { class: "muted" }, lead), form);
}

/** lead: why we are here; done(session) is called when somebody is in. */
export function signInCard(clinic, lead, done) {
	const name = field("Name", { type: "text", autocomplete: "username", autocapitalize: "none", spellcheck: "false", maxlength: "60" });
	const password = field("Password", { type: "password", autocomplete: "current-password" });
	return card(clinic || "Front desk", lead, [name, password], "Sign in", async () => done(await api.signIn(name.input.value.trim(), password.input.value)));
}

export function setupCard(token, done) {
	const name = field("Your name", { type: "text", autocomplete: "username", maxlength: "60", spellcheck: "false" }, "Colleagues see it beside what you do.");
	const password = field("Choose a password", { type: "password", autocomplete: "new-password" }, "At least 8 characters; several words are easier to remember.");
	const lead = "This is the first start of this clinic. Make the first account; it is an administrator's and can add the others.";
	return card("Welcome to Lobby", lead, [name, password], "Start", async () => done(await api.setup(token, name.input.value.trim(), password.input.value)));
}

export const noticeCard = (title, text) => el("section", { class: "card entry", "aria-labelledby": "entry-title" }, el("h1", { id: "entry-title" }, title), el("p", {}, text));
