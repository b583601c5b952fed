// The rules of the world, without a server: clock and ids are counters.
import { beforeEach, describe, expect, it } from "vitest";
import { directRoom } from "./world/direct.ts";
import { createDiscussion } from "./world/discussions.ts";
import type { Broadcast, Message, Profile, Room, User } from "./world/documents.ts";
import { addUser, kickUser, leaveRoom } from "./world/memberships.ts";
import { changesSince, history } from "./world/messages/histories.ts";
import {
  deleteMessage,
  editMessage,
  pinMessage,
  react,
  starMessage,
} from "./world/messages/message-changes.ts";
import { sendMessage } from "./world/messages/messages.ts";
import { postMessage } from "./world/messages/posts.ts";
import { pruneRoom } from "./world/messages/prune.ts";
import { archiveRoom, createRoom, muteUser, setReadOnly } from "./world/rooms.ts";
import {
  createPersonalToken,
  createUser,
  deleteUser,
  setActive,
  updateUser,
  userOfToken,
} from "./world/users.ts";
import { World } from "./world.ts";

let world: World;
let told: Broadcast[];

function newWorld(profile: Profile = "8.3"): void {
  let ticks = 1_700_000_000_000;
  let ids = 0;
  world = new World(profile, {
    now: () => {
      ticks += 1;
      return ticks;
    },
    random: (length) => {
      ids += 1;
      return String(ids).padStart(length, "0");
    },
    sha256: (text) => `digest of ${text}`,
  });
  told = [];
  world.listen((broadcast) => told.push(structuredClone(broadcast)));
}

const person = (username: string, roles = ["user"]) =>
  createUser(world, { username, name: username.toUpperCase(), password: "secret", roles });

/** A group of alice, bob and a bot. */
function group(type: "c" | "p" = "p"): { alice: User; bob: User; bot: User; room: Room } {
  const [alice, bob, bot] = [person("alice"), person("bob"), person("bot", ["user", "bot"])];
  const room = createRoom(world, { name: "room", type, by: alice, members: ["bob", "bot"] });
  told.length = 0;
  return { alice, bob, bot, room };
}

function say(user: User, room: Room, msg: string, more: Record<string, unknown> = {}): Message {
  const message = sendMessage(world, user, { rid: room._id, msg, ...more });
  if (!message) throw new Error("the message was not taken");
  return message;
}

/** The messages told since the last look, as `_id` or text. */
const messagesTold = () =>
  told.flatMap((broadcast) => (broadcast.stream === "room-messages" ? [broadcast.message] : []));

beforeEach(() => newWorld());

