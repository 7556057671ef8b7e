/* Who may sign in at the desk: for administrators, the list and adding to it, and below it the audit trail: who looked at
 * or did what, newest first. The clinic never gives a password out again. */

import { el, setChildren, setText } from "./dom.js";
import { api } from "./api.js";
import { auditWords, dayAndTime } from "./words.js";
import store from "./store.js";
import { toast } from "./toast.js";

const ROLES = { desk: "Front desk", admin: "Administrator" };

const list = el("ul", { class: "list" });
const problem = el("p", { class: "problem", role: "alert" });
const name = el("input", { id: "user-name", type: "text", required: true, maxlength: "60", autocomplete: "off", spellcheck: "false" });
const password = el("input", { id: "user-password", type: "password", required: true, autocomplete: "new-password" });
const role = el("select", { id: "user-role" }, Object.entries(ROLES).map(([value, text]) => el("option", { value }, text)));
const form = el(
	"form",
	{ class: "stack" },
	el("label", { for: "user-name" }, "Name"),
	name,
	el("label", { for: "user-password" }, "First password"),
	password,
	el("label", { for: "user-role" }, "Role"),
	role,
	problem,
	el("button", { class: "primary" }, "Add person"),
);
const audit = el("ul", { class: "list audit" });
const more = el("button", { type: "button", class: "quiet", hidden: true }, "Show older");
export const view = el(
	"section",
	{ class: "view people", "aria-labelledby": "people-title" },
	el("div", { class: "headline" }, el("h1", { id: "people-title" }, "People")),
	el("div", { class: "columns" }, el("section", { class: "card" }, el("h2", {}, "Who may sign in"), list), el("section", { class: "card" }, el("h2", {}, "Add a person"), form)),
	el("section", { class: "card" }, el("h2", {}, "What was looked at and done"), audit, more),
);

async function refresh() {
	try {
		const { users } = await api.users();
		setChildren(list, users, () => users.map((u) => el("li", {}, el("span", {}, u.name), el("span", { class: "pill" }, ROLES[u.role] || u.role))));
		await loadAudit(true);
	} catch (error) {
		setText(problem, error.message);
	}
}

let oldest = null;
async function loadAudit(fromTop) {
	const page = await api.audit(fromTop ? null : oldest);
	const lines = page.entries.map((e) => el("li", {}, el("span", {}, auditWords(e, store.arrivals.get(e.subject)?.number)), el("span", { class: "muted" }, [e.user, dayAndTime(e.at_ms)].filter(Boolean).join(", "))));
	if (fromTop) audit.replaceChildren(...lines);
	else audit.append(...lines);
	if (page.entries.length) oldest = page.entries[page.entries.length - 1].id;
	more.hidden = !page.more;
}
more.addEventListener("click", () => loadAudit(false).catch((e) => toast(e.message, { tone: "bad" })));

form.addEventListener("submit", async (e) => {
	e.preventDefault();
	setText(problem, "");
	try {
		const user = await api.addUser(name.value.trim(), password.value, role.value);
		form.reset();
		toast(`${user.name} can now sign in.`);
		await refresh();
	} catch (error) {
		setText(problem, error.message);
	}
});

export const show = refresh;
export const render = () => {};
