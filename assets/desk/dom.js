/* Building and changing the page without a framework, and without markup from strings: el() makes elements whose text is
 * only ever text, so a patient's name cannot become a tag. The set*() functions touch the page only where something is
 * different, and place() brings children into order by moving as few as it can, so that focus, selection and a half-made
 * click survive every update. */

/** el("button", {class: "primary", type: "button", onclick: f}, "Call"); null and false children are left out. */
export function el(tag, attrs = {}, ...children) {
	const node = document.createElement(tag);
	for (const [name, value] of Object.entries(attrs)) {
		if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
		else setAttr(node, name, value);
	}
	node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
	return node;
}

export const byId = (id) => document.getElementById(id);

export function setText(node, text) {
	if (node.textContent !== text) node.textContent = text;
}

/** false, null and undefined take the attribute away; true is the empty attribute. */
export function setAttr(node, name, value) {
	if (value === false || value === null || value === undefined) node.removeAttribute(name);
	else if (node.getAttribute(name) !== String(value === true ? "" : value)) node.setAttribute(name, value === true ? "" : value);
}

/** Rebuilds the children only when `key` (any JSON value) is not what it was made from last time. */
const madeFrom = new WeakMap();
export function setChildren(node, key, make) {
	const text = JSON.stringify(key);
	if (madeFrom.get(node) === text) return;
	madeFrom.set(node, text);
	node.replaceChildren(...make());
}

/** Makes `nodes` the children of `parent`, in that order. Whoever has focus keeps it, even when moved. */
export function place(parent, nodes) {
	const focused = document.activeElement;
	const wanted = new Set(nodes);
	for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
	let at = parent.firstChild;
	for (const node of nodes) {
		if (node === at) at = at.nextSibling;
		else parent.insertBefore(node, at);
	}
	if (focused && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}
