import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../../../emulator/server.ts";
import { postMessage } from "../../../rest/messages.ts";
import { resolveAccount } from "../../config/account.ts";
import { setRuntime } from "../../runtime.ts";
import { messageAdapter } from "../../surface/message-adapter.ts";
import { type AccountSending, sendingFor } from "../sending.ts";
import { refreshServerFacts } from "../server-facts.ts";
import { withdrawLeftovers } from "./leftovers.ts";
import { openPreviewFile, previews } from "./preview-file.ts";
import { offerToDelivery, PreviewOffer } from "./preview-offer.ts";

let emulator: Emulator;
let cfg: { channels: { rocketchat: object } };
let sending: AccountSending;
let roomId: string;
let id: string;
const stateDir = mkdtempSync(join(tmpdir(), "previews-"));
let inUse = stateDir;

beforeAll(async () => {
  setRuntime({ state: { resolveStateDir: () => inUse } } as unknown as Parameters<typeof setRuntime>[0]);
  emulator = await startEmulator();
  emulator.control.addUser({ username: "ann" });
  const { userId } = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
  const pat = emulator.control.personalAccessToken("bot");
  const network = { dangerouslyAllowPrivateNetwork: true };
  const rocketchat = { serverUrl: emulator.url, userId, username: "bot", pat, network };
  cfg = { channels: { rocketchat: { ...rocketchat, dangerouslyAllowInsecure: true } } };
  sending = sendingFor(resolveAccount(cfg));
});
afterAll(async () => {
  previews().close();
  await emulator.close();
  rmSync(stateDir, { recursive: true });
});
/** A preview stands and was written down, by a process that may have died since. */
beforeEach(async () => {
  emulator.faults.clear();
  inUse = stateDir;
  const name = `room${emulator.world.rooms.size}`;
  roomId = emulator.control.addRoom({ name, type: "p", members: ["ann", "bot"] });
  id = `preview${emulator.world.rooms.size}`;
  const file = openPreviewFile(join(stateDir, "rocketchat"));
  file.notesOf("default").note({ id, roomId });
  file.close();
  await postMessage(sending.rest, { id, roomId, text: "The beginning" });
});

const said = () =>
  emulator.control.messages(roomId).flatMap(({ t, _id, msg }) => (t ? [] : [[_id === id, msg]]));
const deliver = (text: string, deliveryQueueId: string | undefined, offer?: PreviewOffer) =>
  messageAdapter.send?.text?.({
    cfg,
    to: `room:${roomId}`,
    text,
    ...(deliveryQueueId && { deliveryQueueId }),
    ...offerToDelivery(offer),
  });
const refuse = (path: string, errorType: string) =>
  emulator.faults.rest({ path, times: 1, status: 400, body: { success: false, error: "no", errorType } });
const connect = () =>
  withdrawLeftovers({ ctx: { accountId: "default" }, log: { warn: () => {} } } as never, sending.rest);
const reconcile = (queueId: string) =>
  messageAdapter.durableFinal?.reconcileUnknownSend?.({
    cfg,
    queueId,
    channel: "rocketchat",
    to: `room:${roomId}`,
    enqueuedAt: 0,
    retryCount: 0,
    payloads: [],
  });

it("a queued delivery makes the preview its answer, and again at every later attempt", async () => {
  const [queueId, offer] = [randomUUID(), new PreviewOffer(id)];
  await deliver("The whole", queueId, offer);
  expect([said(), offer.taken]).toEqual([[[true, "The whole"]], true]);
  expect(await reconcile(queueId)).toEqual({ status: "not_sent" });
  await deliver("The whole", queueId);
  await connect();
  expect(said()).toEqual([[true, "The whole"]]);
});

