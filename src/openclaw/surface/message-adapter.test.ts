import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { verifyChannelMessageAdapterCapabilityProofs } from "openclaw/plugin-sdk/channel-outbound";
import { PlatformMessageNotDispatchedError } from "openclaw/plugin-sdk/error-runtime";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { TurnDelivery } from "../account/files/outgoing-file.ts";
import { sendingFor, shareSending } from "../account/sending.ts";
import { refreshServerFacts } from "../account/server-facts.ts";
import { resolveAccount } from "../config/account.ts";
import { setRuntime } from "../runtime.ts";
import { messageAdapter, outbound } from "./message-adapter.ts";

let emulator: Emulator;
let cfg: { channels: { rocketchat: object } };
let roomId: string;
const stateDir = mkdtempSync(join(tmpdir(), "adapter-"));

beforeAll(async () => {
  vi.stubEnv("OPENCLAW_STATE_DIR", stateDir);
  setRuntime({ state: { resolveStateDir: () => stateDir } } as unknown as Parameters<typeof setRuntime>[0]);
  emulator = await startEmulator();
  emulator.control.addUser({ username: "ann" });
  const { userId } = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
  const rocketchat = {
    serverUrl: emulator.url,
    userId,
    username: "bot",
    pat: emulator.control.personalAccessToken("bot"),
    dangerouslyAllowInsecure: true,
    network: { dangerouslyAllowPrivateNetwork: true },
  };
  cfg = { channels: { rocketchat } };
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await emulator.close();
  rmSync(stateDir, { recursive: true });
});
beforeEach(() => {
  emulator.faults.clear();
  roomId = emulator.control.addRoom({
    name: `room${emulator.world.rooms.size}`,
    type: "p",
    members: ["ann", "bot"],
  });
});

const posted = () => emulator.control.messages(roomId).filter(({ t }) => t === undefined);
interface Extras {
  threadId?: string;
  cfg?: object;
  payload?: { text: string; mediaUrls: string[] };
  to?: string;
  accountId?: string;
  deliveryQueueId?: string;
  deps?: Readonly<Record<string, unknown>>;
  onPlatformSendDispatch?: () => Promise<void>;
  assertDirectAdapterHandoff?: () => void;
  onDeliveryResult?: (posted: { messageId?: string }) => void;
}
const send = (text: string, more: Extras = {}) =>
  messageAdapter.send?.text?.({ cfg, to: `room:${roomId}`, text, ...more });
/** An answer with files, which are made first. */
function sendAll(text: string, names: readonly string[], more: Extras = {}) {
  const mediaUrls = names.map((name) => join(stateDir, name));
  for (const [index, path] of mediaUrls.entries()) writeFileSync(path, `${names[index]}\n`);
  const payload = { text, mediaUrls };
  const request = { cfg, to: `room:${roomId}`, text, payload, mediaLocalRoots: [stateDir], ...more };
  return messageAdapter.send?.payload?.(request);
}
/** What a turn gives along with its reply. */
const inTurn = (signal?: AbortSignal, refuse = ({ message }: Error) => `(${message}.)`) => ({
  rocketchat: new TurnDelivery({ signal, refuse }),
});
const files = () => posted().map(({ msg, file }) => [msg, file?.name]);
const reconcile = async (queueId: string, ...payloads: readonly { text?: string; mediaUrls?: string[] }[]) =>
  await messageAdapter.durableFinal?.reconcileUnknownSend?.({
    cfg,
    queueId,
    channel: "rocketchat",
    to: `room:${roomId}`,
    enqueuedAt: 0,
    retryCount: 0,
    payloads,
  });

const failure = (sent: unknown) =>
  Promise.resolve(sent).then(
    () => expect.unreachable("should have failed"),
    (reason: unknown) => reason,
  );

