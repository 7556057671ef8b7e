// What the kiosk's first four figures are when the same form is a page in kiosk-mode Chromium: started, measured and
// pressed in the same ways, over all of the browser's processes. The browser is driven through its debugging pipe
// (--remote-debugging-pipe: JSON with a NUL after each message), which needs no library; like the kiosk it draws offscreen, in
// software. Prints lines of name, value and note, as the other benches do.
//   node peer.mjs FOLDER [IDLE-SECONDS]
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { readFileSync, readdirSync } from 'node:fs';

const [folder, idleSeconds = '60'] = process.argv.slice(2);
const page = readFileSync(new URL('peer.html', import.meta.url));
const runs = 7, rounds = 3, presses = 100;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
let onShown = () => {};

const server = createServer((request, response) => {
	if (request.url === '/shown') onShown(process.hrtime.bigint());
	response.writeHead(200, { 'Content-Type': 'text/html' });
	response.end(request.url === '/' ? page : '');
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const url = `http://127.0.0.1:${server.address().port}/`;

function start() {
	const flags = ['--headless=new', '--kiosk', '--screen-info={1080x1920}', '--hide-scrollbars', '--disable-gpu',
		`--user-data-dir=${folder}`, '--no-first-run', '--disable-extensions', '--disable-sync', '--disable-background-networking',
		'--disable-component-update', '--remote-debugging-pipe', url];
	if (process.getuid() === 0) flags.push('--no-sandbox');
	const began = process.hrtime.bigint();
	const browser = spawn('chromium', flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
	const waiting = new Map();
	let text = '', next = 1;
	browser.stdio[4].on('data', (data) => {
		const parts = (text + data).split('\0');
		text = parts.pop();
		for (const part of parts) {
			const message = JSON.parse(part);
			waiting.get(message.id)?.(message.result);
			waiting.delete(message.id);
		}
	});
	const call = (method, params = {}, sessionId) => new Promise((done) => {
		waiting.set(next, done);
		browser.stdio[3].write(`${JSON.stringify({ id: next++, method, params, sessionId })}\0`);
	});
	const shown = new Promise((done) => { onShown = (at) => done(Number(at - began) / 1e6); });
	const ended = new Promise((done) => browser.on('exit', done));
	process.once('exit', () => browser.kill('SIGKILL'));
	return { pid: browser.pid, call, shown, stop: async () => { browser.kill('SIGTERM'); await ended; } };
}

// The browser's process and all that came of it.
function family(root) {
	const parents = new Map();
	for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
		try {
			const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
			parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
		} catch { /* it ended meanwhile */ }
	}
	const all = [root];
	for (const pid of all) for (const [child, parent] of parents) if (parent === pid) all.push(child);
	return all;
}
// The sum over all files /proc/PID/task/*/NAME of what the pattern's groups find.
function sum(pids, name, pattern, tasks = true) {
	let total = 0;
	for (const pid of pids) {
		for (const task of tasks ? readdirSync(`/proc/${pid}/task`) : ['']) {
			try {
				const text = readFileSync(tasks ? `/proc/${pid}/task/${task}/${name}` : `/proc/${pid}/${name}`, 'latin1');
				for (const match of text.matchAll(pattern)) total += Number(match[1]);
			} catch { /* it ended meanwhile */ }
		}
	}
	return total;
}
const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const figure = (name, values, what) => {
	const value = middle(values);
	console.log(`peer.${name}\t${value.toPrecision(5)}\t${values[0].toPrecision(4)} to ${values.at(-1).toPrecision(4)}; ${what}`);
};

const frames = [];
for (let i = 0; i <= runs; i++) {
	const browser = start(), ms = await browser.shown;
	if (i > 0) frames.push(ms); // the first one fills the profile and the page cache
	await browser.stop();
}
figure('first_frame_ms', frames, `${runs} starts, from exec to the page's second animation frame`);

const browser = start();
await browser.shown;
await pause(3000);
const { targetInfos } = await browser.call('Target.getTargets');
const { targetId } = targetInfos.find((info) => info.type === 'page');
const { sessionId } = await browser.call('Target.attachToTarget', { targetId, flatten: true });
const { result } = await browser.call('Runtime.evaluate', { returnByValue: true, expression:
	`[...document.querySelectorAll('#pad button')].map((b) => b.getBoundingClientRect()).map((r) => [r.x + r.width / 2, r.y + r.height / 2])` },
	sessionId);
const keys = [result.value[4], result.value[11]];
async function press(at) {
	const params = { x: at[0], y: at[1], button: 'left', clickCount: 1 };
	await browser.call('Input.dispatchMouseEvent', { ...params, type: 'mousePressed' }, sessionId);
	await browser.call('Input.dispatchMouseEvent', { ...params, type: 'mouseReleased' }, sessionId);
}
await press(keys[0]);
const typed = await browser.call('Runtime.evaluate', { expression: `document.querySelector('b').textContent` }, sessionId);
if (typed.result.value !== '5') throw new Error('the page does not take what is pressed');
await press(keys[1]);
const shares = [];
for (let round = 0; round < rounds; round++) {
	const pids = family(browser.pid), before = sum(pids, 'schedstat', /^(\d+)/g), began = Date.now();
	for (let i = 0; i < presses; i++) {
		await pause(Math.max(0, began + i * 100 - Date.now()));
		await press(keys[i % 2]);
	}
	await pause(began + presses * 100 - Date.now());
	shares.push((sum(pids, 'schedstat', /^(\d+)/g) - before) / (Date.now() - began) / 1e4);
}
const pids = family(browser.pid);
figure('press_cpu_pct', shares, `${rounds} rounds of ${presses} clicks, ${pids.length} processes`);
figure('pss_mb', [sum(pids, 'smaps_rollup', /^Pss:\s+(\d+)/gm, false) / 1024], `${pids.length} processes`);
const switches = () => sum(pids, 'status', /voluntary_ctxt_switches:\s+(\d+)/g);
const before = switches();
await pause(idleSeconds * 1000);
figure('idle_wakeups_per_min', [(switches() - before) * 60 / idleSeconds], `context switches in ${idleSeconds} s`);
await browser.stop();
server.close();
