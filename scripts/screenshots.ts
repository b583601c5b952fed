// Owns the pictures of the docs: a scene on the emulator's page, taken with the browser tests' Chromium, and the icon.
//
//   npm run screenshots
//
// Beside them stands the hash of the page that they show; a test compares it with the page as it is now.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { PluginFeed } from "../demo/plugin-feed.ts";
import { type Emulator, startEmulator } from "../emulator/server.ts";
import { bundle, CLIENT } from "../emulator/web/page.ts";
import { findChromium } from "../test/browser/chromium.ts";

const ROOT = join(import.meta.dirname, "..");
const BOT = "openclaw-bot";
const GENERAL = "GENERAL";
export const HASH_FILE = "docs/screenshots.json";

/** The pictures and what each shows. */
const SHOTS: Readonly<Record<string, { view: string; look: BrowserContextOptions }>> = {
  "docs/page.png": { view: GENERAL, look: { viewport: { width: 1280, height: 800 }, colorScheme: "light" } },
  "docs/page-dark.png": {
    view: "thread",
    look: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  },
};

/** The hash of the page as its sources stand, by which a picture of another page is found out. */
export async function hashPage(): Promise<string> {
  const hash = createHash("sha256").update(await bundle());
  for (const file of ["page.html", "page.css"]) hash.update(await readFile(join(CLIENT, file)));
  return hash.digest("hex");
}

interface Scene {
  readonly emulator: Emulator;
  /** The message on which a thread hangs. */
  readonly thread: string;
}

/** A morning in #general; the plugin's words about each message come through the feed, as from a gateway. */
async function playScene(): Promise<Scene> {
  const feed = new PluginFeed(BOT);
  const people = ["Alice", "Bob"].map((name) => ({
    username: name.toLowerCase(),
    name,
    password: `${name}!`,
  }));
  const emulator = await startEmulator({ page: { people, feed } });
  const { control } = emulator;
  control.limitRest(false);
  for (const person of people) control.addUser(person);
  control.addUser({ username: BOT, name: "OpenClaw", roles: ["user", "bot"] });
  for (const username of ["alice", "bob", BOT]) control.join({ username, rid: GENERAL });
  control.direct(["alice", BOT]);
  let clock = Date.now() - 60_000;
  const log = (line: string, afterMs = 0) => {
    clock += afterMs;
    feed.read(`${new Date(clock).toISOString()} [rocketchat] [default] ${line}\n`);
  };
  log("connected");
  const say = (as: string, msg: string, tmid?: string) =>
    control.post({ as, rid: GENERAL, msg, ...(tmid === undefined ? {} : { tmid }) });
  const ask = (as: string, msg: string, answer: string, tmid?: string) => {
    const { _id } = say(as, msg, tmid);
    const about = `message=${_id} session=agent:main:rocketchat:channel:general`;
    log(`message admitted message=${_id} room=${GENERAL}`, 900);
    log(`turn started ${about} agent=main`, 12);
    const reply = say(BOT, answer, tmid);
    log(`reply sent ${about} kind=final reply=${reply._id}`, 640);
    log(`turn ended ${about}`, 15);
  };
  const lunch = say("bob", "Lunch at noon, everybody?");
  log(`message dropped reason=not-mentioned message=${lunch._id} room=${GENERAL}`, 400);
  ask(
    "alice",
    `@${BOT} what is left before the release?`,
    "Three things are left:\n\n1. finish the *migration guide*\n2. run `npm test` on Node 24\n3. tag the release\n\n@alice shall I open the ticket?",
  );
  control.postFile({
    as: BOT,
    rid: GENERAL,
    name: "release-notes.md",
    type: "text/markdown",
    bytes: Buffer.from("# Release notes\n".repeat(90)),
    msg: "",
  });
  const root = say("bob", "Who writes the migration guide?");
  log(`message dropped reason=not-mentioned message=${root._id} room=${GENERAL}`, 700);
  ask(
    "alice",
    `@${BOT} please suggest an outline`,
    "1. What changes\n2. What you do\n3. How to go back",
    root._id,
  );
  return { emulator, thread: root._id };
}

async function shoot(browser: Browser, { emulator, thread }: Scene): Promise<void> {
  for (const [path, { view, look }] of Object.entries(SHOTS)) {
    const page = await browser.newPage(look);
    await page.goto(emulator.pageUrl);
    await page.getByRole("button", { name: "Alice @alice" }).click();
    await page.getByRole("navigation").getByRole("button", { name: "general" }).click();
    await page.getByText("Three things are left").first().waitFor();
    if (view === "thread") await openThread(page, thread);
    await page.evaluate(() => document.fonts.ready.then(() => undefined));
    await page.screenshot({ path: join(ROOT, path), animations: "disabled" });
    await page.context().close();
  }
}

async function openThread(page: Page, thread: string): Promise<void> {
  await page.locator(`#m-${thread}`).getByRole("button", { name: "2 replies" }).click();
  await page.getByRole("complementary", { name: "Thread" }).getByText("How to go back").waitFor();
}

/** OpenClaw shows a PNG; the SVG is where it is drawn. */
async function drawIcon(browser: Browser): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 512, height: 512 } });
  await page.goto(pathToFileURL(join(ROOT, "assets", "icon.svg")).href);
  await page.screenshot({ path: join(ROOT, "assets", "icon.png"), omitBackground: true });
  await page.close();
}

async function main(): Promise<void> {
  if (process.argv.includes("--help"))
    return console.log("npm run screenshots   writes docs/*.png and assets/icon.png");
  const found = await findChromium();
  if (found === undefined) throw new Error("No Chromium found: name one in the variable CHROMIUM");
  const { path, env } = found;
  const browser = await chromium.launch({ executablePath: path, env: { ...process.env, ...env } });
  const scene = await playScene();
  try {
    await shoot(browser, scene);
    await drawIcon(browser);
    const pictures = Object.keys(SHOTS).map((name) => JSON.stringify(name));
    // As the formatter would write it.
    const told = `{\n  "page": "${await hashPage()}",\n  "pictures": [${pictures.join(", ")}]\n}\n`;
    await writeFile(join(ROOT, HASH_FILE), told);
  } finally {
    await browser.close();
    await scene.emulator.close();
  }
}

if (import.meta.main) await main();