describe("posting", () => {
  it.each([
    ["an unknown room", "error-invalid-room", () => ({ rid: "nowhere" })],
    ["a room he is not in", "error-not-allowed", () => ({})],
  ])("is refused in %s", (_, error, more) => {
    const { room } = group();
    const mallory = person("mallory");
    expect(() => say(mallory, room, "x", more())).toThrow(error);
  });

  it("is refused when muted, read-only or archived", () => {
    const { alice, bob, room } = group();
    muteUser(world, room, { user: bob, muted: true, by: alice });
    expect(() => say(bob, room, "x")).toThrow("You_have_been_muted");
    muteUser(world, room, { user: bob, muted: false, by: alice });
    setReadOnly(world, room, { readOnly: true, by: alice });
    expect(() => say(bob, room, "x")).toThrow("readonly");
    expect(say(alice, room, "the owner may").msg).toBe("the owner may");
    setReadOnly(world, room, { readOnly: false, by: alice });
    archiveRoom(world, room, { archived: true, by: alice });
    expect(() => say(alice, room, "x")).toThrow("room_is_archived");
  });

  it("to all is refused to the role bot alone and allowed to user and bot", () => {
    const { alice, bot, room } = group();
    const plain = person("plainbot", ["bot"]);
    addUser(world, room, plain, alice);
    expect(() => say(plain, room, "@all hello")).toThrow("error-action-not-allowed");
    expect(say(bot, room, "@all hello").mentions).toEqual([{ _id: "all", username: "all" }]);
  });

  it("with a used _id stores nothing, and after a delete it works again", () => {
    const { alice, room } = group();
    const first = say(alice, room, "once", { _id: "mine" });
    expect(sendMessage(world, alice, { rid: room._id, msg: "twice", _id: "mine" })).toBeUndefined();
    deleteMessage(world, alice, first);
    expect(say(alice, room, "again", { _id: "mine" }).msg).toBe("again");
  });

  it("a reply to a reply is filed under the first message", () => {
    const { alice, bob, room } = group();
    const parent = say(alice, room, "parent");
    const reply = say(bob, room, "reply", { tmid: parent._id });
    expect(say(alice, room, "to the reply", { tmid: reply._id }).tmid).toBe(parent._id);
    expect(parent).toMatchObject({ tcount: 2, replies: [alice._id, bob._id] });
  });

  it("an unknown thread is accepted and dangles", () => {
    const { alice, room } = group();
    expect(say(alice, room, "x", { tmid: "nowhere" }).tmid).toBe("nowhere");
  });

  it("by name opens a direct room and joins a public channel", () => {
    const { bot } = group();
    expect(world.rooms.get(postMessage(world, bot, "@alice", { text: "hi" }).rid)?.t).toBe("d");
    postMessage(world, bot, "#general", { text: "hi" });
    expect(world.membership("GENERAL", bot._id)).toBeDefined();
    expect(() => postMessage(world, bot, "#nowhere", { text: "hi" })).toThrow("[invalid-channel]");
  });

  it("in disguise takes the role bot", () => {
    const { alice, bot, room } = group();
    expect(() => postMessage(world, alice, room._id, { text: "x", alias: "Ghost" })).toThrow(
      "Not enough permission",
    );
    expect(postMessage(world, bot, room._id, { text: "x", alias: "Ghost" }).alias).toBe("Ghost");
  });

  it("quotes what its writer may read and nothing else", () => {
    const { alice, bob, room } = group();
    world.settings.set("Site_Url", "http://127.0.0.1");
    const secret = createRoom(world, { name: "secret", type: "p", by: alice, members: [] });
    const { _id } = say(alice, secret, "for me");
    const link = `[ ](http://127.0.0.1/group/secret?msg=${_id})`;
    expect(say(alice, room, link).attachments).toMatchObject([{ text: "for me", author_name: "alice" }]);
    expect(say(bob, room, link).attachments).toBeUndefined();
  });
});

describe("memberships", () => {
  it("count mentions, and every message of a direct room", () => {
    const { alice, bot, room } = group();
    say(alice, room, "nobody");
    say(alice, room, "hey @bot");
    expect(world.membership(room._id, bot._id)).toMatchObject({ unread: 1, userMentions: 1, alert: true });
    const direct = directRoom(world, [alice, bot]);
    say(alice, direct, "one");
    expect(world.membership(direct._id, bot._id)).toMatchObject({ unread: 1, userMentions: 0 });
    say(bot, direct, "two");
    expect(world.membership(direct._id, bot._id)).toMatchObject({ unread: 0, alert: false });
  });

  it("a mention in a public channel makes a member in 6.5 and none in 8.3", () => {
    const member = (profile: Profile) => {
      newWorld(profile);
      const alice = person("alice");
      const bot = person("bot");
      const room = createRoom(world, { name: "open", type: "c", by: alice, members: [] });
      say(alice, room, "hey @bot");
      return world.membership(room._id, bot._id) !== undefined;
    };
    expect([member("6.5"), member("8.3")]).toEqual([true, false]);
  });

  it("a kicked user loses a private group and keeps sight of a public channel", () => {
    for (const [type, sees] of [
      ["p", false],
      ["c", true],
    ] as const) {
      newWorld();
      const { alice, bob, room } = group(type);
      kickUser(world, room, bob, alice);
      expect(world.canAccess(room, bob)).toBe(sees);
    }
  });

  it("the last owner may not leave", () => {
    const { alice, bob, room } = group();
    leaveRoom(world, room, bob);
    expect(() => leaveRoom(world, room, alice)).toThrow("error-you-are-last-owner");
  });

  it("the members of a group read its discussions without joining them", () => {
    const { alice, bob, bot, room } = group();
    const { rid } = createDiscussion(world, room, { by: alice, title: "aside", users: ["bob"] });
    const aside = world.rooms.get(String(rid));
    if (!aside) throw new Error("no discussion was made");
    expect(world.membership(aside._id, bot._id)).toBeUndefined();
    expect(world.canAccess(aside, bot)).toBe(true);
    say(bob, aside, "one");
    say(bob, aside, "two");
    expect(
      messagesTold()
        .filter(({ t }) => t === "discussion-created")
        .at(-1),
    ).toMatchObject({ dcount: 1 });
  });

  it("the same direct room is found in any order", () => {
    const { alice, bob, bot } = group();
    const room = directRoom(world, [alice, bob, bot]);
    expect(directRoom(world, [bot, alice, bob])._id).toBe(room._id);
    expect(directRoom(world, [alice, bob])._id).not.toBe(room._id);
  });
});

