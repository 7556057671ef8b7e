// A PNG of gray or one-bit pixels, as the ZPL renderer writes it, read into bytes (PNG specification, sections 5 and 9), and
// where there is ink in it.
import zlib from "node:zlib";

const paeth = (a, b, c) => {
	const p = a + b - c, pa = Math.abs(p - a), pb = Math.abs(p - b), pc = Math.abs(p - c);
	return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
};

// {width, height, at(x, y)}: 0 is black.
export function readGray(png) {
	let width, height;
	const parts = [];
	for (let at = 8; at < png.length; ) {
		const length = png.readUInt32BE(at), type = png.toString("latin1", at + 4, at + 8), data = png.subarray(at + 8, at + 8 + length);
		if (type === "IHDR") {
			width = data.readUInt32BE(0);
			height = data.readUInt32BE(4);
			if (data[8] !== 8 || data[9] !== 0 || data[12] !== 0) throw new Error("not eight bits of gray");
		}
		if (type === "IDAT") parts.push(data);
		at += 12 + length;
	}
	const raw = zlib.inflateSync(Buffer.concat(parts)), pixels = Buffer.alloc(width * height);
	for (let y = 0; y < height; y++) {
		const filter = raw[y * (width + 1)];
		for (let x = 0; x < width; x++) {
			const a = x ? pixels[y * width + x - 1] : 0, b = y ? pixels[(y - 1) * width + x] : 0, c = x && y ? pixels[(y - 1) * width + x - 1] : 0;
			pixels[y * width + x] = raw[y * (width + 1) + 1 + x] + [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter];
		}
	}
	return { width, height, at: (x, y) => pixels[y * width + x] };
}

// Black pixels from one corner to the other, both included; beyond the edges there are none.
export function inkOf(picture, x0, y0, x1, y1) {
	let ink = 0;
	for (let y = Math.max(0, y0); y <= Math.min(picture.height - 1, y1); y++)
		for (let x = Math.max(0, x0); x <= Math.min(picture.width - 1, x1); x++) ink += picture.at(x, y) < 128;
	return ink;
}

// The runs of columns with ink, from the right edge to the left: the rows of text on a turned wristband. Gaps of up to six
// dots, as between a letter and its accent, are none.
export function inkRows(picture, { from, to }) {
	const rows = [];
	for (let x = picture.width - 1; x >= 0; x--) {
		if (inkOf(picture, x, from, x, to) === 0) continue;
		const last = rows.at(-1);
		if (last !== undefined && last.start - x <= 6) Object.assign(last, { start: x, size: last.size + last.start - x });
		else rows.push({ start: x, size: 1 });
	}
	return rows;
}
