// Owns the tests of what ends an account's work and lets it begin again, against the emulated Rocket.Chat.

import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WebSocket } from "ws";
import { type Emulator, type Profile, startEmulator } from "../../../emulator/server.ts";
import { readSources } from "../../../test/architecture/imports.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import type { Clock, ConnectionChange } from "../../connection/driver.ts";
import { createOpenSocket } from "../../connection/socket.ts";
import type { StreamEvent } from "../../ddp/protocol.ts";
import { isJsonObject, readText } from "../../facts/json.ts";
import { resolveEndpoints } from "../config/account.ts";
import { openConnection, runLink, TokenNews } from "./link.ts";
import { openRestClient } from "./transport.ts";

vi.setConfig({ testTimeout: 20_000 });

/** Waits pass this many times faster than in life. */
const HASTE = 30;
const hastyClock: Clock = {
  now: () => performance.now() * HASTE,
  setTimer: (ms, fire) => {
    const timer = setTimeout(fire, ms / HASTE);
    return () => clearTimeout(timer);
  },
};

const CHECK_SECONDS = 30;

const NOT_LOGGED_IN = { success: false, error: "You must be logged in to do this.", status: "error" };

/** Every call of the API that the plugin makes with the account's token, read from its sources. */
const CALLS = [...readSources(join(import.meta.dirname, "../../..")).entries()]
  .filter(([path]) => /^src\/rest\/(?!administration)[\w-]+\.ts$/.test(path) && !path.includes(".test."))
  .flatMap(([, source]) => [...source.matchAll(/rest\.(get|post)\(\s*"(v1\/[\w.-]+)"/g)])
  .map(([, method = "", path = ""]) => [method, path] as const);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startServer(profile: Profile) {
  const emulator = await startEmulator({ profile });
  cleanups.push(() => emulator.close());
  const { control } = emulator;
  control.addUser({ username: "alice" });
  const { userId } = control.addUser({ username: "bot", roles: ["user", "bot"] });
  const rid = control.addRoom({ name: "lab", type: "p", members: ["alice", "bot"] });
  const say = (msg: string) => control.post({ as: "alice", rid, msg });
  return { emulator, control, userId, rid, say };
}

interface Entry {
  readonly text: string;
  readonly at: number;
}

/** A link that notes when it processed what; `queue` is stored and waits, and is handed to the next link on a restart. */
function start(
  emulator: Emulator,
  bot: { userId: string; pat: string; username?: string },
  queue: string[] = [],
) {
  const settings = accountSettings({
    serverUrl: emulator.url,
    userId: bot.userId,
    username: bot.username ?? "bot",
    pat: bot.pat,
    credentialCheckSeconds: CHECK_SECONDS,
    dangerouslyAllowInsecure: true,
    allowPrivateNetwork: true,
  });
  const controller = new AbortController();
  const processed: Entry[] = [];
  const changes: (ConnectionChange & { at: number })[] = [];
  const waiting = new Set<() => void>();
  const notice = () => {
    for (const wake of waiting) wake();
  };
  let open = false;
  const work = () => {
    for (const text of open ? queue.splice(0) : []) processed.push({ text, at: hastyClock.now() });
    notice();
  };
  const token = new TokenNews();
  const rest = openRestClient(settings, { onUnauthorized: token.tell, signal: controller.signal });
  const connection = openConnection(settings, {
    url: resolveEndpoints(settings).socket,
    openSocket: createOpenSocket({ WebSocket, verifyCertificates: true }),
    streams: [{ stream: "stream-room-messages", eventName: "__my_messages__" }],
    clock: hastyClock,
    random: () => 0.5,
  });
  const done = runLink({
    settings,
    connection,
    rest,
    token,
    onEvent: async (event) => {
      queue.push(textOf(event));
      work();
    },
    ingress: {
      open: () => {
        open = true;
        work();
      },
      hold: () => {
        open = false;
      },
    },
    onState: (change) => {
      changes.push({ ...change, at: hastyClock.now() });
      notice();
    },
    onDrop: () => {},
    onConfirmed: () => {},
    onCheckFailed: () => {},
    onUnconfirmed: notice,
    clock: hastyClock,
    random: () => 0.5,
    signal: controller.signal,
  });
  const stop = () => {
    controller.abort();
    return done;
  };
  cleanups.push(stop);
  async function until<T>(look: () => T | undefined): Promise<T> {
    for (let found = look(); ; found = look()) {
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          resolve();
        };
        waiting.add(wake);
      });
    }
  }
  return {
    rest,
    processed,
    changes,
    stop,
    queue,
    reach: (state: ConnectionChange["state"], from = 0) =>
      until(() => changes.slice(from).find((change) => change.state === state)),
    process: (text: string) => until(() => processed.find((entry) => entry.text === text)),
    store: (text: string) => until(() => (queue.includes(text) ? text : undefined)),
    isOpen: () => open,
    until,
  };
}

function textOf({ args: [message] }: StreamEvent): string {
  return isJsonObject(message) ? (readText(message, "msg") ?? "") : "";
}

async function startBot(profile: Profile) {
  const server = await startServer(profile);
  const pat = server.control.personalAccessToken("bot");
  const link = start(server.emulator, { userId: server.userId, pat });
  await link.reach("online");
  server.say("first");
  await link.process("first");
  return { ...server, pat, link };
}

it("the calls of the API are found in the sources", () => {
  expect(CALLS).toContainEqual(["post", "v1/chat.sendMessage"]);
  expect(CALLS.length).toBeGreaterThan(5);
});

