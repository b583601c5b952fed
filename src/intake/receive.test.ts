import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { knowing } from "../../test/support/knowledge.ts";
import { accountSettings } from "../../test/support/settings.ts";
import type { AccountSettings } from "../settings.ts";
import { identify, parentToLookUp, receive } from "./receive.ts";

const settings = accountSettings({ rooms: new Map([["r1", {}]]) });
const grounds = { settings, known: knowing() };

const mentioned = [{ _id: "bot", username: "labbot", type: "user" }];
const message = {
  _id: "m1",
  rid: "r1",
  msg: "@labbot hi",
  ts: { $date: 1_000_000 },
  _updatedAt: { $date: 1_000_010 },
  u: { _id: "alice", username: "alice" },
  mentions: mentioned,
};
const room = { roomParticipant: true, roomType: "p", roomName: "ops" };

const reasonOf = (
  change: object,
  where: object = {},
  account: Partial<AccountSettings> = {},
  known = knowing(),
): string => {
  const receipt = receive(
    { message: { ...message, ...change }, room: { ...room, ...where } },
    { settings: { ...settings, ...account }, known },
  );
  return receipt.kind === "dropped" ? receipt.reason : "received";
};

describe("receive", () => {
  it("identifies a new message by its _id, in the lane of its room", () => {
    expect(receive({ message, room }, grounds)).toMatchObject({
      kind: "received",
      event: { eventId: "m1", laneKey: "room:r1" },
    });
  });

  it("takes a thread reply that the room shows too for one message, of the thread", () => {
    const shown = { ...message, tmid: "m0", tshow: true };
    expect(receive({ message: shown, room }, grounds)).toMatchObject({
      event: { eventId: "m1", laneKey: "room:r1:thread:m0" },
    });
  });

  it("gives every thread a lane of its own", () => {
    const receipt = receive({ message: { ...message, tmid: "m0" }, room }, grounds);
    expect(receipt).toMatchObject({ event: { laneKey: "room:r1:thread:m0" } });
  });

  it.each([
    ["a room the bot is not in", {}, { roomParticipant: false }, "not-a-member"],
    ["an event without the stream's second argument", {}, { roomParticipant: undefined }, "not-a-member"],
    ["a message without a sender", { u: undefined }, {}, "malformed"],
    ["the bot's own message", { u: { _id: "bot", username: "labbot" } }, {}, "own-message"],
    ["a system message", { t: "room-archived" }, {}, "system-message"],
    ["an encrypted message", { t: "e2e" }, {}, "encrypted"],
    ["a message without text", { msg: " " }, {}, "empty"],
    ["a room that is not listed", { rid: "r2" }, {}, "room-not-allowed"],
    ["a room message without mention", { msg: "hi", mentions: [] }, {}, "not-mentioned"],
    ["@all", { msg: "@all hi", mentions: [{ _id: "all", username: "all" }] }, {}, "not-mentioned"],
  ])("drops %s", (_, change, where, reason) => {
    expect(reasonOf(change, where)).toBe(reason);
  });

  it("does not know the bot by its name", () => {
    expect(reasonOf({ u: { _id: "mallory", username: "labbot" } })).toBe("received");
  });

  it("lets a direct message pass without mention, whoever its members are", () => {
    expect(
      reasonOf({ rid: "unlisted", msg: "hi", mentions: [] }, { roomType: "d", roomName: undefined }),
    ).toBe("received");
  });

  it("asks no mention where the room or the account says so", () => {
    expect(reasonOf({ msg: "hi", mentions: [] }, {}, { requireMention: false })).toBe("received");
    expect(
      reasonOf({ msg: "hi", mentions: [] }, {}, { rooms: new Map([["r1", { requireMention: false }]]) }),
    ).toBe("received");
    expect(
      reasonOf(
        { msg: "hi", mentions: [] },
        {},
        { requireMention: false, rooms: new Map([["r1", { requireMention: true }]]) },
      ),
    ).toBe("not-mentioned");
  });

  it.each([
    ["open", {}, "received"],
    ["open", { r1: { enabled: false } }, "room-not-allowed"],
    ["allowlist", { "*": {} }, "received"],
    ["allowlist", { "*": {}, r1: { enabled: false } }, "room-not-allowed"],
    ["disabled", { r1: {} }, "room-not-allowed"],
  ] as const)("serves a room under groupPolicy %s with rooms %j: %s", (groupPolicy, rooms, outcome) => {
    expect(reasonOf({}, {}, { groupPolicy, rooms: new Map(Object.entries(rooms)) })).toBe(outcome);
  });

  it.each([
    ["false", { allowBots: false }, {}, "bot-message"],
    ["true", { allowBots: true }, {}, "received"],
    ["mentions, named", { allowBots: "mentions" }, {}, "received"],
    [
      "mentions, not named",
      { allowBots: "mentions", requireMention: false },
      { msg: "hi", mentions: [] },
      "bot-message",
    ],
    ["the room's word over the account's", { rooms: new Map([["r1", { allowBots: true }]]) }, {}, "received"],
  ] as const)(
    "hears an integration and another bot user of the gateway under allowBots %s",
    (_, account, change, outcome) => {
      const bots = new Set(["other-bot"]);
      expect(reasonOf({ ...change, bot: { i: "hook" } }, {}, account)).toBe(outcome);
      expect(reasonOf({ ...change, u: { _id: "other-bot" } }, {}, { ...account, bots })).toBe(outcome);
      expect(reasonOf({ ...change, u: { _id: "other-bot" } }, { roomType: "d" }, { ...account, bots })).toBe(
        outcome,
      );
    },
  );

  it("hears a follow-up in a thread where the bot had a part, and a quote of it, without mention", () => {
    const plain = { msg: "go on", mentions: [] };
    const inThread = { ...plain, tmid: "t1" };
    expect(reasonOf(inThread)).toBe("not-mentioned");
    expect(reasonOf(inThread, {}, {}, knowing({ threadRole: () => "participant" }))).toBe("received");
    const quote = { attachments: [{ message_link: "https://chat/?msg=1", author_icon: "/avatar/labbot" }] };
    expect(reasonOf({ ...plain, ...quote })).toBe("received");
  });

  const ID = "aobEdbYhXfu5hkeqG";

  it("goes by the parent's entry in a discussion, and lets an unknown one go on to be looked up", () => {
    const where = { roomName: ID };
    const account = { rooms: new Map([["town", {}]]) };
    const within = (parent: string | undefined) => knowing({ parentOf: () => parent });
    expect(reasonOf({}, where, account, within("unknown"))).toBe("received");
    expect(reasonOf({}, where, account, within("town"))).toBe("received");
    expect(reasonOf({}, where, account, within("other"))).toBe("room-not-allowed");
    expect(reasonOf({}, where, account, within(undefined))).toBe("room-not-allowed");
  });

  it("has only rooms looked up that may be discussions without an entry of their own", () => {
    const known = knowing({ parentOf: (id) => (id === "seen" ? undefined : "unknown") });
    const wanted = (rid: string, where: object) =>
      parentToLookUp({ message: { rid }, room: { ...room, ...where } }, { settings, known });
    expect(wanted("r2", { roomName: ID })).toBe("r2");
    expect(wanted("r2", { roomName: undefined })).toBe("r2");
    expect(wanted("r2", { roomName: "ops" })).toBeUndefined();
    expect(wanted("r1", { roomName: ID })).toBeUndefined();
    expect(wanted("seen", { roomName: ID })).toBeUndefined();
    expect(wanted("r2", { roomName: ID, roomType: "d" })).toBeUndefined();
    expect(wanted("r2", { roomName: ID, roomParticipant: false })).toBeUndefined();
  });

  it("identifies a stored event alike, even when the settings would refuse it by now", () => {
    const receipt = receive({ message, room }, grounds);
    expect(receipt.kind === "received" && receipt.event).toEqual(identify({ message, room }));
    expect(identify({ message: { ...message, mentions: [] }, room })).toEqual(identify({ message, room }));
    expect(identify({ message: "spoiled", room })).toBeUndefined();
  });

  it("decides the same for an event that was stored and read again", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (rawMessage, rawRoom) => {
        const event = { message: rawMessage, room: rawRoom };
        expect(receive(JSON.parse(JSON.stringify(event)), grounds)).toEqual(receive(event, grounds));
      }),
    );
  });

  it.each([
    ["!stop", {}, "received"],
    ["!stop", { requireMention: false }, "received"],
    ["!status all is well", {}, "received"],
    ["!deploy", {}, "unknown-command"],
    ["!deploy", { requireMention: false }, "unknown-command"],
    ["!new", {}, "unknown-command"],
    ["!new", { commands: { extra: true } }, "received"],
    ["!important?", {}, "not-mentioned"],
    ["! stop", {}, "not-mentioned"],
  ])("takes a command without mention in a room: %s under %j: %s", (msg, account, outcome) => {
    expect(reasonOf({ msg, mentions: [] }, {}, account)).toBe(outcome);
  });

  it.each([
    ["@labbot !deploy", [{ _id: "bot" }], "received"],
    ["@second !status", [{ _id: "other-bot" }], "others-mentioned"],
    ["@second @labbot !status", [{ _id: "other-bot" }, { _id: "bot" }], "received"],
    ["!status @second", [{ _id: "other-bot" }], "others-mentioned"],
    ["!status @alice", [{ _id: "alice" }], "received"],
    ["@alice !status", [{ _id: "alice" }], "others-mentioned"],
    ["@all !status", [{ _id: "all" }], "received"],
    ["@labbot- !stop", [{ _id: "labbot-dash" }], "others-mentioned"],
    ["@labbot_ !stop", [], "others-mentioned"],
    ["@labbot--x !stop", [], "others-mentioned"],
    ["@labbot..x !stop", [], "others-mentioned"],
    ["@labbot. !stop", [], "received"],
  ])("leaves a command that names others to these: %s", (msg, mentions, outcome) => {
    expect(reasonOf({ msg, mentions }, {}, { bots: new Set(["other-bot"]) })).toBe(outcome);
  });

  it("serves no livechat and no voice room, and looks none up", () => {
    const account = accountSettings({ groupPolicy: "open", rooms: new Map([["r2", {}]]) });
    const grounds = { settings: account, known: knowing({ parentOf: () => "unknown" }) };
    for (const [roomType, asked] of [
      ["c", "r1"],
      ["p", "r1"],
      ["l", undefined],
      ["v", undefined],
    ] as const) {
      const message = { _id: "m1", rid: "r1", msg: "@labbot hi", ts: { $date: 1 }, u: { _id: "alice" } };
      const event = { message, room: { roomParticipant: true, roomType } };
      expect(parentToLookUp(event, grounds)).toBe(asked);
      if (asked === undefined) expect(receive(event, grounds)).toMatchObject({ reason: "room-not-allowed" });
    }
  });

  const editedBy = (by: unknown) => ({ editedAt: { $date: 1_000_005 }, editedBy: by });

  it.each([
    ["by the author", editedBy({ _id: "alice" }), "received"],
    ["by the owner of the room", editedBy({ _id: "owner", username: "alice" }), "edited-by-another"],
    ["by the bot itself", editedBy({ _id: "bot" }), "edited-by-another"],
    ["by nobody", editedBy(undefined), "edited-by-another"],
    ["by somebody unreadable", editedBy("alice"), "edited-by-another"],
    ["at no readable time", { editedAt: "once", editedBy: { _id: "owner" } }, "edited-by-another"],
    ["by somebody, but not when", { editedBy: { _id: "owner" } }, "edited-by-another"],
  ])("runs no text as the sender's that was edited by another: %s", (_, edit, outcome) => {
    expect(reasonOf(edit)).toBe(outcome);
    expect(reasonOf(edit, { roomType: "d" })).toBe(outcome);
  });

  it.each(["@labbot !stop", "!stop", "!@labbot,stop"])(
    "carries out no command that came by an edit: %s",
    (msg) => {
      expect(reasonOf({ msg, ...editedBy({ _id: "alice" }) })).toBe("edited-command");
      expect(reasonOf({ msg, ...editedBy({ _id: "alice" }) }, { roomType: "d" })).toBe("edited-command");
      expect(reasonOf({ msg })).toBe("received");
    },
  );

  it.each([
    ["!stop", undefined, "stop:room:r1"],
    ["@labbot !stop", "m0", "stop:room:r1:thread:m0"],
    ["[ ](https://chat.example.org/c/x?msg=m1) !stop", undefined, "stop:room:r1"],
    ["!status", undefined, "status:room:r1"],
    ["!model x", "m0", "room:r1:thread:m0"],
  ])("puts what must not wait in a lane beside the conversation's: %s", (msg, tmid, laneKey) => {
    const event = { message: { ...message, msg, tmid }, room };
    expect(receive(event, { settings, known: knowing() })).toMatchObject({ event: { laneKey } });
    expect(identify(event)).toMatchObject({ laneKey });
  });
});

