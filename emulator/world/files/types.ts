// What type a file has: by its name, by what its sender said, and the name a download gets for it.
export interface NewFile {
  name: string;
  type: string;
  bytes: Uint8Array;
}

const ANYTHING = "application/octet-stream";

/** The types the emulator knows, by the ending of a name; the first ending of a type is the one a download gets. */
const BY_ENDING: Readonly<Record<string, string>> = {
  txt: "text/plain",
  log: "text/plain",
  md: "text/markdown",
  html: "text/html",
  css: "text/css",
  csv: "text/csv",
  xml: "application/xml",
  json: "application/json",
  pdf: "application/pdf",
  zip: "application/zip",
  gz: "application/gzip",
  tar: "application/x-tar",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
  bmp: "image/bmp",
  mp3: "audio/mpeg",
  wav: "audio/wav",
  ogg: "audio/ogg",
  oga: "audio/ogg",
  opus: "audio/ogg",
  m4a: "audio/mp4",
  weba: "audio/webm",
  flac: "audio/flac",
  mp4: "video/mp4",
  webm: "video/webm",
  mov: "video/quicktime",
  bin: ANYTHING,
};
const KNOWN = new Set(Object.values(BY_ENDING));

/** A sender's type without its parameters, such as `audio/ogg; codecs=opus`. */
export function plainType(type: string): string {
  return type.split(";")[0]?.trim() || ANYTHING;
}

/** From 7.0 on the name counts where the sender said nothing that is known. */
export function typeOf({ name, type }: NewFile): string {
  const said = plainType(type);
  if (said !== ANYTHING && KNOWN.has(said)) return said;
  return typeOfName(name) ?? ANYTHING;
}

/** The name in `Content-Disposition`: one whose ending does not fit the type gets that of the type besides. */
export function downloadName({ name, type }: Pick<NewFile, "name" | "type">): string {
  if (type === ANYTHING || typeOfName(name) === type) return name;
  const ending = Object.entries(BY_ENDING).find(([, one]) => one === type)?.[0];
  return ending === undefined || name.toLowerCase().endsWith(`.${ending}`) ? name : `${name}.${ending}`;
}

function typeOfName(name: string): string | undefined {
  const ending = name.split(".").at(-1)?.toLowerCase() ?? "";
  return Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending] : undefined;
}
