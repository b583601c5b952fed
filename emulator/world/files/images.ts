// What a picture's first bytes say of it, and how large its thumbnail is. Nothing is scaled.

export interface Picture {
  width: number;
  height: number;
  /** `png`, `jpeg`, `gif` or `webp`. */
  format: string;
  /** The picture ends too early: it has a size and can't be shown. */
  cutOff: boolean;
}

/** The largest thumbnail. Pixels. */
const THUMBNAIL = { width: 480, height: 360 };

/** The smallest preview there is. */
export const PREVIEW =
  "/9j/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC0oMCUoKSj/2Q==";

/** Reads a picture; undefined when these bytes are none. */
export function readPicture(bytes: Uint8Array): Picture | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = (text: string, at = 0) =>
    bytes.length >= at + text.length && [...text].every((one, i) => bytes[at + i] === one.charCodeAt(0));
  if (starts("\x89PNG") && bytes.length >= 24)
    return { width: view.getUint32(16), height: view.getUint32(20), format: "png", cutOff: false };
  if (starts("GIF8") && bytes.length >= 10)
    return { width: view.getUint16(6, true), height: view.getUint16(8, true), format: "gif", cutOff: false };
  if (starts("RIFF") && starts("WEBPVP8 ", 8) && bytes.length >= 30) {
    const size = { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
    return { ...size, format: "webp", cutOff: false };
  }
  return starts("\xff\xd8") ? readJpeg(view) : undefined;
}

/** Goes from marker to marker up to the one that tells the size (SOF0 to SOF3). */
function readJpeg(view: DataView): Picture | undefined {
  const end = view.byteLength;
  for (let at = 2; at + 9 <= end; at += 2 + view.getUint16(at + 2)) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker < 0xc0 || marker > 0xc3) continue;
    const cutOff = view.getUint16(end - 2) !== 0xffd9;
    return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), format: "jpeg", cutOff };
  }
  return undefined;
}

/** The size of a picture's thumbnail; undefined for one that is smaller both ways, and for one that is cut off. */
export function thumbnailSize({
  width,
  height,
  cutOff,
}: Picture): { width: number; height: number } | undefined {
  if (cutOff || (width < THUMBNAIL.width && height < THUMBNAIL.height)) return undefined;
  const scale = Math.min(THUMBNAIL.width / width, THUMBNAIL.height / height);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}