describe("changes of a message", () => {
  it("an edit to the same text is told to nobody", () => {
    const { alice, room } = group();
    const message = say(alice, room, "text");
    told.length = 0;
    editMessage(world, alice, { message, text: "text" });
    expect(told).toEqual([]);
    editMessage(world, alice, { message, text: "now @bot" });
    expect(messagesTold()).toMatchObject([
      { editedBy: { username: "alice" }, mentions: [{ username: "bot" }] },
    ]);
  });

  it("only the writer and the room's owner edit and delete", () => {
    const { alice, bob, bot, room } = group();
    const message = say(bot, room, "mine");
    expect(() => editMessage(world, bob, { message, text: "x" })).toThrow("error-action-not-allowed");
    expect(() => deleteMessage(world, bob, message)).toThrow("error-action-not-allowed");
    expect(editMessage(world, alice, { message, text: "the owner's" }).msg).toBe("the owner's");
  });

  it("the role bot alone does not delete its own", () => {
    const { alice, room } = group();
    const plain = person("plainbot", ["bot"]);
    addUser(world, room, plain, alice);
    expect(() => deleteMessage(world, plain, say(plain, room, "mine"))).toThrow("error-action-not-allowed");
  });

  it("a deleted message is told by its id, a thread's parent is blanked", () => {
    const { alice, bob, room } = group();
    const plain = say(alice, room, "plain");
    const parent = say(alice, room, "parent");
    say(bob, room, "reply", { tmid: parent._id });
    told.length = 0;
    deleteMessage(world, alice, plain);
    expect(told).toMatchObject([
      { stream: "notify-room", event: "deleteMessage", args: [{ _id: plain._id }] },
    ]);
    told.length = 0;
    deleteMessage(world, alice, parent);
    expect(told).toMatchObject([{ message: { _id: parent._id, t: "rm", msg: "", tcount: 1 } }]);
  });

  it("reactions toggle, are idempotent when told, and know their emoji", () => {
    const { alice, bob, room } = group();
    const message = say(alice, room, "react");
    react(world, bob, { message, emoji: "eyes" });
    react(world, bob, { message, emoji: ":eyes:", should: true });
    expect(message.reactions).toEqual({ ":eyes:": { usernames: ["bob"] } });
    react(world, bob, { message, emoji: "eyes" });
    expect(message.reactions).toBeUndefined();
    for (const emoji of ["👍", "not_an_emoji_x"]) {
      expect(() => react(world, bob, { message, emoji })).toThrow("Invalid emoji provided.");
    }
  });

  it("pinning takes a right and posts a notice, starring does not", () => {
    const { alice, bob, room } = group();
    const message = say(alice, room, "pin");
    expect(() => pinMessage(world, bob, message)).toThrow("not-authorized");
    expect(pinMessage(world, alice, message)).toMatchObject({ t: "message_pinned" });
    starMessage(world, bob, { message, starred: true });
    expect(message.starred).toEqual([{ _id: bob._id }]);
  });
});

