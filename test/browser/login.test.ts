// Getting in: by name and password, on this server or another one, and what a refusal or a limit looks like.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { hasChromium, launch, type OpenPage, openPage, openRoom, write } from "./stage.ts";

let browser: Browser;
let emulator: Emulator;
let opened: OpenPage;

beforeAll(async () => {
  if (hasChromium) browser = await launch();
});
afterAll(() => browser?.close());

async function logIn(user: string, password: string): Promise<void> {
  await opened.page.getByRole("textbox", { name: "User" }).fill(user);
  await opened.page.getByRole("textbox", { name: "Password" }).fill(password);
  await opened.page.getByRole("button", { name: "Log in" }).click();
}

describe.skipIf(!hasChromium)("the login form", () => {
  beforeEach(async () => {
    emulator = await startEmulator();
    emulator.control.addUser({ username: "alice", password: "right" });
    emulator.control.join({ username: "alice", rid: "GENERAL" });
    opened = await openPage(browser, emulator.pageUrl, { viewport: { width: 1280, height: 800 } });
  });
  afterEach(async () => {
    await opened.close();
    await emulator.close();
  });

  it("says that a password is wrong, lets in with the right one, and out again", async () => {
    opened.allow(/status of 401/);
    await logIn("alice", "wrong");
    await opened.page.getByText("Unauthorized").waitFor();
    await logIn("alice", "right");
    await openRoom(opened.page, "general");
    expect(await opened.page.getByRole("complementary").count()).toBe(0);
    await opened.page.getByRole("button", { name: "Log alice out" }).click();
    await opened.page.getByRole("textbox", { name: "User" }).waitFor();
    await opened.page.reload();
    await opened.page.getByRole("textbox", { name: "User" }).waitFor();
  });

  it("says so when the token is gone", async () => {
    opened.allow(/status of 401/);
    await logIn("alice", "right");
    await openRoom(opened.page, "general");
    emulator.control.deactivate("alice");
    await opened.page
      .getByRole("status")
      .filter({ hasText: /activated|User not found/ })
      .waitFor();
  });

  it("waits when the server's limit says so, and goes on by itself", async () => {
    opened.allow(/status of 429/);
    await opened.page.clock.install();
    await logIn("alice", "right");
    await openRoom(opened.page, "general");
    emulator.faults.rest({ path: "chat.sendMessage", status: 429, times: 1 });
    await write(opened.page, "Write to general", "patience");
    await opened.page.getByText("The server asks to wait").waitFor();
    await opened.page.clock.fastForward(11_000);
    await opened.page.locator("li.message", { hasText: "patience" }).waitFor();
  });

  it("opens the page anew for another server and chats there", async () => {
    const other = await startEmulator();
    try {
      other.control.addUser({ username: "carol", password: "other" });
      other.control.join({ username: "carol", rid: "GENERAL" });
      // A Rocket.Chat allows calls from other pages when its CORS setting is on.
      await opened.page.route(`${other.url}/**`, async (route) => {
        const answer = await route.fetch();
        await route.fulfill({
          response: answer,
          headers: {
            ...answer.headers(),
            "access-control-allow-origin": "*",
            "access-control-allow-headers": "*",
          },
        });
      });
      await opened.page.getByRole("textbox", { name: "Server" }).fill(`${other.url}/`);
      await logIn("carol", "other");
      await opened.page.waitForURL(/\?server=/);
      await logIn("carol", "other");
      await openRoom(opened.page, "general");
      await write(opened.page, "Write to general", "far away");
      await opened.page.locator("li.message", { hasText: "far away" }).waitFor();
      expect(other.control.messages("GENERAL").some(({ msg }) => msg === "far away")).toBe(true);
    } finally {
      await other.close();
    }
  });
});