/** Runs `work` as the running account sends: with patience, whose waits it counts and passes at once. */
async function withRunningAccount<T>(
  work: () => T,
  wait: () => void = () => {},
): Promise<[Awaited<T>, number]> {
  const account = resolveAccount(cfg, undefined);
  let waits = 0;
  const patient = {
    ...sendingFor(account),
    patience: new AbortController().signal,
    async wait(_: number, ends: AbortSignal) {
      waits += 1;
      wait();
      ends.throwIfAborted();
    },
  };
  const unshare = shareSending(account.accountId, patient);
  try {
    return [await work(), waits];
  } finally {
    unshare();
  }
}

const long = Array.from({ length: 1500 }, (_, index) => `word${index}`).join(" ");

describe("the message adapter", () => {
  it("tells OpenClaw before each message that it goes out, and keeps it back when it may not", async () => {
    const standing: number[] = [];
    const hooks = {
      onPlatformSendDispatch: async () => void standing.push(posted().length),
      assertDirectAdapterHandoff: () => {
        if (posted().length === 2) throw new Error("no longer");
      },
    };
    await expect(send(long, hooks)).rejects.toThrow("no longer");
    expect(standing).toEqual([0, 1, 2]);
    expect(posted()).toHaveLength(2);
  });

  it("keeps what it declares", async () => {
    const results = await verifyChannelMessageAdapterCapabilityProofs({
      adapterName: "rocketchat",
      adapter: messageAdapter,
      proofs: {
        text: async () => {
          await send("hello");
          expect(posted().map(({ msg }) => msg)).toEqual(["hello"]);
        },
        thread: async () => {
          const root = emulator.control.post({ as: "ann", rid: roomId, msg: "root" });
          await send("in the thread", { threadId: root._id });
          expect(posted().at(-1)).toMatchObject({ msg: "in the thread", tmid: root._id });
        },
        media: async () => {
          writeFileSync(join(stateDir, "plan.txt"), "the plan\n");
          const file = { mediaUrl: join(stateDir, "plan.txt"), mediaLocalRoots: [stateDir] };
          const request = { cfg, to: `room:${roomId}`, text: "look", deliveryQueueId: "q-file", ...file };
          const first = await messageAdapter.send?.media?.(request);
          expect(posted().at(-1)).toMatchObject({ msg: "look", file: { name: "plan.txt" } });
          const again = await messageAdapter.send?.media?.(request);
          expect(again?.receipt.platformMessageIds).toEqual(first?.receipt.platformMessageIds);
          expect(posted().filter(({ file: sent }) => sent?.name === "plan.txt")).toHaveLength(1);
        },
        payload: async () => {
          const [before, request] = [posted().length, { deliveryQueueId: "q-payload" }];
          await sendAll("both", ["a.txt", "b.txt"], request);
          await sendAll("both", ["a.txt", "b.txt"], request);
          expect(files().slice(before)).toEqual([
            ["both", "a.txt"],
            ["", "b.txt"],
          ]);
        },
        messageSendingHooks: async () => {
          const result = await send("as the hook left it", { deliveryQueueId: "hooked" });
          expect(posted().at(-1)).toMatchObject({ msg: "as the hook left it" });
          expect(result?.receipt.primaryPlatformMessageId).toBe(posted().at(-1)?._id);
        },
        reconcileUnknownSend: async () => {
          expect(await reconcile("q1")).toEqual({ status: "not_sent" });
          const result = await send(long, { deliveryQueueId: "q1" });
          expect(result?.receipt.platformMessageIds).toHaveLength(4);
          const found = await reconcile("q1");
          expect(found).toMatchObject({
            status: "sent",
            receipt: { platformMessageIds: result?.receipt.platformMessageIds },
          });
        },
      },
    });
    const declared = Object.keys(messageAdapter.durableFinal?.capabilities ?? {}).sort();
    const verified = results
      .filter(({ status }) => status === "verified")
      .map(({ capability }) => capability);
    expect(verified.sort()).toEqual(declared);
  });

  it("says that a reply of which the end is missing was not sent, and completes it when asked again", async () => {
    emulator.faults.rest({ path: "chat.sendMessage", times: 1, effect: true });
    emulator.faults.rest({ path: "chat.sendMessage", times: 1, status: 503 });
    await expect(send(long, { deliveryQueueId: "q2" })).rejects.toThrow("1 of 4 parts were posted");
    expect(await reconcile("q2")).toEqual({ status: "not_sent" });
    await send(long, { deliveryQueueId: "q2" });
    expect(
      posted()
        .map(({ msg }) => msg)
        .join(" "),
    ).toBe(long);
    expect(await reconcile("q2")).toMatchObject({ status: "sent" });
  });

  const text = () =>
    posted()
      .map(({ msg }) => msg)
      .join(" ");
  /** The account with other limits for texts, from now on. */
  function configure(chunkLimit: number): void {
    cfg.channels.rocketchat = { ...cfg.channels.rocketchat, textChunkLimit: chunkLimit };
  }
  async function limit(units: number): Promise<void> {
    emulator.control.setSetting("Message_MaxAllowedSize", units);
    const account = resolveAccount(cfg, undefined);
    await refreshServerFacts(account.accountId, sendingFor(account).rest);
  }
  afterEach(async () => {
    configure(4000);
    await limit(5000);
  });

  it.each([
    ["shorter by configuration", async () => configure(700)],
    ["longer by configuration", async () => configure(5000)],
    ["shorter by the server", () => limit(900)],
  ])("completes a reply in the messages that it began with, though they may be %s", async (name, change) => {
    configure(3000);
    emulator.faults.rest({ path: "chat.sendMessage", times: 1, effect: true });
    emulator.faults.rest({ path: "chat.sendMessage", times: 1, status: 503 });
    await expect(send(long, { deliveryQueueId: name })).rejects.toThrow("1 of 5 parts were posted");
    await change();
    await Promise.resolve(send(long, { deliveryQueueId: name })).catch(() => {});
    await limit(5000);
    await send(long, { deliveryQueueId: name });
    expect(text()).toBe(long);
    expect(await reconcile(name)).toMatchObject({ status: "sent" });
  });

  it("posts nothing again of a reply that it posted under other limits", async () => {
    await send(long, { deliveryQueueId: "again" });
    configure(700);
    await send(long, { deliveryQueueId: "again" });
    expect(text()).toBe(long);
  });

  it("divides a reply anew whose first message is longer than the server takes by now", async () => {
    await send("hello");
    emulator.control.setSetting("Message_MaxAllowedSize", 900);
    await send(long, { deliveryQueueId: "too-long" });
    expect(text()).toBe(`hello ${long}`);
  });

  it.each([
    ["a server that is busy", { status: 503 }],
    ["a lost answer", { effect: true, lost: true }],
  ])("has OpenClaw send a queued reply again after %s, and posts it once", async (_, fault) => {
    const name = randomUUID();
    emulator.faults.rest({ path: "chat.sendMessage", times: 1, ...fault });
    emulator.faults.rest({ path: "chat.getMessage", times: 1, status: 503 });
    const error = await Promise.resolve(send("hello", { deliveryQueueId: name })).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(PlatformMessageNotDispatchedError);
    expect(error).toMatchObject({ retryable: true });
    await send("hello", { deliveryQueueId: name });
    expect(posted()).toHaveLength(1);
  });

  it("does not have OpenClaw repeat what has no queue entry", async () => {
    emulator.faults.rest({ path: "chat.sendMessage", times: 1, status: 503 });
    const error = await Promise.resolve(send("hello")).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(PlatformMessageNotDispatchedError);
  });

  it("ends a reply that the server refuses, and says why", async () => {
    emulator.control.kick({ as: "ann", rid: roomId, username: "bot" });
    const error = await Promise.resolve(send("hello", { deliveryQueueId: "q3" })).then(
      () => expect.unreachable("should have been refused"),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(PlatformMessageNotDispatchedError);
    expect(error).toMatchObject({
      retryable: false,
      message: expect.stringContaining("may not do this there"),
    });
  });
});

describe("a delivery whose server cannot be asked where it goes", () => {
  const away = (path: string) => emulator.faults.rest({ path, times: 2, status: 503 });
  const kinds = ["rooms.info", "chat.getMessage", "users.info", "im.create"] as const;
  const start = (path: (typeof kinds)[number], deliveryQueueId: string) => {
    if (path === "rooms.info") return sendAll("here", ["plan.txt"], { deliveryQueueId });
    const root = emulator.control.post({ as: "ann", rid: roomId, msg: "root" });
    if (path === "chat.getMessage") return send("here", { deliveryQueueId, threadId: root._id });
    return messageAdapter.send?.text?.({ cfg, to: "@ann", text: "here", deliveryQueueId });
  };
  const answers = () => [...emulator.world.messages.values()].filter(({ msg }) => msg === "here").length;

  it.each(kinds)("is waited for at %s, so that no next answer overtakes it", async (path) => {
    const before = answers();
    away(path);
    const [, waits] = await withRunningAccount(() => start(path, randomUUID()));
    expect(answers() - before).toBe(1);
    expect(waits).toBe(2);
  });

  it.each(kinds)("is left to OpenClaw's queue at %s where the account does not run", async (path) => {
    away(path);
    const error = await failure(start(path, randomUUID()));
    expect(error).toBeInstanceOf(PlatformMessageNotDispatchedError);
    expect(error).toMatchObject({ retryable: true });
  });
});

describe("a reply of a turn whose file is refused", () => {
  const REFUSED = { success: false, errorType: "error-not-allowed", error: "no" };
  const PAGE = "<html>413 Request Entity Too Large</html>";
  const refuse = ({ message }: Error) => `(Told: ${message}.)`;
  const said = () => posted().map(({ msg, file }) => [msg, file?.name]);

  it.each([
    [
      "by the server",
      { status: 400, body: REFUSED },
      "the bot user may not send files there, or lacks the permission",
    ],
    [
      "by a proxy",
      { status: 413, body: PAGE },
      "a proxy in front of the server does not accept it (HTTP 413)",
    ],
  ])("%s at once says so after its words", async (_, fault, reason) => {
    emulator.faults.rest({ path: "rooms.media", ...fault });
    const request = { deliveryQueueId: randomUUID(), deps: inTurn(undefined, refuse) };
    const [, waits] = await withRunningAccount(() => sendAll("the words", ["a.txt"], request));
    expect(said()).toEqual([
      ["the words", undefined],
      [`(Told: a.txt cannot be sent, because ${reason}.)`, undefined],
    ]);
    expect(waits).toBe(0);
  });

  it.each([
    ["when it is to be posted", { path: "rooms.mediaConfirm", status: 400, body: REFUSED }],
    ["for a passing reason of where it lies", undefined],
  ])("has its words, %s", async (_, fault) => {
    if (fault) emulator.faults.rest(fault);
    const deps = inTurn(undefined, refuse);
    const mediaUrls = fault ? undefined : ["https://nonexistent.invalid/a.txt"];
    const payload = mediaUrls && { payload: { text: "the words", mediaUrls } };
    await sendAll("the words", ["a.txt"], { deliveryQueueId: randomUUID(), deps, ...payload });
    expect(said()).toEqual([
      ["the words", undefined],
      [expect.stringContaining("(Told: a.txt cannot be sent, because"), undefined],
    ]);
  });

  it("keeps its other files, and its words with the first of these, over attempts", async () => {
    const request = { deliveryQueueId: randomUUID(), deps: inTurn(undefined, refuse) };
    const names = ["first.txt", "second.txt", "third.txt"];
    emulator.faults.rest({ path: "rooms.media", times: 1, status: 400, body: REFUSED });
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1 });
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1, status: 503 });
    await failure(sendAll("the words", names, request));
    // A later attempt knows nothing of the turn, and the server would take the first by now.
    await sendAll("the words", names, { deliveryQueueId: request.deliveryQueueId });
    const sentence =
      "(Told: first.txt cannot be sent, because the bot user may not send files there, or lacks the permission.)";
    expect(said()).toEqual([
      ["the words", "second.txt"],
      ["", "third.txt"],
      [sentence, undefined],
    ]);
    await sendAll("the words", names, { deliveryQueueId: request.deliveryQueueId });
    expect(said()).toHaveLength(3);
  });

  it("is an error for the message tool, with nothing posted", async () => {
    emulator.faults.rest({ path: "rooms.media", times: 1, status: 400, body: REFUSED });
    const error = await failure(sendAll("the words", ["a.txt"], { deliveryQueueId: randomUUID() }));
    expect(error).toMatchObject({ retryable: false, message: expect.stringContaining("a.txt") });
    expect(posted()).toEqual([]);
  });
});

