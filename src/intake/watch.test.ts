import { describe, expect, it } from "vitest";
import { memoryLedger } from "../../test/support/ledger.ts";
import { accountSettings } from "../../test/support/settings.ts";
import { decodeRevision } from "../facts/change.ts";
import { decodePrune } from "../facts/prune.ts";
import { createKnownMessages } from "./known.ts";
import type { RawMessageEvent } from "./receive.ts";
import { createWatch, type Origin } from "./watch.ts";

const settings = accountSettings({ rooms: new Map([["r1", {}]]) });
const room = { roomParticipant: true, roomType: "p" };
const mentioned = { msg: "@labbot hi", mentions: [{ _id: "bot", username: "labbot", type: "user" }] };
let updates = 1_000_000;

/** A document of a message as it is now: each one is newer than the one before. */
function frame(change: object = {}, where: object = {}): RawMessageEvent {
  updates += 10;
  const message = {
    _id: "m1",
    rid: "r1",
    msg: "hi",
    ts: { $date: 1_000_000 },
    _updatedAt: { $date: updates },
    u: { _id: "alice", username: "alice" },
    ...change,
  };
  return { message, room: { ...room, ...where } };
}

const edited = (by: string, change: object = {}) =>
  frame({ editedAt: { $date: updates }, editedBy: { _id: by, username: by }, ...change });
const eyes = (...usernames: string[]) => ({ reactions: { ":eyes:": { usernames } } });

function setUp() {
  const watch = createWatch({
    known: createKnownMessages(),
    ledger: memoryLedger(),
    parentOf: () => undefined,
  });
  /** What a document comes to: "request" for the message itself, else the kind of change. */
  const take = (event: RawMessageEvent, origin?: Origin): string[] => {
    const { events, keep } = watch.read(event, settings, origin);
    keep("stored");
    return events.map(kindOf);
  };
  return { watch, take };
}

function kindOf({ change }: RawMessageEvent): string {
  if (change === undefined) return "request";
  return typeof change === "object" && change !== null && "kind" in change ? String(change.kind) : "?";
}

