// The page without a mouse: from the login to a reaction, a thread, an edit and a delete by the keys alone.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BOT, GENERAL, hasChromium, launch, type OpenPage, openPage, type Stage, setStage } from "./stage.ts";

const MOST_STOPS = 30;

let browser: Browser;
let stage: Stage;
let opened: OpenPage;
let page: Page;

beforeAll(async () => {
  if (hasChromium) browser = await launch();
});
afterAll(() => browser?.close());

/** Presses a key until what has the focus is named so; fails when that does not come. */
async function pressUntil(key: string, name: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    await page.keyboard.press(key);
    const focused = await page.evaluate(() => {
      const label = document.activeElement?.getAttribute("aria-label");
      const copy = document.activeElement?.cloneNode(true);
      if (!(copy instanceof Element)) return "";
      for (const hidden of copy.querySelectorAll("[aria-hidden]")) hidden.remove();
      return label ?? copy.textContent ?? "";
    });
    if (name.test(focused)) return;
    passed.push(focused);
  }
  throw new Error(`${key} did not reach ${name}: ${passed.join(" | ")}`);
}

const focusIn = (label: string) =>
  page.waitForFunction((wanted) => document.activeElement?.getAttribute("aria-label") === wanted, label);
const posted = (msg: string) => stage.control.waitForMessage((message) => message.msg === msg);

describe.skipIf(!hasChromium)("by the keyboard alone", () => {
  beforeEach(async () => {
    stage = await setStage();
    opened = await openPage(browser, stage.emulator.pageUrl, { viewport: { width: 1280, height: 800 } });
    page = opened.page;
    await page.getByRole("button", { name: "Alice @alice" }).waitFor();
    await pressUntil("Tab", /^Alice/);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "general" }).waitFor();
    await pressUntil("Tab", /^general/);
    await page.keyboard.press("Enter");
    await focusIn("Write to general");
  });
  afterEach(async () => {
    await opened.close();
    stage.bot.socket.close();
    await stage.emulator.close();
  });

  it("reacts to a message and stays at it", async () => {
    const { _id } = stage.control.post({ as: BOT, rid: GENERAL, msg: "One" });
    stage.control.post({ as: BOT, rid: GENERAL, msg: "Two" });
    await page.locator("li.message", { hasText: "Two" }).waitFor();
    await pressUntil("Shift+Tab", /Two/);
    await page.keyboard.press("ArrowUp");
    await pressUntil("Tab", /^React$/);
    await page.keyboard.press("Enter");
    await focusIn(":thumbsup:");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await stage.control.waitForMessage((message) => message.reactions?.[":heart:"] !== undefined);
    expect(stage.emulator.world.messages.get(_id)?.reactions).toEqual({
      ":heart:": { usernames: ["alice"] },
    });
    expect(await page.evaluate(() => document.activeElement?.id)).toBe(`m-${_id}`);
  });

  it("answers in a thread and comes back to where it began", async () => {
    const { _id } = stage.control.post({ as: BOT, rid: GENERAL, msg: "Root" });
    await page.locator("li.message", { hasText: "Root" }).waitFor();
    await pressUntil("Shift+Tab", /Root/);
    await pressUntil("Tab", /^Reply in a thread/);
    await page.keyboard.press("Enter");
    await focusIn("Reply in the thread");
    await page.keyboard.type("Leaf");
    await page.keyboard.press("Enter");
    expect(await posted("Leaf")).toMatchObject({ tmid: _id });
    await page.keyboard.press("Escape");
    await page.waitForFunction((id) => document.activeElement?.id === id, `m-${_id}`);
  });

  it("edits what was written last and deletes it, each only when sure", async () => {
    await page.keyboard.type("Helo");
    await page.keyboard.press("Enter");
    const { _id } = await posted("Helo");
    await page.locator("li.message", { hasText: "Helo" }).waitFor();
    await page.keyboard.press("ArrowUp");
    await focusIn("Edit the message");
    await page.keyboard.press("Escape");
    await focusIn("Write to general");
    await page.keyboard.press("ArrowUp");
    await focusIn("Edit the message");
    await page.keyboard.press("End");
    await page.keyboard.type("!");
    await page.keyboard.press("Enter");
    await posted("Helo!");
    await focusIn("Write to general");
    await pressUntil("Shift+Tab", /^Delete$/);
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Keep" }).waitFor();
    await page.keyboard.press("Escape");
    expect(stage.emulator.world.messages.has(_id)).toBe(true);
    await pressUntil("Tab", /^Delete$/);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Enter");
    await page.locator("li.message", { hasText: "Helo!" }).waitFor({ state: "detached" });
  });

  it("walks through the rooms with the arrows and writes to somebody new", async () => {
    stage.control.addRoom({ name: "zoo", type: "p", members: ["alice"] });
    await page.getByRole("button", { name: "zoo" }).waitFor();
    await pressUntil("Shift+Tab", /^general/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await focusIn("Write to zoo");
    await pressUntil("Shift+Tab", /^Write to somebody/);
    await page.keyboard.type("@nobody");
    await page.keyboard.press("Enter");
    await page.getByText("There is nobody named nobody.").waitFor();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("bob");
    await page.keyboard.press("Enter");
    await focusIn("Write to Bob");
  });
});