describe("a stop of the turn", () => {
  it("ends the words after a file", async () => {
    const stop = new AbortController();
    const request = { deps: inTurn(stop.signal), onPlatformSendDispatch: async () => stop.abort() };
    await failure(sendAll(long, ["a.txt"], { ...request, deliveryQueueId: randomUUID() }));
    expect(posted()).toHaveLength(1);
  });

  it.each(["rooms.info", "rooms.media"])(
    "ends the wait for a server that is away (%s), for later attempts as well",
    async (path) => {
      const stop = new AbortController();
      emulator.faults.rest({ path, status: 503 });
      const request = { deps: inTurn(stop.signal), deliveryQueueId: randomUUID() };
      const [error, waits] = await withRunningAccount(
        () => failure(sendAll("stopped by now", ["a.txt"], request)),
        () => stop.abort(),
      );
      expect(waits).toBe(1);
      expect(error).toMatchObject({ retryable: false });
      expect(posted()).toEqual([]);
    },
  );
});

it("a reply with a file is divided anew when the server takes less by now", async () => {
  await sendAll("short", ["a.txt"], { deliveryQueueId: randomUUID() });
  emulator.control.setSetting("Message_MaxAllowedSize", 900);
  try {
    await sendAll(long, ["b.txt"], { deliveryQueueId: randomUUID() });
  } finally {
    emulator.control.setSetting("Message_MaxAllowedSize", 5000);
    const account = resolveAccount(cfg, undefined);
    await refreshServerFacts(account.accountId, sendingFor(account).rest);
  }
  const words = posted()
    .slice(1)
    .map(({ msg }) => msg);
  expect(words.join(" ")).toBe(long);
  expect(posted().map(({ file }) => file?.name)).toEqual([
    "a.txt",
    "b.txt",
    ...words.slice(1).map(() => undefined),
  ]);
});

