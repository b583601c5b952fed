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

  it("behind a refused edit: the answer is posted once, and the preview withdrawn", async () => {
    const [queueId, offer] = [randomUUID(), new PreviewOffer(id)];
    const body = { success: false, error: "blocked", errorType: "error-message-editing-blocked" };
    emulator.faults.rest({ path: "chat.update", times: 1, status: 400, body });
    await deliver("The whole", queueId, offer);
    await deliver("The whole", queueId);
    expect(offer.taken).toBe(false);
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

it.each(["Look, <@ann>", "<@ann> look", "**<@ann>** look"])(
  "%j is posted, since an edit notifies nobody",
  async (text) => {
    const offer = new PreviewOffer(id);
    await deliver(text, randomUUID(), offer);
    expect(offer.taken).toBe(false);
    expect(said().map(([isPreview]) => isPreview)).toEqual([true, false]);
  },
);

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
    expect([file.listLeft("default"), file.findClaimed("delivery")]).toEqual([[], id]);
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