describe.each<Profile>(["8.3", "6.5"])("on Rocket.Chat %s", (profile) => {
  it("nothing is processed later than one interval after the token was revoked", async () => {
    const { control, pat, link, say } = await startBot(profile);
    const revokedAt = hastyClock.now();
    control.revokeToken(pat);
    const chatter = setInterval(() => say("chatter"), 20);
    const { lifecycle, error } = await link.reach("blocked").finally(() => clearInterval(chatter));
    expect(lifecycle).toBe("blocked");
    expect(error?.message).toMatch(/personal access token/);
    const count = link.processed.length;
    say("too late");
    const later = link.processed.filter(({ at }) => at > revokedAt + CHECK_SECONDS * 1000);
    expect(later).toEqual([]);
    expect(link.processed).toHaveLength(count);
    await vi.waitFor(() => expect(control.connections()).toEqual([]));
  });

  it("no event follows an unauthorized answer, and what is queued is processed with a new token", async () => {
    const { control, pat, link, say, emulator, userId } = await startBot(profile);
    control.revokeToken(pat);
    await link.rest.get("v1/rooms.info", { roomId: "any" }).catch(() => {});
    expect(link.isOpen()).toBe(false);
    say("after the answer");
    await link.reach("blocked");
    expect(link.processed.map(({ text }) => text)).toEqual(["first"]);
    link.queue.push("kept");
    await link.stop();
    const next = start(emulator, { userId, pat: control.personalAccessToken("bot") }, link.queue);
    await next.process("kept");
    say("second");
    await next.process("second");
  });

  it("a 401 ends the work, which begins again by itself when the same token works", async () => {
    const { emulator, link, say } = await startBot(profile);
    emulator.faults.rest({ path: "rooms.info", times: 1, status: 401, body: NOT_LOGGED_IN });
    await link.rest.get("v1/rooms.info").catch(() => {});
    expect(link.isOpen()).toBe(false);
    await link.reach("blocked");
    await link.reach("online", link.changes.length);
    say("again");
    await link.process("again");
  });
});

describe("every call of the API", () => {
  it.each(CALLS)("ends the work with a 401: %s %s", async (method, path) => {
    const { emulator, link } = await startBot("8.3");
    emulator.faults.rest({ path: path.slice("v1/".length), times: 1, status: 401, body: NOT_LOGGED_IN });
    const call = method === "get" ? link.rest.get(path) : link.rest.post(path, {});
    await expect(call).rejects.toMatchObject({ code: "unauthorized", endpoint: path });
    expect(link.isOpen()).toBe(false);
    await link.reach("blocked");
  });
});

describe("a token of somebody else", () => {
  it("by name is refused with what to correct", async () => {
    const { emulator, control, userId } = await startServer("8.3");
    const link = start(emulator, { userId, pat: control.personalAccessToken("bot"), username: "robot" });
    const { error } = await link.reach("blocked");
    expect(error?.message).toMatch(/@bot, but the account names @robot. Correct `username`/);
    expect(link.isOpen()).toBe(false);
  });

  it("by id is refused with what to correct", async () => {
    const { emulator, control } = await startServer("8.3");
    const link = start(emulator, { userId: "other", pat: control.personalAccessToken("bot") });
    const { error } = await link.reach("blocked");
    expect(error?.message).toMatch(/Correct `userId`/);
  });
});

describe("on Rocket.Chat 9.0", () => {
  it("a want of permission ends nothing", async () => {
    const { emulator, control, userId, say } = await startServer("9.0");
    const link = start(emulator, { userId, pat: control.personalAccessToken("bot") });
    await link.reach("online");
    const secret = control.addRoom({ name: "secret", type: "p", members: ["alice"] });
    const message = { _id: "m1", rid: secret, msg: "may I?" };
    const refusal = await link.rest.post("v1/chat.sendMessage", { message }).catch((error) => error);
    expect(refusal).toMatchObject({ code: "rest", status: 403 });
    say("still here");
    await link.process("still here");
    expect(link.changes.some(({ state }) => state === "blocked")).toBe(false);
  });
});

describe("a server that does not answer REST", () => {
  it("is given one interval, then processing rests until the token is confirmed again", async () => {
    const { emulator, control, userId, say } = await startServer("8.3");
    const link = start(emulator, { userId, pat: control.personalAccessToken("bot") });
    await link.reach("online");
    say("first");
    await link.process("first");
    emulator.faults.rest({ path: "me", status: 502, body: "<html>bad gateway</html>" });
    await link.until(() => (link.isOpen() ? undefined : true));
    say("held");
    await link.store("held");
    emulator.faults.clear();
    await link.process("held");
    expect(link.changes.some(({ state }) => state === "blocked" || state === "waiting")).toBe(false);
  });
});

describe("two accounts", () => {
  it("do not share a fate", async () => {
    const { emulator, control, userId, rid, say } = await startServer("8.3");
    const other = control.addUser({ username: "second", roles: ["user", "bot"] });
    control.invite({ as: "alice", rid, username: "second" });
    const pat = control.personalAccessToken("bot");
    const doomed = start(emulator, { userId, pat });
    const otherPat = control.personalAccessToken("second");
    const lasting = start(emulator, { userId: other.userId, pat: otherPat, username: "second" });
    await Promise.all([doomed.reach("online"), lasting.reach("online")]);
    control.revokeToken(pat);
    await doomed.reach("blocked");
    say("one is left");
    await lasting.process("one is left");
    expect(lasting.changes.map(({ state }) => state)).not.toContain("waiting");
  });
});
