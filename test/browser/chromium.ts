// Owns finding a Chromium for the browser tests, the same one for all of them.
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { TestProject } from "vitest/node";

export interface Chromium {
  readonly path: string;
  /** What it must find in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Undefined where there is none, and then the browser tests cannot run. */
    chromium: Chromium | undefined;
  }
}

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];
const PLACES = ["/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
/** A fresh install of the dependencies brings a fresh one. */
const UNPACKED = join(import.meta.dirname, "..", "..", "node_modules", ".cache", "chromium");

/** A Chromium that finds no font at all ends itself, so the one of the package is named besides the system's. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${join(UNPACKED, "fonts")}</dir>
  <cachedir>${join(UNPACKED, "fonts-cache")}</cachedir>
</fontconfig>
`;

export default async function setup(project: TestProject): Promise<void> {
  const chromium = await findChromium();
  if (!chromium)
    console.log("! No Chromium found: name one in the variable CHROMIUM. The browser tests did not run.");
  project.provide("chromium", chromium);
}

/** The Chromium to run; undefined where there is none. */
export async function findChromium(): Promise<Chromium | undefined> {
  if (process.env.CHROMIUM) return { path: process.env.CHROMIUM, env: {} };
  if (process.platform === "linux" && process.arch === "x64") return unpack();
  const folders = (process.env.PATH ?? "").split(delimiter);
  const installed = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const path = [...installed, ...PLACES].find((one) => existsSync(one));
  return path === undefined ? undefined : { path, env: {} };
}

/** The Chromium that an npm package carries, with libraries and a font that a bare system lacks. */
async function unpack(): Promise<Chromium> {
  if (!existsSync(UNPACKED)) {
    const begun = `${UNPACKED}.${process.pid}`;
    await mkdir(begun, { recursive: true });
    await unpackInto(begun);
    await writeFile(join(begun, "fonts.conf"), FONTS);
    // Whoever is second keeps what is there.
    await rename(begun, UNPACKED).catch(() => rm(begun, { recursive: true }));
  }
  const env = {
    LD_LIBRARY_PATH: join(UNPACKED, "al2023", "lib"),
    FONTCONFIG_FILE: join(UNPACKED, "fonts.conf"),
  };
  return { path: join(UNPACKED, "chromium"), env };
}

/** The package reads from the environment where to unpack, and that the libraries are wanted, too. */
async function unpackInto(folder: string): Promise<void> {
  const { TMPDIR, LD_LIBRARY_PATH, FONTCONFIG_PATH } = process.env;
  Object.assign(process.env, { TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x" });
  try {
    const { default: chromium } = await import("@sparticuz/chromium");
    await chromium.executablePath();
  } finally {
    delete process.env.AWS_LAMBDA_JS_RUNTIME;
    for (const [name, value] of Object.entries({ TMPDIR, LD_LIBRARY_PATH, FONTCONFIG_PATH })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
