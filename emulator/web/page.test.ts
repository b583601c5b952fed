// The page over HTTP: what it may load and reach, and what it offers only when a demo does.
import { afterEach, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../server.ts";
import type { FeedEvent } from "./offers.ts";
import type { PageOptions } from "./page.ts";

let emulator: Emulator;

afterEach(() => emulator.close());

async function get(path: string, page: PageOptions = {}): Promise<Response> {
  emulator = await startEmulator({ page });
  return fetch(emulator.pageUrl + path);
}

const policyOf = (answer: Response) => answer.headers.get("content-security-policy")?.split("; ");

it("loads nothing from elsewhere and makes no HTML out of text", async () => {
  const policy = policyOf(await get(""));
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).toContain("require-trusted-types-for 'script'");
});

it("may reach the one other server that the address names", async () => {
  const policy = policyOf(await get("?server=https://chat.example.org/sub"));
  expect(policy).toContain("connect-src 'self' https://chat.example.org wss://chat.example.org");
});

it.each(["javascript:alert(1)", "*", "https:; script-src *"])("takes %s for no server", async (server) => {
  expect(policyOf(await get(`?server=${encodeURIComponent(server)}`))).toContain("connect-src 'self'");
});

it("is bundled from the sources when it is asked for", async () => {
  const answer = await get("page.js");
  expect(answer.headers.get("content-type")).toContain("text/javascript");
  expect(await answer.text()).toContain("__my_messages__");
});

it("offers neither people nor a feed when nobody does", async () => {
  expect(await (await get("")).text()).toContain('name="offers" content=""');
  expect((await fetch(`${emulator.pageUrl}people`)).status).toBe(404);
  expect((await fetch(`${emulator.pageUrl}feed`)).status).toBe(404);
});

it("sends the feed as it goes on, and stops listening for a reader who left", async () => {
  const listeners = new Set<(event: FeedEvent) => void>();
  const left = Promise.withResolvers<void>();
  const event = { at: 1, name: "connected", fields: {} };
  const feed = {
    bot: "bot",
    listen(hear: (event: FeedEvent) => void) {
      hear(event);
      listeners.add(hear);
      return () => {
        listeners.delete(hear);
        left.resolve();
      };
    },
  };
  const answer = await get("feed", { feed });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe(`data: ${JSON.stringify(event)}\n\n`);
  for (const hear of listeners) hear({ ...event, at: 2 });
  expect((await reader?.read())?.value).toContain('"at":2');
  await reader?.cancel();
  await left.promise;
  expect(listeners.size).toBe(0);
});