describe("the watch", () => {
  it("tells a new message from everything that happens to it", () => {
    const { take } = setUp();
    expect(take(frame())).toEqual(["request"]);
    expect(take(frame(eyes("bob")))).toEqual(["reaction-added"]);
    expect(take(frame({ ...eyes("bob"), tcount: 1 }))).toEqual(["thread"]);
    expect(take(frame({ tcount: 1 }))).toEqual(["reaction-removed"]);
    expect(take(edited("alice", { tcount: 1 }))).toEqual(["edited"]);
    expect(take(edited("alice", { t: "rm", msg: "" }))).toEqual(["deleted"]);
  });

  it("says the same again until it was told to keep", () => {
    const { watch } = setUp();
    const event = frame();
    expect(watch.read(event, settings).events).toEqual([event]);
    expect(watch.read(event, settings).events).toEqual([event]);
  });

  it("remembers nothing of rooms that are not served, and leaves their events as they are", () => {
    const { take } = setUp();
    for (const event of [frame({ rid: "r2" }), frame({}, { roomParticipant: false }), frame({ u: null })]) {
      expect(take(event)).toEqual(["request"]);
      expect(take(event)).toEqual(["request"]);
    }
  });

  it("judges by its age a message whose room may turn out to be a served discussion", () => {
    const watch = createWatch({
      known: createKnownMessages(),
      ledger: memoryLedger(),
      parentOf: () => "unknown",
    });
    const kinds = (event: RawMessageEvent) => watch.read(event, settings).events.map(kindOf);
    const where = { roomName: "aBcDeFgHiJkLmNoPq" };
    const old = { rid: "d1", ts: { $date: updates - 30 * 60_000 } };
    expect(kinds(frame({ ...old, ...eyes("bob") }, where))).not.toContain("request");
    expect(kinds(frame({ ...old, ...eyes("bob") }, { roomName: "general" }))).toEqual(["request"]);
    expect(kinds(frame({ rid: "d1", ts: { $date: updates } }, where))).toEqual(["request"]);
  });

  it("takes an edit by which the author adds the mention for a request, once", () => {
    const { take } = setUp();
    take(frame());
    expect(take(edited("alice", mentioned))).toEqual(["request", "edited"]);
    expect(take(edited("alice"))).toEqual(["edited"]);
    expect(take(edited("alice", mentioned))).toEqual(["edited"]);
  });

  it("takes no edit for a request that another person made, or that adds no mention", () => {
    const { take } = setUp();
    take(frame());
    expect(take(edited("owner", mentioned))).toEqual(["edited"]);
    expect(take(edited("alice", mentioned))).toEqual(["request", "edited"]);
    const other = setUp();
    other.take(frame(mentioned));
    expect(other.take(edited("alice", mentioned))).toEqual(["edited"]);
  });

  it("sees the first reaction after it has learned the recent messages", () => {
    const { take } = setUp();
    const earlier = { ts: { $date: updates - 11 * 60_000 } };
    expect(take(frame(earlier), { since: updates })).toEqual([]);
    expect(take(frame({ ...earlier, ...eyes("bob") }))).toEqual(["reaction-added"]);
  });

  it("takes a message that nobody judged for a request wherever it is read, and once", () => {
    const { take } = setUp();
    const event = frame();
    expect(take(event, { since: 999_999 })).toEqual(["request"]);
    expect(take(event)).toEqual(["nothing"]);
    expect(take(frame(eyes("bob")), { since: 999_999 })).toEqual(["reaction-added"]);
  });

  it("does not take for judged what it merely remembers", () => {
    const known = createKnownMessages();
    const watch = createWatch({ known, ledger: memoryLedger(), parentOf: () => undefined });
    const event = frame();
    const revision = decodeRevision(event.message);
    if (revision !== undefined) known.keep({ revision, mentioned: false, room });
    expect(watch.read(event, settings).events).toEqual([event]);
    expect(watch.read(frame(eyes("bob")), settings).events.map(kindOf)).toEqual([
      "request",
      "reaction-added",
    ]);
  });

  it("takes a message for new that it sees minutes after it was written, whatever others did to it", () => {
    const { take } = setUp();
    const late = { ts: { $date: updates - 9 * 60_000 }, tcount: 2, ...eyes("bob") };
    expect(take(frame(late))).toEqual(["request"]);
    expect(take(frame({ _id: "m2", ts: { $date: updates - 11 * 60_000 } }))).toEqual(["old"]);
  });

  it("leaves what was written before the bot joined", () => {
    const { take } = setUp();
    take(frame({ _id: "au1", t: "au", msg: "labbot", ts: { $date: 1_000_001 } }));
    expect(take(frame({ ...mentioned, ...eyes("bob") }))).toEqual(["old"]);
    expect(take(frame({ _id: "m2", ts: { $date: 1_000_002 }, ...mentioned }))).toEqual(["request"]);
  });

  it("finds in a room's history what was missed: new messages, and changes of known ones", () => {
    const { take } = setUp();
    const missed = { since: 2_000_000 } as const;
    take(frame());
    expect(take(frame(eyes("bob")), missed)).toEqual(["reaction-added"]);
    const late = { _id: "m2", ts: { $date: 2_000_001 }, _updatedAt: { $date: 9_000_000 } };
    expect(take(frame({ ...late, tcount: 3, ...eyes("bob") }), missed)).toEqual(["request"]);
    expect(take(frame({ ...late, _id: "m3", ts: { $date: 2_000_000 } }), missed)).toEqual([]);
  });

  it("tells of edits and deletions that it was absent for, of messages that it does not know", () => {
    const { take } = setUp();
    const at = updates;
    const since = Number.POSITIVE_INFINITY;
    const known = (unheardSince?: number): Origin => ({ since, unheardSince });
    const missed = (unheardSince: number): Origin => ({ since: 0, unheardSince });
    const changed = (id: string, change: object = {}) => edited("alice", { _id: id, ...change });
    expect(take(changed("m1"), known(at - 1))).toEqual(["edited"]);
    expect(take(changed("m2", { t: "rm", msg: "" }), known(at - 1))).toEqual(["deleted"]);
    expect(take(changed("m3"), known(updates + 100))).toEqual([]);
    expect(take(changed("m4"), known())).toEqual([]);
    expect(take(changed("m5"))).toEqual(["request"]);
    expect(take(changed("m6"), missed(at - 1))).toEqual(["request", "edited"]);
    const sentMeanwhile = { ts: { $date: at + 1 }, _updatedAt: { $date: at + 1000 } };
    expect(take(changed("m7", sentMeanwhile), missed(at))).toEqual(["request"]);
    expect(take(changed("m1", eyes("bob")), known(at - 1))).toEqual(["edited", "reaction-added"]);
  });

  it("does not go back to an outdated document", () => {
    const { take } = setUp();
    const before = frame();
    take(before);
    take(frame(eyes("bob")));
    expect(take(before)).toEqual(["nothing"]);
    expect(take(frame(eyes("bob")))).toEqual(["nothing"]);
  });

  it("tells of a message that was deleted for good, if it knows it", () => {
    const { watch, take } = setUp();
    take(frame({ tmid: "m0" }));
    const { events, keep } = watch.readDeletions(["m1"]);
    expect(events).toMatchObject([
      { message: { _id: "m1", rid: "r1", tmid: "m0" }, change: { kind: "deleted" } },
    ]);
    keep("stored");
    expect(watch.readDeletions(["m1", "unknown"]).events).toEqual([]);
  });

  it("tells of many deleted messages by one event for each person in each place, with their number", () => {
    const { watch, take } = setUp();
    const bob = { u: { _id: "bob", username: "bob" } };
    take(frame({ _id: "a1", ts: { $date: 1 } }));
    take(frame({ _id: "a2", ts: { $date: 3 } }));
    take(frame({ _id: "a3", ts: { $date: 2 } }));
    take(frame({ _id: "b1", ...bob }));
    take(frame({ _id: "b2", ...bob, tmid: "a1" }));
    take(frame({ _id: "stays" }));
    const { events, keep } = watch.readDeletions(["a1", "b1", "a2", "b2", "a3", "unknown"]);
    expect(events.map(({ message, change }) => ({ message, change }))).toMatchObject([
      { message: { _id: "a2", u: { _id: "alice" } }, change: { kind: "deleted", count: 3 } },
      { message: { _id: "b1", u: { _id: "bob" } }, change: { kind: "deleted" } },
      { message: { _id: "b2", tmid: "a1" }, change: { kind: "deleted" } },
    ]);
    keep("stored");
    expect(watch.readDeletions(["a1", "a2", "a3", "b1", "b2", "stays"]).events).toHaveLength(1);
  });

  it("lists the remembered messages that a prune takes", () => {
    const { watch, take } = setUp();
    take(frame({ _id: "old", ts: { $date: 1 } }));
    take(frame({ _id: "late", ts: { $date: 9 } }));
    const prune = decodePrune({ rid: "r1", ts: { $gte: { $date: 0 }, $lte: { $date: 5 } } });
    expect(prune && watch.listPruned(prune).map(({ id }) => id)).toEqual(["old"]);
  });

  it("stores no text with a change", () => {
    const { watch, take } = setUp();
    take(frame({ msg: "a secret" }));
    const { events } = watch.read(edited("alice", { msg: "another secret" }), settings);
    expect(JSON.stringify(events)).not.toContain("secret");
  });
});
