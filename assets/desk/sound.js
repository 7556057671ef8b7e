/* A quiet sound, off until somebody asks for it: two soft notes when help is wanted, one when a patient arrives. Made by
 * the browser itself, no file. The choice is kept on this computer. */

const KEY = "lobby-sound";
let context = null;

export const soundOn = () => localStorage.getItem(KEY) === "on";
export function setSound(on) {
	localStorage.setItem(KEY, on ? "on" : "off");
	if (on) chime("arrival");
}

export function chime(kind) {
	if (!soundOn()) return;
	context ||= new AudioContext();
	const notes = kind === "help" ? [660, 880] : [660];
	notes.forEach((hz, i) => {
		const at = context.currentTime + 0.02 + i * 0.22;
		const tone = context.createOscillator();
		const level = context.createGain();
		tone.frequency.value = hz;
		level.gain.setValueAtTime(0, at);
		level.gain.linearRampToValueAtTime(0.08, at + 0.02);
		level.gain.exponentialRampToValueAtTime(0.0001, at + 0.5);
		tone.connect(level).connect(context.destination);
		tone.start(at);
		tone.stop(at + 0.55);
	});
}
