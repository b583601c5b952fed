// The page as a person uses it, in Chromium, on a desk and on a phone; a stand-in answers as the bot.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  BOT,
  DEVICES,
  enterAs,
  GENERAL,
  hasChromium,
  launch,
  messageWith,
  type OpenPage,
  openPage,
  openRoom,
  type Stage,
  seriousProblems,
  setStage,
  write,
} from "./stage.ts";

const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

let browser: Browser;
let stage: Stage;
let opened: OpenPage[] = [];

beforeAll(async () => {
  if (hasChromium) browser = await launch();
});
afterAll(() => browser?.close());

describe.skipIf(!hasChromium).each(DEVICES)("on a $device", ({ device, options }) => {
  let page: Page;

  const open = async (url = stage.emulator.pageUrl): Promise<Page> => {
    const next = await openPage(browser, url, options);
    opened.push(next);
    return next.page;
  };
  const asBot = (rid: string, msg: string, tmid?: string) =>
    stage.control.post({ as: BOT, rid, msg, ...(tmid ? { tmid } : {}) });
  const posted = (msg: string) => stage.control.waitForMessage((message) => message.msg === msg);
  const tool = async (text: string, name: string) => {
    const row = messageWith(page, text).last();
    await row.locator(".text").click();
    await row.getByRole("button", { name, exact: true }).click();
  };

  beforeEach(async () => {
    stage = await setStage();
    page = await open();
    await enterAs(page, "Alice");
  });
  afterEach(async () => {
    const closing = opened;
    opened = [];
    for (const one of closing) await one.close();
    stage.bot.socket.close();
    await stage.emulator.close();
  });

  it("shows a direct message and its answer, and counts what is unread elsewhere", async () => {
    asBot(stage.dm, "Anybody there?");
    await page.getByRole("button", { name: "OpenClaw 1" }).waitFor();
    await openRoom(page, "OpenClaw");
    await write(page, "Write to OpenClaw", "Good morning!");
    expect(await posted("Good morning!")).toMatchObject({ rid: stage.dm, u: { username: "alice" } });
    asBot(stage.dm, "Good morning, *Alice*.");
    await messageWith(page, "Good morning, Alice.").getByText("Alice", { exact: true }).last().waitFor();
    expect(await page.getByText("OpenClaw 1").count()).toBe(0);
  });

  it("completes a mention by the keys, and the server knows whom it means", async () => {
    await openRoom(page, "general");
    const field = page.getByRole("textbox", { name: "Write to general" });
    await field.pressSequentially("hi @o");
    await page.getByRole("option", { name: `@${BOT}` }).waitFor();
    await field.press("Enter");
    expect(await field.inputValue()).toBe(`hi @${BOT} `);
    await field.pressSequentially("are you there?");
    await field.press("Enter");
    expect(await posted(`hi @${BOT} are you there?`)).toMatchObject({ mentions: [{ username: BOT }] });
    asBot(GENERAL, "@alice I am");
    await messageWith(page, "I am").locator(".mention.mine").waitFor();
  });

  it("answers in a thread, and the room shows only how many replies there are", async () => {
    const root = asBot(GENERAL, "Plan the release");
    await openRoom(page, "general");
    await tool("Plan the release", "Reply in a thread");
    await write(page, "Reply in the thread", "What comes first?");
    expect(await posted("What comes first?")).toMatchObject({ tmid: root._id });
    asBot(GENERAL, "The guide", root._id);
    const thread = page.getByRole("complementary", { name: "Thread" });
    await messageWith(thread, "The guide").waitFor();
    await page.getByRole("button", { name: "Close the thread" }).click();
    await page.getByRole("button", { name: "2 replies" }).waitFor();
    expect(await messageWith(page.locator("main"), "The guide").count()).toBe(0);
  });

  it("adds a reaction, shows those of others and takes its own back", async () => {
    const { _id } = asBot(GENERAL, "Done");
    await openRoom(page, "general");
    await tool("Done", "React");
    await page.getByRole("button", { name: ":tada:", exact: true }).click();
    const own = page.getByTitle(":tada: alice");
    await own.waitFor();
    stage.control.react({ as: "bob", messageId: _id, emoji: ":eyes:" });
    await page.getByTitle(":eyes: bob").waitFor();
    await own.click();
    await own.waitFor({ state: "detached" });
    expect(stage.emulator.world.messages.get(_id)?.reactions).toEqual({ ":eyes:": { usernames: ["bob"] } });
  });

  it("edits and deletes its own messages, and follows the edits and deletes of others", async () => {
    await openRoom(page, "general");
    await write(page, "Write to general", "Helo");
    const { _id } = await posted("Helo");
    await messageWith(page, "Helo").waitFor();
    await tool("Helo", "Edit");
    await page.getByRole("textbox", { name: "Edit the message" }).fill("Hello");
    await page.getByRole("button", { name: "Save" }).click();
    await messageWith(page, "Hello").getByText("(edited)").waitFor();
    await tool("Hello", "Delete");
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await messageWith(page, "Hello").waitFor({ state: "detached" });
    expect(stage.emulator.world.messages.has(_id)).toBe(false);

    const messageId = asBot(GENERAL, "Thinking")._id;
    await messageWith(page, "Thinking").waitFor();
    for (const text of ["Thinking of", "Thinking of a number"])
      stage.control.edit({ as: BOT, messageId, text });
    await messageWith(page, "Thinking of a number").waitFor();
    stage.control.delete({ as: BOT, messageId });
    await messageWith(page, "Thinking").waitFor({ state: "detached" });
  });

  it("uploads a picture and a file, and shows them", async () => {
    await openRoom(page, "general");
    const files = [
      { name: "pixel.png", mimeType: "image/png", buffer: PIXEL },
      { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("notes") },
    ];
    await page.getByLabel("Attach a file").setInputFiles(files);
    await page.getByRole("button", { name: "Leave out notes.txt" }).waitFor();
    await write(page, "Write to general", "what is this?");
    // The words go with the first file.
    await messageWith(page, "what is this?").getByRole("img", { name: "pixel.png" }).waitFor();
    const picture = page.getByRole("img", { name: "pixel.png" });
    await picture.waitFor();
    expect(
      await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)),
    ).toBe(1);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "notes.txt" }).click();
    expect((await download).suggestedFilename()).toBe("notes.txt");
  });

  it("shows who types while they do, and tells others when one types oneself", async () => {
    await openRoom(page, "general");
    await page.getByRole("textbox", { name: "Write to general" }).pressSequentially("hm");
    const told = await stage.bot.frame(({ collection }) => collection === "stream-notify-room");
    expect(told).toMatchObject({ fields: { args: ["alice", ["user-typing"]] } });
    await stage.bot.call("stream-notify-room", `${GENERAL}/user-activity`, BOT, ["user-typing"]);
    await page.getByText(`${BOT} is typing`).waitFor();
    await stage.bot.call("stream-notify-room", `${GENERAL}/user-activity`, BOT, []);
    await page.getByText(`${BOT} is typing`).waitFor({ state: "detached" });
  });

  it("lets one be two people in turn, and after a reload still", async () => {
    await page.getByRole("button", { name: "Chat as somebody else" }).click();
    await enterAs(page, "Bob");
    await openRoom(page, "general");
    await write(page, "Write to general", "I am Bob");
    await messageWith(page, "I am Bob").waitFor();
    if (device === "phone") await page.getByRole("button", { name: "Back to the rooms" }).click();
    await page.getByRole("button", { name: "Alice" }).click();
    await openRoom(page, "general");
    await messageWith(page, "I am Bob").waitFor();
    await write(page, "Write to general", "I am Alice");
    expect(await posted("I am Alice")).toMatchObject({ u: { username: "alice" } });
    await page.reload();
    await messageWith(page, "I am Alice").waitFor();
    expect(await page.locator(".people button", { hasText: "Bob" }).count()).toBe(1);
  });

  it("says beside each message what the plugin did with it, and the whole story in the panel", async () => {
    await openRoom(page, "general");
    const log = (at: string, line: string) =>
      stage.feed.read(`2026-11-22T18:00:0${at}+00:00 [rocketchat] [default] ${line}\n`);
    log("0.000", "connected");
    await write(page, "Write to general", "Lunch?");
    const lunch = await posted("Lunch?");
    log("1.000", `message dropped reason=not-mentioned message=${lunch._id} room=${GENERAL}`);
    await write(page, "Write to general", `@${BOT} lunch?`);
    const { _id } = await posted(`@${BOT} lunch?`);
    const about = `message=${_id} session=agent:main:general`;
    log("2.000", `message admitted message=${_id} room=${GENERAL}`);
    log("2.010", `turn started ${about} agent=main`);
    await page.getByRole("button", { name: "the agent is working" }).waitFor();
    log("2.500", `reply sent ${about} kind=final reply=m2`);
    await page.getByRole("button", { name: "answered in 500 ms" }).waitFor();
    await page.getByRole("button", { name: "not answered: not mentioned" }).click();
    const panel = page.getByRole("complementary", { name: "What the plugin did" });
    await panel.getByText("The agent was not mentioned").waitFor();
    await panel.getByText("agent:main:general").waitFor();
    await panel.getByText("+500 ms").waitFor();
    await panel.getByText("connected").waitFor();
  });

  it("shows markup of messages as text", async () => {
    await openRoom(page, "general");
    const evil = `<img src=x onerror="document.title='gone'"><script>document.title='gone'</script>`;
    asBot(GENERAL, evil);
    asBot(GENERAL, "[click](javascript:document.title=1)");
    await page.getByText(evil).waitFor();
    await page.getByText("click").last().waitFor();
    expect(await page.locator(".messages a, .messages script, .messages img").count()).toBe(0);
    expect(await page.title()).not.toContain("gone");
  });

  it("comes back after a lost connection with what was missed", async () => {
    await openRoom(page, "general");
    stage.emulator.faults.cutSockets({});
    stage.control.post({ as: "bob", rid: GENERAL, msg: "While you were away" });
    await messageWith(page, "While you were away").waitFor();
    asBot(GENERAL, "And live again");
    await messageWith(page, "And live again").waitFor();
  });

  it("keeps what was written when the server refuses it, and says why", async () => {
    await openRoom(page, "general");
    opened[0]?.allow(/status of 400/);
    const field = page.getByRole("textbox", { name: "Write to general" });
    await field.fill("x".repeat(5001));
    await field.press("Enter");
    await page.getByRole("alert").getByText("size").waitFor();
    expect(await field.inputValue()).toHaveLength(5001);
  });

  it("has no serious problem of accessibility, light or dark, in any of its views", async () => {
    asBot(GENERAL, "`code`, a [link](https://example.org), @alice\n```\nconst a = 1;\n```");
    const root = asBot(GENERAL, "A thread");
    asBot(GENERAL, "in it", root._id);
    stage.control.react({ as: "bob", messageId: root._id, emoji: ":eyes:" });
    const views = ["", "GENERAL", `GENERAL/${root._id}`, "GENERAL/plugin"];
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const view of views) {
        await page.goto(`${stage.emulator.pageUrl}#/alice/${view}`);
        if (view === "GENERAL") await messageWith(page, "A thread").first().hover();
        expect(await seriousProblems(page), `${colorScheme} ${view}`).toEqual([]);
      }
      await page.goto(`${stage.emulator.pageUrl}#/`);
      await page.getByRole("textbox", { name: "Password" }).waitFor();
      expect(await seriousProblems(page), `${colorScheme} login`).toEqual([]);
    }
  });
});
