// Owns the search for secrets in everything that a gateway wrote.

import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Something that was written: a file's path below the folder, or the output. */
export interface Writing {
  readonly name: string;
  readonly content: Buffer;
}

/** What must not be found, by the name that a finding is reported with. */
export type Secrets = ReadonlyMap<string, string>;

/** Installed code, which nobody's secret is in. */
const CODE = new Set(["node_modules", ".git"]);

/** Every file below a folder but installed code; links are not followed. */
export function readWritings(folder: string): Writing[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !isCode(folder, entry))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return { name: relative(folder, path), content: readFileSync(path) };
    });
}

function isCode(folder: string, { parentPath }: Dirent): boolean {
  return relative(folder, parentPath)
    .split("/")
    .some((part) => CODE.has(part));
}

/** Every place where a secret stands in some form, as `<name>: <secret> as <form> in …<what stands around it>…`. */
export function findLeaks(writings: readonly Writing[], secrets: Secrets): string[] {
  return [...secrets].flatMap(([label, secret]) =>
    Object.entries(formsOf(secret)).flatMap(([form, text]) =>
      writings
        .filter(({ content }) => content.includes(text))
        .map(({ name, content }) => `${name}: ${label} as ${form} in ${surroundings(content, text)}`),
    ),
  );
}

/** How much of the surroundings of a finding is shown, on either side. Bytes. */
const SURROUNDINGS = 100;

function surroundings(content: Buffer, text: string): string {
  const at = content.indexOf(text);
  const before = content.subarray(Math.max(0, at - SURROUNDINGS), at).toString("latin1");
  const end = at + Buffer.byteLength(text);
  const after = content.subarray(end, end + SURROUNDINGS).toString("latin1");
  return `…${before}<here>${after}…`.replaceAll(/[^\x20-\x7e…]+/g, "·");
}

/** Base64 of a longer text shows a secret in one of three alignments; its outermost characters depend on the rest. */
function formsOf(secret: string): Record<string, string> {
  const hash = createHash("sha256").update(secret).digest();
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), Buffer.from(secret), Buffer.alloc(3)]).toString(
      "base64",
    );
    return text.slice(before === 0 ? 0 : before + 1, Math.floor(((before + secret.length) * 4) / 3));
  });
  return {
    "plain text": secret,
    "URL-encoded text": encodeURIComponent(secret),
    base64: base64[0] ?? "",
    "base64, second alignment": base64[1] ?? "",
    "base64, third alignment": base64[2] ?? "",
    "SHA-256 in hex": hash.toString("hex"),
    "SHA-256 in base64": hash.toString("base64"),
    "SHA-256 in base64 for URLs": hash.toString("base64url"),
  };
}