it.each(["info", "settings.public"])("a file reaches a 6.5 of which %s could not be asked", async (path) => {
  const old = await startEmulator({ profile: "6.5" });
  try {
    const { userId } = old.control.addUser({ username: "bot", roles: ["user", "bot"] });
    old.control.addUser({ username: "ann" });
    const rid = old.control.addRoom({ name: "old", type: "p", members: ["ann", "bot"] });
    const account = {
      serverUrl: old.url,
      userId,
      username: "bot",
      pat: old.control.personalAccessToken("bot"),
    };
    const accountId = `old-${path.slice(0, 4)}`;
    const both = {
      channels: { rocketchat: { ...cfg.channels.rocketchat, accounts: { [accountId]: account } } },
    };
    old.faults.rest({ path, times: 1, status: 503 });
    const request = { cfg: both, accountId, deliveryQueueId: randomUUID() };
    await sendAll("look", ["plan.txt"], { ...request, to: `room:${rid}` });
    const words = old.control.messages(rid).flatMap(({ t, msg }) => (t === undefined ? [msg] : []));
    expect(words).toEqual(["look"]);
  } finally {
    await old.close();
  }
});

describe("an answer with several files", () => {
  const names = ["first.txt", "second.txt", "third.txt"];
  const complete = [
    ["all", "first.txt"],
    ["", "second.txt"],
    ["", "third.txt"],
  ];

  it.each([
    ["is away", { status: 503 }],
    ["posts the file and is not heard", { effect: true, lost: true }],
  ])("goes on where it was when the server %s after the first", async (name, fault) => {
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1 });
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1, ...fault });
    const told: unknown[] = [];
    const request = { deliveryQueueId: name, onDeliveryResult: (posted: unknown) => void told.push(posted) };
    const error = await failure(sendAll("all", names, request));
    expect(error).toBeInstanceOf(PlatformMessageNotDispatchedError);
    expect(error).toMatchObject({ retryable: true });
    expect(told).toEqual([]);
    expect(await reconcile(name, { mediaUrls: names })).toEqual({ status: "not_sent" });
    const sent = await sendAll("all", names, request);
    expect(files()).toEqual(complete);
    expect(sent?.receipt.platformMessageIds).toEqual(posted().map(({ _id }) => _id));
  });

  it("remembers for days what stands of it, until all does", async () => {
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1 });
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1, status: 503 });
    const request = { deliveryQueueId: "days" };
    await failure(sendAll("all", names, request));
    const db = new DatabaseSync(join(stateDir, "rocketchat", "deliveries.sqlite"), { readOnly: true });
    const twoDays = Date.now() + 2 * 24 * 60 * 60_000;
    const until = db.prepare("SELECT until FROM division WHERE delivery LIKE 'days %'");
    expect(until.all().filter((row) => Number(row.until) < twoDays)).toEqual([]);
    await sendAll("all", names, request);
    expect(until.all().filter((row) => Number(row.until) > twoDays)).toEqual([]);
    db.close();
  });

  it("goes on with the copies that OpenClaw has made of them, under their own names", async () => {
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1 });
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1, status: 503 });
    const request = { deliveryQueueId: "copies" };
    await failure(sendAll("all", names, request));
    await sendAll("all", [randomUUID(), randomUUID(), randomUUID()], request);
    expect(files()).toEqual(complete);
  });

  it("has its own names, too, where the server was away at first", async () => {
    emulator.faults.rest({ path: "rooms.info", status: 503 });
    const request = { deliveryQueueId: "away at first" };
    await failure(sendAll("all", names, request));
    emulator.faults.clear();
    await sendAll("all", [randomUUID(), randomUUID(), randomUUID()], request);
    expect(files()).toEqual(complete);
  });

  it("stands in the thread, with all its words", async () => {
    const root = emulator.control.post({ as: "ann", rid: roomId, msg: "root" });
    await sendAll(long, names, { deliveryQueueId: "threaded", threadId: root._id });
    const sent = posted().slice(1);
    expect(sent.map(({ tmid }) => tmid)).toEqual(sent.map(() => root._id));
    expect(sent.flatMap(({ file }) => file?.name ?? [])).toEqual(names);
    expect(sent.flatMap(({ msg }) => msg || []).join(" ")).toBe(long);
  });

  it("is not begun when one of them is refused", async () => {
    const mediaUrls = [join(stateDir, "first.txt"), join(stateDir, "none.txt")];
    writeFileSync(mediaUrls[0] ?? "", "first\n");
    const payload = { text: "", mediaUrls };
    const request = { cfg, to: `room:${roomId}`, text: "", payload, mediaLocalRoots: [stateDir] };
    const error = await failure(messageAdapter.send?.payload?.({ ...request, deliveryQueueId: "refused" }));
    expect(error).toMatchObject({ retryable: false, message: expect.stringContaining("none.txt") });
    expect(posted()).toEqual([]);
  });

  it("is not begun when the server would not take one of them", async () => {
    const request = { deliveryQueueId: "empty" };
    writeFileSync(join(stateDir, "empty.txt"), "");
    const mediaUrls = [join(stateDir, "first.txt"), join(stateDir, "empty.txt")];
    const payload = { text: "", mediaUrls };
    const all = { cfg, to: `room:${roomId}`, text: "", payload, mediaLocalRoots: [stateDir], ...request };
    const error = await failure(messageAdapter.send?.payload?.(all));
    expect(error).toMatchObject({ retryable: false, message: expect.stringContaining("empty.txt") });
    expect(posted()).toEqual([]);
  });

  it("is not tried again for an address that must not be asked", async () => {
    const payload = { text: "", mediaUrls: ["http://127.0.0.1:9/plan.txt"] };
    const request = { cfg, to: `room:${roomId}`, text: "", payload, mediaLocalRoots: [stateDir] };
    const error = await failure(messageAdapter.send?.payload?.({ ...request, deliveryQueueId: "address" }));
    expect(error).toMatchObject({ retryable: false, message: expect.stringContaining("plan.txt") });
  });

  it("ends where it is when it is stopped", async () => {
    const stop = new AbortController();
    const request = {
      deps: inTurn(stop.signal),
      onPlatformSendDispatch: async () => stop.abort(),
    };
    const error = await failure(sendAll("all", names, { ...request, deliveryQueueId: "stopped" }));
    expect(error).not.toBeInstanceOf(PlatformMessageNotDispatchedError);
    expect(files()).toEqual(complete.slice(0, 1));
    const before = await failure(sendAll("all", names, { ...request, deliveryQueueId: "stopped before" }));
    expect(before).toMatchObject({ retryable: false });
    expect(files()).toEqual(complete.slice(0, 1));
  });

  it("ends for good when the server refuses a later one", async () => {
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1 });
    const body = { success: false, errorType: "error-not-allowed" };
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1, status: 400, body });
    const error = await failure(sendAll("all", names, { deliveryQueueId: "later" }));
    expect(error).not.toBeInstanceOf(PlatformMessageNotDispatchedError);
    expect(error).toMatchObject({ message: expect.stringContaining("a part of the answer was posted") });
    expect(files()).toEqual(complete.slice(0, 1));
  });

  it("tells OpenClaw of each where nobody repeats it", async () => {
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1 });
    emulator.faults.rest({ path: "rooms.mediaConfirm", times: 1, status: 503 });
    const told: unknown[] = [];
    const error = await failure(
      sendAll("all", names, { onDeliveryResult: ({ messageId }) => void told.push(messageId) }),
    );
    expect(error).not.toBeInstanceOf(PlatformMessageNotDispatchedError);
    expect(told).toEqual(posted().map(({ _id }) => _id));
    expect(told).toHaveLength(1);
  });
});

