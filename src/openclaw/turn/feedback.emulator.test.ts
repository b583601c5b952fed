import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { roomFacts } from "../../../test/support/room.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import { NotOnlineError } from "../../errors.ts";
import { createLog } from "../../log.ts";
import { createTyping } from "../../outbound/typing.ts";
import { createRestClient, type RestClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import { type FeedbackInput, openFeedback } from "./feedback.ts";

let emulator: Emulator;
let rest: RestClient;
let roomId: string;
let messageId: string;

beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  control.addUser({ username: "alice" });
  const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  roomId = control.addRoom({ name: "ops", type: "p", members: ["alice", "labbot"] });
  rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: control.personalAccessToken("labbot"),
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
});
afterAll(() => emulator.close());
beforeEach(() => {
  messageId = emulator.control.post({ as: "alice", rid: roomId, msg: "@labbot hello" })._id;
});

interface Case {
  readonly cfg?: OpenClawConfig;
  readonly settings?: Partial<AccountSettings>;
  readonly direct?: boolean;
  readonly input?: Partial<FeedbackInput>;
}

/** Opens the feedback of one turn; `typed` is what the server is told of typing, as place and whether. */
function open({ cfg = {}, settings = {}, direct = false, input = {} }: Case = {}) {
  const typed: string[] = [];
  const warned: string[] = [];
  const sink = { info: () => {}, warn: (line: string) => void warned.push(line), error: () => {} };
  const scope = {
    cfg,
    accountId: "default",
    settings: accountSettings(settings),
    log: createLog(sink, { prefix: "test", secrets: [] }),
    rest,
    typing: createTyping({
      now: () => 0,
      readName: async () => "labbot",
      async call(_, [event, , activities, extras]) {
        typed.push(`${JSON.stringify(extras)} ${JSON.stringify(activities)}`);
        expect(event).toBe(`${roomId}/user-activity`);
      },
    }),
    input: {
      room: roomFacts({ id: roomId, chatType: direct ? "direct" : "channel" }),
      text: "hello",
      wasMentioned: true,
      implicitMentions: [],
      message: {
        id: messageId,
        roomId,
        text: "hello",
        sentAt: 1,
        updatedAt: 1,
        sender: { id: "Alice", username: "alice", name: undefined },
        fromIntegration: false,
        systemType: undefined,
        threadId: undefined,
        mentions: [],
        quotedUsernames: [],
        edited: undefined,
        files: [],
      },
    },
  };
  const feedback = openFeedback(scope, {
    agentId: "main",
    isAddressed: true,
    place: { roomId, threadId: "Root1" },
    isCommand: false,
    ...input,
  });
  return { feedback, typed, warned };
}

const SHOWN = '{"tmid":"Root1"} ["user-typing"]';
const ENDED = '{"tmid":"Root1"} []';

const reactions = () =>
  Object.keys(emulator.control.messages(roomId).find(({ _id }) => _id === messageId)?.reactions ?? {});

/** Resolves when the message bears exactly these reactions. */
const shows = (...emoji: string[]) =>
  emulator.control.waitForMessage(
    ({ _id, reactions: all = {} }) =>
      _id === messageId && Object.keys(all).sort().join() === emoji.sort().join(),
  );

