// Owns the files the scenarios send: pictures and sounds made in code, so that every run sends the same bytes.
import { crc32, deflateSync, inflateSync } from "node:zlib";
import type { FilePart } from "./wire.ts";

export type MadeFile = Omit<FilePart, "name">;

/** A text file with the given content. */
export function note(content: string | Buffer = "hello file\n", filename = "note.txt"): MadeFile {
  return { filename, type: "text/plain", bytes: Buffer.from(content) };
}

/** A PNG of four colored quarters. */
export function png(width: number, height: number, filename = "small.png"): MadeFile {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const line = (low: boolean): Buffer => {
    const pixels = Array.from({ length: width }, (_, x) => [x < width / 2 ? 200 : 40, low ? 180 : 60, 90]);
    return Buffer.from([0, ...pixels.flat()]);
  };
  const [up, down] = [line(false), line(true)];
  const rows = Array.from({ length: height }, (_, y) => (y < height / 2 ? up : down));
  const bytes = Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    pngChunk("IHDR", head),
    pngChunk("IDAT", deflateSync(Buffer.concat(rows))),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
  return { filename, type: "image/png", bytes };
}

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const out = Buffer.alloc(8 + body.length);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc32(body), 4 + body.length);
  return out;
}

/** A JPEG of 800 x 600, deflated. */
const JPEG =
  "eNr7f+P/bQZnBmkhEXERQWlxMXE5GWkFDSdtDVVVjUArWwOnhNDUlPjQ2OisipmNWYUTiqNjW7e2TZi3ePXa1ekNe07uWnZ85orVS0CGMMrIyWkoa/hpa/styYvNW0Iy+H+AQZCDKYJZgZlRiYFJkJFZkPH/EQZxBkZGRkYGZMDCygySEGBkYEYRZxBJXvT/CIMEIyO6FlYWJpAWCUFGdD1MQsKB/28x8DAzMjAJMgsy2DM8YG41YCAMWBRMVBqIUKfHODeCCGWMHLycCkSo425IDyNCGYMTs5MHEcqYHkheJcYXAg0XJhFj7Q620oTRwBsNvNHAGw086gVea8Gak1xnNj3XqlZfyQpmzzy5qWpCONeZCWtOzpk9UgTXJIZoGzlt1q95qpzyVWOV6EzFyMmWZv5BXQsjJ4nONJ48YgQ3MVUTk1yZBKSEiEn94gzn1hGjroWthZjUz3rAeDUx6hQZFxKT+hkLeF49IEIdh0MGMUUHQwyz1Y7RwBsNvNHAGw28QRt4/28CAJ/fqTQ=";

/** A JPEG of 800 x 600; with `orientation` its EXIF part says so (6: to be turned by 90 degrees). */
export function jpeg({ orientation, ...names }: Partial<MadeFile> & { orientation?: number } = {}): MadeFile {
  const plain = inflateSync(Buffer.from(JPEG, "base64"));
  const bytes = orientation === undefined ? plain : turned(plain, orientation);
  return { filename: "photo.jpg", type: "image/jpeg", bytes, ...names };
}

function turned(plain: Buffer, orientation: number): Buffer {
  const tiff = Buffer.from("49492a0008000000010012010300010000000000000000000000", "hex");
  tiff.writeUInt16LE(orientation, 18);
  const body = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff]);
  const exif = Buffer.concat([Buffer.from([0xff, 0xe1, 0, body.length + 2]), body]);
  return Buffer.concat([plain.subarray(0, 2), exif, plain.subarray(2)]);
}

const WAV_SAMPLES = 800;

/** A tenth of a second of a 400 Hz tone, mono, 8 bits, 8000 Hz. */
export function wav(type: string): MadeFile {
  const head = Buffer.alloc(44);
  head.write("RIFF\0\0\0\0WAVEfmt ", "latin1");
  head.write("data", 36);
  head.writeUInt32LE(36 + WAV_SAMPLES, 4);
  head.writeUInt32LE(16, 16);
  for (const [place, value] of [
    [20, 1],
    [22, 1],
    [32, 1],
    [34, 8],
  ] as const)
    head.writeUInt16LE(value, place);
  for (const place of [24, 28]) head.writeUInt32LE(8000, place);
  head.writeUInt32LE(WAV_SAMPLES, 40);
  const samples = Uint8Array.from({ length: WAV_SAMPLES }, (_, i) => (i % 20 < 10 ? 160 : 96));
  return { filename: "tone.wav", type, bytes: Buffer.concat([head, samples]) };
}

/** Three silent MPEG-1 layer III frames (128 kbit/s, 44100 Hz). */
export function mp3(filename: string, type: string): MadeFile {
  const frame = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(413)]);
  return { filename, type, bytes: Buffer.concat([frame, frame, frame]) };
}
