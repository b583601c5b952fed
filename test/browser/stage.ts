// Owns what a browser test stands on: an emulator with people and a bot user in it, and pages opened in Chromium.
import axe from "axe-core";
import { type Browser, chromium, type Locator, type Page } from "playwright-core";
import { expect, inject } from "vitest";
import { PluginFeed } from "../../demo/plugin-feed.ts";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { connect, type DdpClient } from "../../emulator/testing/client.ts";

declare global {
  interface Window {
    readonly axe: typeof axe;
  }
}

export const BOT = "openclaw-bot";
export const GENERAL = "GENERAL";

/** The sizes every test runs in. */
export const DEVICES = [
  { device: "desktop", options: { viewport: { width: 1280, height: 800 } } },
  {
    device: "phone",
    options: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  },
];

export type ContextOptions = Parameters<Browser["newContext"]>[0];

/** Whether there is a Chromium; without one the tests are skipped, and the run says so. */
export const hasChromium = inject("chromium") !== undefined;

export async function launch(): Promise<Browser> {
  const { path = "", env = {} } = inject("chromium") ?? {};
  return chromium.launch({ executablePath: path, env: { ...process.env, ...env } });
}

export interface Stage {
  readonly emulator: Emulator;
  readonly control: Emulator["control"];
  /** Speaks for the plugin: takes lines of its log. */
  readonly feed: PluginFeed;
  /** The room of alice and the bot. */
  readonly dm: string;
  /** A DDP connection of the bot user, listening to what happens in #general. */
  readonly bot: DdpClient;
}

/** alice, bob and the bot user in #general; alice and the bot in a direct room. */
export async function setStage(): Promise<Stage> {
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
  const dm = control.direct(["alice", BOT]);
  const bot = await connect(emulator, control.personalAccessToken(BOT));
  await bot.sub("activity", "stream-notify-room", `${GENERAL}/user-activity`);
  return { emulator, control, feed, dm, bot };
}

/** A page whose every complaint in the console fails the test that closes it, unless it is allowed. */
export interface OpenPage {
  readonly page: Page;
  allow(complaint: RegExp): void;
  close(): Promise<void>;
}

export async function openPage(browser: Browser, url: string, options: ContextOptions): Promise<OpenPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  const allowed: RegExp[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  await page.goto(url);
  const close = async () => {
    await context.close();
    expect(complaints.filter((one) => !allowed.some((pattern) => pattern.test(one)))).toEqual([]);
  };
  return { page, close, allow: (complaint) => allowed.push(complaint) };
}

/** Logs somebody in by one click. */
export async function enterAs(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: `${name} @${name.toLowerCase()}` }).click();
  await page.getByRole("button", { name: "general" }).waitFor();
}

/** Opens a room from wherever one is, by its title in the list. */
export async function openRoom(page: Page, title: string): Promise<void> {
  const entry = page.getByRole("navigation").getByRole("button", { name: title });
  const back = page.getByRole("button", { name: "Back to the rooms" });
  await entry.or(back).first().waitFor();
  if (!(await entry.isVisible())) await back.click();
  await entry.click();
  await page.getByRole("textbox", { name: `Write to ${title}` }).waitFor();
}

/** Writes where the field of that name is, as soon as it is there, and sends it off. */
export async function write(page: Page, name: string, text: string): Promise<void> {
  const field = page.getByRole("textbox", { name });
  await field.pressSequentially(text);
  await field.press("Enter");
}

export function messageWith(scope: Page | Locator, text: string): Locator {
  return scope.locator("li.message").filter({ hasText: text });
}

/** What axe finds serious or worse in the page as it stands. */
export async function seriousProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => (await window.axe.run()).violations);
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
  );
}
