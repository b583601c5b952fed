import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { actions } from "./actions.ts";

let emulator: Emulator;
let section: Record<string, unknown>;
let room: string;
let elsewhere: string;
let theirs: string;
let own: string;

beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  for (const username of ["alice", "bob"]) control.addUser({ username });
  const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  section = {
    serverUrl: emulator.url,
    userId,
    username: "labbot",
    pat: control.personalAccessToken("labbot"),
    dangerouslyAllowInsecure: true,
    network: { dangerouslyAllowPrivateNetwork: true },
  };
  room = control.addRoom({ name: "ops", type: "p", members: ["alice", "bob", "labbot"] });
  elsewhere = control.addRoom({ name: "other", type: "p", members: ["alice", "labbot"] });
  theirs = control.post({ as: "alice", rid: room, msg: "react to me" })._id;
  own = control.post({ as: "labbot", rid: room, msg: "mine" })._id;
});
afterAll(() => emulator.close());

async function act(
  action: "react" | "reactions" | "edit" | "delete" | "send",
  params: Record<string, unknown>,
  more: { section?: object; toolContext?: object } = {},
): Promise<unknown> {
  const { toolContext } = more;
  const result = await actions.handleAction?.({
    channel: "rocketchat",
    action,
    cfg: { channels: { rocketchat: { ...section, ...more.section } } },
    params: { to: `room:${room}`, ...params },
    conversationReadOrigin: "direct-operator",
    ...(toolContext && { toolContext }),
  });
  return result?.details;
}

const reactionsOf = (id: string) =>
  Object.entries(emulator.control.messages(room).find(({ _id }) => _id === id)?.reactions ?? {}).map(
    ([emoji, { usernames }]) => `${emoji} ${usernames.join(" ")}`,
  );

describe("react", () => {
  it("adds a reaction once, however often it is asked to, and removes it", async () => {
    expect(await act("react", { messageId: theirs, emoji: "👍" })).toEqual({ ok: true, added: "thumbsup" });
    await act("react", { messageId: theirs, emoji: "+1" });
    expect(reactionsOf(theirs)).toEqual([":thumbsup: labbot"]);
    const removal = { messageId: theirs, emoji: ":thumbs_up:", remove: true };
    expect(await act("react", removal)).toEqual({ ok: true, removed: "thumbsup" });
    await act("react", removal);
    expect(reactionsOf(theirs)).toEqual([]);
  });

  it("removes all its own reactions, and no others, for an empty emoji", async () => {
    for (const emoji of ["eyes", "tada"]) await act("react", { messageId: theirs, emoji });
    emulator.control.react({ as: "bob", messageId: theirs, emoji: ":eyes:" });
    expect(await act("react", { messageId: theirs, emoji: "" })).toEqual({
      ok: true,
      removed: ["eyes", "tada"],
    });
    expect(reactionsOf(theirs)).toEqual([":eyes: bob"]);
  });

  it("reacts to the message that is being answered when none is named", async () => {
    const toolContext = { currentMessageId: theirs, currentMessagingTarget: `room:${room}` };
    await act("react", { to: undefined, emoji: "rocket" }, { toolContext });
    expect(reactionsOf(theirs)).toContain(":rocket: labbot");
  });

  it("knows the workspace's own emoji by their names and other names, and offers them as near names", async () => {
    emulator.control.addEmoji("shipit_squirrel", ["shipsquirrel"]);
    for (const emoji of ["shipit_squirrel", ":shipsquirrel:"])
      expect(await act("react", { messageId: theirs, emoji })).toEqual({
        ok: true,
        added: emoji.replaceAll(":", ""),
      });
    expect(reactionsOf(theirs)).toContain(":shipit_squirrel: labbot");
    const near = act("react", { messageId: theirs, emoji: "shipit_squirel" });
    await expect(near).rejects.toThrow(/Near names: :shipit_squirrel:/);
    await act("react", { messageId: theirs, emoji: "" });
  });

  it("offers near names for an emoji that is not there", async () => {
    const call = act("react", { messageId: theirs, emoji: "thumsup" });
    await expect(call).rejects.toThrow(/no emoji "thumsup".*:thumbsup:/);
  });

  it.each([
    ["a message of another room", () => ({ messageId: theirs, to: `room:${elsewhere}` })],
    ["a message that is not there", () => ({ messageId: "nothing" })],
  ])("refuses %s", async (_, params) => {
    await expect(act("react", { emoji: "eyes", ...params() })).rejects.toThrow("in this conversation");
  });

  it("finds a message in the direct message with a person", async () => {
    const { control } = emulator;
    const rid = control.direct(["alice", "labbot"]);
    const { _id } = control.post({ as: "alice", rid, msg: "hello" });
    const alice = control.messages(rid)[0]?.u._id;
    await act("react", { messageId: _id, emoji: "wave", to: `user:${alice}` });
    expect(control.messages(rid)[0]?.reactions).toEqual({ ":wave:": { usernames: ["labbot"] } });
  });
});