describe("receive, of what happened to a message", () => {
  const added = { kind: "reaction-added", emoji: ":eyes:", username: "carol" };
  const own = { u: { _id: "bot", username: "labbot" } };
  const receiptOf = (change: object, document: object = {}, account: Partial<AccountSettings> = {}) =>
    receive(
      { message: { ...message, ...document }, room, change },
      { ...grounds, settings: { ...settings, ...account } },
    );
  const outcomeOf = (...args: Parameters<typeof receiptOf>): string => {
    const receipt = receiptOf(...args);
    return receipt.kind === "dropped" ? receipt.reason : receipt.kind;
  };

  it("gives it an identity of its own in the lane of the message", () => {
    expect(receiptOf(added, { ...own, tmid: "m0" })).toMatchObject({
      kind: "notice",
      event: { eventId: "m1 reaction-added :eyes: carol 1000010", laneKey: "room:r1:thread:m0" },
    });
  });

  it.each([
    ["off", own, "change-unwanted"],
    ["own", own, "notice"],
    ["own", {}, "change-unwanted"],
    ["all", {}, "notice"],
    ["allowlist", {}, "notice"],
  ] as const)("hears of reactions under %s to a message of %j: %s", (mode, document, outcome) => {
    expect(outcomeOf(added, document, { reactionNotifications: mode })).toBe(outcome);
  });

  it.each([
    ["the bot's own reaction", { ...added, username: "labbot" }, own, "own-message"],
    ["the bot's own edit", { kind: "edited", at: 5 }, { ...own, editedBy: own.u }, "own-message"],
    ["an edit in a room that is not listed", { kind: "edited", at: 5 }, { rid: "r2" }, "room-not-allowed"],
    ["an old message sent again", { kind: "old" }, {}, "re-emission"],
    ["new counters of a thread", { kind: "thread" }, {}, "re-emission"],
    ["a pin, of which a system message tells", { kind: "pinned", at: 5 }, {}, "re-emission"],
    ["what cannot be read", { kind: "exploded" }, {}, "re-emission"],
    ["the bot's own coming", undefined, { ...own, t: "uj", msg: "labbot" }, "own-message"],
    ["a system message of no concern", undefined, { t: "subscription-role-added" }, "system-message"],
  ])("drops %s", (_, change, document, reason) => {
    const receipt = receive(
      { message: { ...message, ...document }, room, ...(change && { change }) },
      grounds,
    );
    expect(receipt).toEqual({ kind: "dropped", reason });
  });

  it.each(["uj", "ul", "au", "ru", "r", "room_changed_topic", "message_pinned"])(
    "hears the system message %s, mention or not",
    (t) => {
      const event = { message: { ...message, t, mentions: [], msg: "dave" }, room };
      expect(receive(event, grounds)).toMatchObject({ kind: "notice", event: { eventId: "m1" } });
    },
  );

  it("identifies a stored change alike", () => {
    const event = { message: { ...message, ...own }, room, change: added };
    expect(identify(JSON.parse(JSON.stringify(event)))).toEqual(identify(event));
    expect(identify(event)?.eventId).not.toBe("m1");
    expect(identify({ ...event, change: { kind: "exploded" } })).toBeUndefined();
  });
});