describe("typing", () => {
  it("begins with the turn, in the place of the reply, and ends with it", async () => {
    const { feedback, typed } = open();
    await expect.poll(() => typed).toEqual([SHOWN]);
    await feedback.during(Promise.resolve({}));
    await expect.poll(() => typed).toEqual([SHOWN, ENDED]);
  });

  it.each<[string, () => Promise<object | undefined>]>([
    ["fails", () => Promise.reject(new Error("broken"))],
    ["does not begin", async () => undefined],
    ["is given back", () => Promise.reject(new NotOnlineError("on hold"))],
  ])("ends when the turn %s", async (_, turn) => {
    const { feedback, typed } = open();
    await feedback.during(turn()).catch(() => {});
    await expect.poll(() => typed).toEqual([SHOWN, ENDED]);
  });

  it("ends when somebody stops the turn, and does not begin again", async () => {
    const stop = new AbortController();
    const { feedback, typed } = open({ input: { signal: stop.signal } });
    await expect.poll(() => typed).toEqual([SHOWN]);
    stop.abort();
    await expect.poll(() => typed).toEqual([SHOWN, ENDED]);
    await feedback.typing.start();
    expect(typed).toEqual([SHOWN, ENDED]);
  });

  it("never begins for a turn that was stopped before", async () => {
    const { feedback, typed } = open({ input: { signal: AbortSignal.abort() } });
    await feedback.typing.start();
    await feedback.during(Promise.resolve(undefined));
    expect(typed).toEqual([]);
  });

  it.each<[string, Case]>([
    ["typingMode says so", { cfg: { agents: { defaults: { typingMode: "message" } } } }],
    ["nobody addressed the bot", { input: { isAddressed: false } }],
    ["it is a command", { input: { isCommand: true } }],
  ])("waits for OpenClaw's signal where %s", async (_, input) => {
    const { feedback, typed } = open(input);
    await feedback.acknowledged;
    expect(typed).toEqual([]);
    await feedback.typing.start();
    await feedback.typing.stop();
    expect(typed).toEqual([SHOWN, ENDED]);
  });

  it("begins at once in a direct message, mention or not", async () => {
    const { typed } = open({ direct: true, input: { isAddressed: false } });
    await expect.poll(() => typed).toEqual([SHOWN]);
  });

  it("comes with its reaction, which goes with it", async () => {
    const { feedback } = open({
      settings: { typingReaction: "hourglass" },
      cfg: { messages: { ackReaction: "" } },
    });
    await shows(":hourglass:");
    await feedback.typing.stop();
    expect(reactions()).toEqual([]);
  });
});

describe("the acknowledgement", () => {
  it.each([false, true])("stands before the turn goes on, with status reactions: %s", async (enabled) => {
    const { feedback } = open({ cfg: { messages: { statusReactions: { enabled } } } });
    await feedback.acknowledged;
    expect(reactions()).toEqual([":eyes:"]);
  });

  it("goes after a reply where that is wanted", async () => {
    const { feedback } = open({ settings: { removeAckAfterReply: true } });
    await feedback.acknowledged;
    await feedback.during(Promise.resolve({}));
    await shows();
  });

  it("stays otherwise", async () => {
    const before = emulator.control.requests().length;
    const { feedback, typed } = open();
    await feedback.acknowledged;
    await feedback.during(Promise.resolve({}));
    await expect.poll(() => typed).toEqual([SHOWN, ENDED]);
    await rest.get("v1/me");
    expect(emulator.control.requests().slice(before)).toHaveLength(2);
    expect(reactions()).toEqual([":eyes:"]);
  });

  it("is a sign of failure for a moment, and then stands again", async () => {
    const { feedback } = open({
      cfg: { messages: { statusReactions: { enabled: true } } },
      settings: { removeAckAfterReply: true },
    });
    await feedback.acknowledged;
    const failure = shows(":x:");
    await expect(feedback.during(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    await failure;
    await shows(":eyes:");
  });

  it("says in the log which emoji are like one that does not exist", async () => {
    const { feedback, warned } = open({ cfg: { messages: { ackReaction: "thumsup" } } });
    await feedback.acknowledged;
    expect(warned.join()).toMatch(/no emoji "thumsup".*:thumbsup:/);
    expect(reactions()).toEqual([]);
  });
});

describe("a room event", () => {
  const quiet = { isAddressed: false, isRoomEvent: true };

  it("shows no typing, though OpenClaw asks for it, and no reaction", async () => {
    const cfg: OpenClawConfig = { messages: { statusReactions: { enabled: true } } };
    const { feedback, typed } = open({ cfg, settings: { typingReaction: "hourglass" }, input: quiet });
    await feedback.acknowledged;
    await feedback.typing.start();
    await feedback.during(Promise.resolve({}));
    expect({ typed, reactions: reactions() }).toEqual({ typed: [], reactions: [] });
  });

  it("is acknowledged where every message is", async () => {
    const { feedback } = open({ cfg: { messages: { ackReactionScope: "all" } }, input: quiet });
    await feedback.acknowledged;
    expect(reactions()).toEqual([":eyes:"]);
  });
});