it.each([
  { case: "read for its queue is not read again", deliveryQueueId: "copied", times: 0 },
  { case: "not read before is read to be judged", deliveryQueueId: undefined, times: 1 },
])("a copy that OpenClaw has $case", async ({ deliveryQueueId, times }) => {
  const folder = join(stateDir, "media", "outbound");
  mkdirSync(folder, { recursive: true });
  const mediaUrl = join(folder, "plan.txt");
  writeFileSync(mediaUrl, "the plan\n");
  const mediaReadFile = vi.fn(async (path: string) => readFileSync(path));
  const access = { mediaLocalRoots: [join(stateDir, "media")], mediaReadFile };
  const request = { cfg, to: `room:${roomId}`, text: "look", mediaUrl, ...access };
  await messageAdapter.send?.media?.({ ...request, ...(deliveryQueueId && { deliveryQueueId }) });
  expect(files()).toEqual([["look", "plan.txt"]]);
  expect(mediaReadFile).toHaveBeenCalledTimes(times);
});

it("an answer with more than text is sent by its text", async () => {
  const payload = { text: "hello", channelData: { other: {} } };
  const request = { cfg, to: `room:${roomId}`, text: "hello", payload, deliveryQueueId: "data" };
  await messageAdapter.send?.payload?.(request);
  await messageAdapter.send?.payload?.(request);
  expect(posted().map(({ msg }) => msg)).toEqual(["hello"]);
  expect(await reconcile("data", payload)).toMatchObject({ status: "sent" });
});

it("what a model says to itself is not sent", () => {
  expect(outbound.sanitizeText({ text: "<think>hm</think>All is well." })).toBe("All is well.");
  expect(outbound.sanitizeText({ text: "`a < b` stays" })).toBe("`a < b` stays");
});