describe("a prune", () => {
  const always = { oldest: new Date(0), latest: new Date(8e15) };

  it("takes what its rule says, spares threads and discussions unless told, and tells the rule once", () => {
    const { alice, bob, room } = group();
    for (const _ of [1, 2]) say(alice, room, "idle");
    const root = say(alice, room, "root");
    const reply = say(bob, room, "reply", { tmid: root._id });
    const pinned = say(bob, room, "pinned");
    pinMessage(world, alice, pinned);
    told.length = 0;
    const kept = () =>
      world
        .messagesOf(room._id)
        .filter(({ t }) => t === undefined)
        .map(({ _id }) => _id);
    expect(pruneRoom(world, room, { ...always, excludePinned: true, users: ["alice", "bob"] })).toBe(3);
    expect(kept()).toEqual([root._id, reply._id, pinned._id]);
    const rule = { rid: room._id, excludePinned: true, ignoreDiscussion: true, users: ["alice", "bob"] };
    expect(told.filter(({ stream }) => stream === "notify-room")).toMatchObject([
      { event: "deleteMessageBulk", args: [{ ...rule, ts: { $gt: always.oldest, $lt: always.latest } }] },
    ]);
    expect(pruneRoom(world, room, { ...always, ignoreThreads: false, users: ["bob"] })).toBe(2);
    expect(kept()).toEqual([root._id]);
    expect(changesSince(world, room, new Date(0)).deleted).toHaveLength(5);
  });

  it("names the messages when it has a limit, and tells nothing when it finds none", () => {
    const { alice, room } = group();
    pruneRoom(world, room, always);
    const [first] = [say(alice, room, "first"), say(alice, room, "second")];
    told.length = 0;
    pruneRoom(world, room, { ...always, limit: 1 });
    pruneRoom(world, room, { ...always, users: ["nobody"] });
    const bulks = told.flatMap((one) => (one.stream === "notify-room" ? [one.args[0]] : []));
    expect(bulks).toMatchObject([{ ids: [first?._id] }]);
  });
});

describe("reading", () => {
  it("histories leave replies out unless shown, newest first", () => {
    const { alice, room } = group();
    const parent = say(alice, room, "parent");
    say(alice, room, "hidden", { tmid: parent._id });
    say(alice, room, "shown", { tmid: parent._id, tshow: true });
    const texts = (threadReplies: boolean) =>
      history(world, room, { count: 0, threadReplies }).map(({ msg }) => msg);
    expect(texts(false)).toEqual(["shown", "parent"]);
    expect(texts(true)).toEqual(["shown", "hidden", "parent"]);
    expect(history(world, room, { count: 1, offset: 1, threadReplies: true })).toMatchObject([
      { msg: "hidden" },
    ]);
    expect(history(world, room, { latest: new Date("x"), count: 0, threadReplies: true })).toEqual([]);
  });

  it("changes since a time are new, edited and deleted messages", () => {
    const { alice, room } = group();
    const old = say(alice, room, "old");
    const gone = say(alice, room, "gone");
    const since = world.now();
    editMessage(world, alice, { message: old, text: "edited" });
    deleteMessage(world, alice, gone);
    const { updated, deleted } = changesSince(world, room, since);
    expect(updated.map(({ msg }) => msg)).toEqual(["edited"]);
    expect(deleted.map(({ _id }) => _id)).toEqual([gone._id]);
  });
});

describe("accounts", () => {
  it("the role bot alone makes no personal access token", () => {
    const make = (roles: string[]) =>
      createPersonalToken(world, person(`u${roles.length}`, roles), { name: "t", bypassTwoFactor: true });
    expect(make(["user", "bot"])).toHaveLength(43);
    expect(() => make(["bot"])).toThrow("not-authorized");
  });

  it("deactivation takes the tokens for good", () => {
    const bot = person("bot");
    const secret = createPersonalToken(world, bot, { name: "t", bypassTwoFactor: true });
    setActive(world, bot, false);
    setActive(world, bot, true);
    expect(userOfToken(world, secret)).toBeUndefined();
  });

  it("a new user name is told and frees the old one for mentions", () => {
    const { alice, bot, room } = group();
    updateUser(world, bot, { username: "robot" });
    expect(told.find(({ stream }) => stream === "notify-logged")).toMatchObject({
      event: "Users:NameChanged",
    });
    expect(say(alice, room, "@bot").mentions).toEqual([]);
    expect(say(alice, room, "@robot").mentions).toMatchObject([{ _id: bot._id }]);
    expect(() => updateUser(world, bot, { username: "alice" })).toThrow("error-could-not-save-identity");
  });

  it("a deleted user takes his messages and direct rooms along", () => {
    const { alice, bob, room } = group();
    say(bob, room, "gone soon");
    const direct = directRoom(world, [alice, bob]);
    expect(deleteUser(world, bob)).toEqual([direct._id]);
    expect(world.messagesOf(room._id)).toEqual([]);
  });
});
