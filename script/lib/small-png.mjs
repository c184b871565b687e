import { deflateSync, inflateSync } from 'node:zlib';

/** PNG specification (third edition), section 5.2. */
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

/** The same picture with a palette of the colours that it has most of; others become the nearest of those. For pictures of pages, which have few. */
export function smallPng(png) {
  const { bytesPerPixel, height, pixels, width } = decode(png);
  const counts = new Map();
  for (let at = 0; at < pixels.length; at += bytesPerPixel) {
    const colour = (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = [...counts]
    .sort(([a, one], [b, two]) => two - one || a - b)
    .slice(0, COLOURS)
    .map(([colour]) => colour);
  const places = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour)]));
  const rows = Buffer.alloc(height * (width + 1));
  for (let at = 0, pixel = 0; pixel < pixels.length; at++, pixel += bytesPerPixel) {
    const colour = (pixels[pixel] << 16) | (pixels[pixel + 1] << 8) | pixels[pixel + 2];
    // Each row begins with its filter, which is none.
    rows[at + Math.floor(at / width) + 1] = places.get(colour);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const table = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  const parts = [chunk('IHDR', header), chunk('PLTE', table), chunk('IDAT', deflateSync(rows, { level: 9 }))];
  return Buffer.concat([SIGNATURE, ...parts, chunk('IEND', Buffer.alloc(0))]);
}

function nearest(palette, colour) {
  let best = 0;
  let least = Infinity;
  for (const [place, other] of palette.entries()) {
    const distance =
      ((other >> 16) - (colour >> 16)) ** 2 +
      (((other >> 8) & 255) - ((colour >> 8) & 255)) ** 2 +
      ((other & 255) - (colour & 255)) ** 2;
    if (distance < least) [best, least] = [place, distance];
  }
  return best;
}

/** Of pictures as Chromium makes them: 8 bits of red, green and blue, perhaps of alpha, not interlaced. */
function decode(png) {
  const data = [];
  for (let at = SIGNATURE.length; at < png.length; at += png.readUInt32BE(at) + 12)
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const bytesPerPixel = { 2: 3, 6: 4 }[png[25]];
  if (png[24] !== 8 || bytesPerPixel === undefined || png[28] !== 0) throw new Error('a PNG of another kind');
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * bytesPerPixel;
  const pixels = Buffer.alloc(height * stride);
  for (let row = 0; row < height; row++) {
    const filter = raw[row * (stride + 1)];
    for (let at = 0; at < stride; at++) {
      const place = row * stride + at;
      const left = at < bytesPerPixel ? 0 : pixels[place - bytesPerPixel];
      const up = row === 0 ? 0 : pixels[place - stride];
      const corner = row === 0 || at < bytesPerPixel ? 0 : pixels[place - stride - bytesPerPixel];
      pixels[place] = raw[row * (stride + 1) + 1 + at] + predicted(filter, left, up, corner);
    }
  }
  return { bytesPerPixel, height, pixels, width };
}

/** Section 9.2. */
function predicted(filter, left, up, corner) {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter === 0) return 0;
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

function chunk(type, content) {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const out = Buffer.alloc(named.length + 8);
  out.writeUInt32BE(content.length, 0);
  out.set(named, 4);
  out.writeUInt32BE(crc32(named), named.length + 4);
  return out;
}

/** Annex D. Node has one only since 22.2. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