describe("killed", () => {
  it("before the answer was there: the preview is withdrawn", async () => {
    await connect();
    expect(said()).toEqual([]);
  });

  it("with the answer in the queue, before it claimed the preview: it is posted, and the preview withdrawn", async () => {
    await deliver("The whole", randomUUID());
    await connect();
    expect(said()).toEqual([[false, "The whole"]]);
  });

  it("between claim and edit: the next attempt edits", async () => {
    const [queueId, offer] = [randomUUID(), new PreviewOffer(id)];
    emulator.faults.rest({ path: "chat.update", times: 1, lost: true, effect: false });
    await expect(deliver("The whole", queueId, offer)).rejects.toThrow();
    expect([said(), offer.taken]).toEqual([[[true, "The beginning"]], true]);
    await connect();
    await deliver("The whole", queueId);
    expect(said()).toEqual([[true, "The whole"]]);
  });

  it("behind the edit: the next attempt finds it", async () => {
    const queueId = randomUUID();
    emulator.faults.rest({ path: "chat.update", times: 1, lost: true, effect: true });
    await expect(deliver("The whole", queueId, new PreviewOffer(id))).rejects.toThrow();
    await deliver("The whole", queueId);
    expect(said()).toEqual([[true, "The whole"]]);
  });

  it("behind a refused edit: the answer is posted once, and then the preview goes", async () => {
    const [queueId, offer] = [randomUUID(), new PreviewOffer(id)];
    refuse("chat.update", "error-message-editing-blocked");
    await deliver("The whole", queueId, offer);
    await deliver("The whole", queueId);
    expect(offer.close()).toBe(false);
    await vi.waitFor(() => expect(said()).toEqual([[false, "The whole"]]));
  });

  it("behind a refused edit, before the answer was posted: the preview stands until that is", async () => {
    const queueId = randomUUID();
    refuse("chat.update", "error-message-editing-blocked");
    emulator.faults.rest({ path: "chat.sendMessage", times: 1, lost: true, effect: false });
    await expect(deliver("The whole", queueId, new PreviewOffer(id))).rejects.toThrow();
    await connect();
    expect([said(), await reconcile(queueId)]).toEqual([[[true, "The beginning"]], { status: "not_sent" }]);
    await deliver("The whole", queueId);
    await vi.waitFor(() => expect(said()).toEqual([[false, "The whole"]]));
  });

  it("behind the edit, which is refused when it is repeated: the answer stands once", async () => {
    const queueId = randomUUID();
    await deliver("The whole", queueId, new PreviewOffer(id));
    refuse("chat.update", "error-message-editing-blocked");
    await deliver("The whole", queueId);
    expect(said()).toEqual([[true, "The whole"]]);
  });
});

it("a preview goes when neither the edit nor the answer is taken", async () => {
  refuse("chat.update", "error-action-not-allowed");
  refuse("chat.sendMessage", "room-is-readonly");
  await expect(deliver("The whole", randomUUID(), new PreviewOffer(id))).rejects.toThrow("room-is-readonly");
  await vi.waitFor(() => expect(said()).toEqual([]));
});

it("a preview that cannot be withdrawn behind the answer is withdrawn at the next connection", async () => {
  refuse("chat.update", "error-message-editing-blocked");
  emulator.faults.rest({ path: "chat.delete", times: 1, status: 503 });
  await deliver("The whole", randomUUID(), new PreviewOffer(id));
  await vi.waitFor(async () => {
    await connect();
    expect(said()).toEqual([[false, "The whole"]]);
  });
});

it("an answer of several messages begins with the preview", async () => {
  const text = Array.from({ length: 1_500 }, (_, index) => `word${index}`).join(" ");
  const queueId = randomUUID();
  await deliver(text, queueId, new PreviewOffer(id));
  await deliver(text, queueId);
  expect(said().map(([isPreview]) => isPreview)).toEqual([true, false, false, false]);
  expect(
    said()
      .map(([, msg]) => String(msg).trim())
      .join(" "),
  ).toBe(text);
});

it("an answer of which a further message is too long for the server is divided anew, the preview with it", async () => {
  const text = Array.from({ length: 1_500 }, (_, index) => `word${index}`).join(" ");
  const queueId = randomUUID();
  emulator.control.setSetting("Message_MaxAllowedSize", 2_000);
  try {
    await deliver(text, queueId, new PreviewOffer(id));
    await deliver(text, queueId);
  } finally {
    emulator.control.setSetting("Message_MaxAllowedSize", 5_000);
    await refreshServerFacts("default", sending.rest);
  }
  const parts = said().map(([, msg]) => String(msg).trim());
  expect([parts.join(" "), Math.max(...parts.map(({ length }) => length)) <= 2_000]).toEqual([text, true]);
  expect(said().map(([isPreview]) => isPreview)).toEqual(parts.map((_, index) => index === 0));
});

it.each(["Look, <@ann>", "<@ann> look", "**<@ann>** look"])(
  "%j is posted, since an edit notifies nobody",
  async (text) => {
    const offer = new PreviewOffer(id);
    await deliver(text, randomUUID(), offer);
    expect(offer.taken).toBe(false);
    expect(said().map(([isPreview]) => isPreview)).toEqual([true, false]);
  },
);

it("a preview goes before an answer that names somebody is posted", async () => {
  const seen: unknown[] = [];
  const offer = new PreviewOffer(id, async () => void seen.push(...said()));
  await deliver("The whole, <@alice>", randomUUID(), offer);
  expect(seen).toEqual([[true, "The beginning"]]);
  expect([offer.taken, offer.isOpen]).toEqual([false, false]);
});

it("an offer that was ended is not taken: its preview is being withdrawn", async () => {
  const offer = new PreviewOffer(id);
  expect(offer.close()).toBe(true);
  await deliver("The whole", randomUUID(), offer);
  expect([said().map(([isPreview]) => isPreview), offer.taken]).toEqual([[true, false], false]);
});

it("what is not queued posts, and leaves the preview to its turn", async () => {
  const offer = new PreviewOffer(id);
  await deliver("The whole", undefined, offer);
  expect([said().length, offer.taken]).toEqual([2, false]);
});