describe("reactions", () => {
  it("tells who reacted", async () => {
    const { _id } = emulator.control.post({ as: "bob", rid: room, msg: "vote" });
    emulator.control.react({ as: "alice", messageId: _id, emoji: ":eyes:" });
    emulator.control.react({ as: "bob", messageId: _id, emoji: ":eyes:" });
    expect(await act("reactions", { messageId: _id })).toEqual({
      ok: true,
      reactions: [{ emoji: ":eyes:", count: 2, users: ["alice", "bob"] }],
    });
  });
});

describe("edit and delete", () => {
  it("change the bot's own messages", async () => {
    await act("edit", { messageId: own, message: "# changed\n*now*" });
    const { msg } = emulator.control.messages(room).find(({ _id }) => _id === own) ?? {};
    expect(msg).toBe("# changed\n_now_");
    await expect(act("edit", { messageId: own, message: "long ".repeat(2000) })).rejects.toThrow(
      "one message",
    );
    await act("delete", { messageId: own });
    expect(emulator.control.messages(room).some(({ _id }) => _id === own)).toBe(false);
  });

  it.each(["edit", "delete"] as const)("%s leaves other people's messages alone", async (action) => {
    await expect(act(action, { messageId: theirs, message: "x" })).rejects.toThrow("bot user itself");
  });

  it.each(["error-action-not-allowed", "error-forbidden"])("explain %s", async (errorType) => {
    const { _id } = emulator.control.post({ as: "labbot", rid: room, msg: "stuck" });
    const body = { success: false, error: `Not allowed [${errorType}]`, errorType };
    emulator.faults.rest({ path: "chat.delete", times: 1, status: 400, body });
    await expect(act("delete", { messageId: _id })).rejects.toThrow(/delete-own-message.*role `user`/);
  });
});

describe("the switches", () => {
  const offered = (changes: object) =>
    actions.describeMessageTool({ cfg: { channels: { rocketchat: { ...section, ...changes } } } })?.actions;

  it("take actions away", async () => {
    const messages = ["read", "edit", "delete", "upload-file", "download-file", "conversation-open"];
    const others = ["pin", "unpin", "list-pins", "member-info", "emoji-list", "search"];
    expect(offered({})).toEqual(["send", "react", "reactions", ...messages, ...others]);
    expect(offered({ actions: { reactions: false } })).toEqual(["send", ...messages, ...others]);
    expect(offered({ actions: { messages: false } })).toEqual(["send", "react", "reactions", ...others]);
    const off = { section: { actions: { reactions: false } } };
    await expect(act("react", { messageId: theirs, emoji: "eyes" }, off)).rejects.toThrow("turned off");
  });
});

it.each(["media", "mediaUrl", "buffer"])(
  "a reply that the room shows too is refused with a file (%s)",
  async (name) => {
    const params = {
      message: "the report",
      threadId: theirs,
      replyBroadcast: true,
      [name]: "/tmp/report.txt",
    };
    await expect(act("send", params)).rejects.toThrow("replyBroadcast takes no files");
  },
);