it("what cannot be withdrawn now is withdrawn at the next connection, and a claim that was given up after an hour", async () => {
  emulator.faults.rest({ path: "chat.delete", times: 100, status: 503 });
  await connect();
  expect(said()).toHaveLength(1);
  emulator.faults.clear();
  const file = openPreviewFile(join(stateDir, "rocketchat"), () => Date.now() - 2 * 60 * 60_000);
  file.claim(id, randomUUID());
  file.close();
  await connect();
  await vi.waitFor(() => expect(said()).toEqual([]));
});

/** Works on the file beside the plugin, as another process would. */
function withFile(work: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(stateDir, "rocketchat", "previews.sqlite"));
  work(db);
  db.close();
}
const letTimeGoBy = () =>
  withFile((db) => void db.prepare("UPDATE preview SET until = 1 WHERE id = ?").run(id));

describe("what has become the answer is not withdrawn", () => {
  const text = Array.from({ length: 1_500 }, (_, index) => `word${index}`).join(" ");

  it("when the rest of the answer was refused", async () => {
    const body = { success: false, error: "no", errorType: "error-not-allowed" };
    emulator.faults.rest({ path: "chat.sendMessage", times: 1, status: 400, body });
    await expect(deliver(text, randomUUID(), new PreviewOffer(id))).rejects.toThrow("1 of 4");
    letTimeGoBy();
    const before = said();
    await connect();
    expect([before.length, said()]).toEqual([1, before]);
  });

  it("when a further attempt began after the first was long ago", async () => {
    const queueId = randomUUID();
    emulator.faults.rest({ path: "chat.update", times: 1, lost: true, effect: false });
    await expect(deliver("The whole", queueId, new PreviewOffer(id))).rejects.toThrow();
    letTimeGoBy();
    emulator.faults.rest({ path: "chat.update", times: 1, lost: true, effect: true });
    await expect(deliver("The whole", queueId)).rejects.toThrow();
    await connect();
    expect(said()).toEqual([[true, "The whole"]]);
  });

  it("when a further attempt begins while others are withdrawn", () => {
    let now = 1;
    const file = openPreviewFile(join(stateDir, "other"), () => now);
    file.notesOf("default").note({ id, roomId });
    file.claim(id, "delivery");
    now += 2 * 60 * 60_000;
    expect(file.listLeft("default")).toEqual([{ id, roomId }]);
    file.renew(id);
    expect(file.takeLeft(id)).toBe(false);
    now += 2 * 60 * 60_000;
    expect([file.takeLeft(id), file.findClaimed("delivery")]).toEqual([true, undefined]);
    file.close();
  });

  it("for a month", () => {
    let now = 1;
    const file = openPreviewFile(join(stateDir, "month"), () => now);
    file.notesOf("default").note({ id, roomId });
    file.claim(id, "delivery");
    file.noteSent(id);
    now += 29 * 24 * 60 * 60_000;
    expect([file.listLeft("default"), file.findClaimed("delivery")]).toEqual([
      [],
      { id, roomId, known: "edited" },
    ]);
    file.close();
  });
});

describe("answers do not depend on the file of the previews", () => {
  it("which is not made where there are none", async () => {
    inUse = join(stateDir, "without");
    await deliver("The whole", randomUUID());
    await connect();
    expect(said()).toEqual([
      [true, "The beginning"],
      [false, "The whole"],
    ]);
    expect(existsSync(join(inUse, "rocketchat", "previews.sqlite"))).toBe(false);
  });

  it("which may be none", async () => {
    inUse = join(stateDir, "broken");
    mkdirSync(join(inUse, "rocketchat"), { recursive: true });
    writeFileSync(join(inUse, "rocketchat", "previews.sqlite"), "not a database, ".repeat(1_000));
    const queueId = randomUUID();
    const offer = new PreviewOffer(id);
    await deliver("The whole", queueId, offer);
    await connect();
    expect(await reconcile(queueId)).toMatchObject({ status: "sent" });
    expect([said().at(-1), offer.taken]).toEqual([[false, "The whole"], false]);
  });

  it("which may be locked: nothing is claimed, and what was claimed becomes the answer", async () => {
    const [queueId, offer] = [randomUUID(), new PreviewOffer(id)];
    emulator.faults.rest({ path: "chat.update", times: 1, lost: true, effect: false });
    await expect(deliver("The whole", queueId, offer)).rejects.toThrow();
    const other = new DatabaseSync(join(stateDir, "rocketchat", "previews.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    await deliver("The whole", queueId);
    const late = new PreviewOffer("another");
    await deliver("Another", randomUUID(), late);
    other.close();
    expect([said(), late.taken]).toEqual([
      [
        [true, "The whole"],
        [false, "Another"],
      ],
      false,
    ]);
  });
});
