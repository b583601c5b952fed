import { describe, expect, it } from "vitest";
import { commandless } from "../../test/support/commandless.ts";
import { knowing } from "../../test/support/knowledge.ts";
import { roomFacts } from "../../test/support/room.ts";
import { accountSettings } from "../../test/support/settings.ts";
import type { Approval } from "../commands/approval.ts";
import { NamesPendingError } from "../errors.ts";
import { decodeMessage } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import { identify, type RawMessageEvent } from "../intake/receive.ts";
import type { AccountSettings } from "../settings.ts";
import { NO_COMPANIONS } from "./companions.ts";
import type { Access, Announcement, InboundHost, TurnInput } from "./host.ts";
import { type FileQuery, NO_MESSAGE_FILES, type StoredFile } from "./media.ts";
import { createRuns } from "./runs.ts";
import { NOTHING_AROUND } from "./surroundings.ts";
import { runTurn } from "./turn.ts";

const settings = accountSettings({ rooms: new Map([["r1", {}]]) });

function event(change: object = {}, where: object = {}) {
  return {
    message: {
      _id: "m1",
      rid: "r1",
      msg: "@labbot what now?",
      ts: { $date: 1 },
      _updatedAt: { $date: 1 },
      u: { _id: "alice", username: "alice" },
      mentions: [{ _id: "bot", username: "labbot", type: "user" }],
      ...change,
    },
    room: { roomParticipant: true, roomType: "c", ...where },
  };
}

/** The roots of threads that are in the room. */
const ROOTS = new Map([["m0", "m0"]]);

/** A host that gives the answers it is told and keeps what it was asked. */
function stage(
  options: {
    access?: Access;
    room?: RoomFacts | undefined;
    pairing?: string | undefined;
    /** What the document of a message that is asked about says besides. */
    about?: object;
  } = {},
) {
  const posted: { roomId: string; threadId: string | undefined; text: string }[] = [];
  const opened: TurnInput[] = [];
  const calls: string[] = [];
  const announced: Announcement[] = [];
  const roots: (string | undefined)[] = [];
  const takenUp: RawMessageEvent[] = [];
  const room: RoomFacts | undefined =
    "room" in options ? options.room : roomFacts({ id: "r1", label: "general" });
  const host: InboundHost = {
    settings: () => settings,
    openTurn: (input) => {
      opened.push(input);
      return {
        ...commandless,
        resolveAccess: async () => {
          calls.push("access");
          return options.access ?? { kind: "allow" };
        },
        requestPairing: async (send) => {
          calls.push("pairing");
          if (options.pairing !== undefined) await send(options.pairing);
        },
        introduce: async ({ inviter, readRecent }) => {
          await readRecent(5);
          calls.push(`introduce by ${inviter.username}`);
        },
        announce: (announcement) => void announced.push(announcement),
        dispatch: async (port) => {
          calls.push("dispatch");
          roots.push(await port.findRoot("asked"));
          await port.lookAround({ isNew: true, since: undefined });
          await port.post("the answer", port.threadId);
        },
      };
    },
  };
  const deps = {
    host,
    known: knowing(),
    runs: createRuns(),
    companions: NO_COMPANIONS,
    receivedAt: 0,
    now: () => 0,
    serverNow: () => 0,
    rooms: { room: async () => room },
    users: {
      named: async (username: string) =>
        username === "nobody" ? undefined : { id: `${username}-id`, username, name: undefined },
    },
    fetchMessage: async (id: string) =>
      decodeMessage(event({ _id: id, msg: "the plan", ...options.about }).message),
    readRecent: async (_: RoomFacts, limit: number) => {
      calls.push(`read ${limit}`);
      return [];
    },
    takeUp: async (asked: RawMessageEvent) => {
      const isNew = !takenUp.some(({ change }) => JSON.stringify(change) === JSON.stringify(asked.change));
      takenUp.push(asked);
      return isNew;
    },
    fetchFiles: async () => NO_MESSAGE_FILES,
    discardFiles: async () => {},
    lookAround: async () => {
      calls.push("look around");
      return NOTHING_AROUND;
    },
    findRoot: async (roomId: string, messageId: string) =>
      messageId === "asked" ? `root of ${messageId} in ${roomId}` : ROOTS.get(messageId),
    post: async (where: { roomId: string; threadId: string | undefined }, text: string) => {
      posted.push({ ...where, text });
      return "reply-id";
    },
  };
  return { deps, posted, opened, calls, announced, roots, takenUp };
}

describe("runTurn", () => {
  it.each<[string, Access, readonly string[]]>([
    ["first", { kind: "refuse", cause: "sender", reason: "not listed" }, ["access"]],
    ["then the server", { kind: "allow" }, ["access", "history", "access", "dispatch"]],
  ])(
    "asks for admission %s, when the files of an older message are to be found",
    async (_, access, order) => {
      const { deps, calls, opened } = stage({ access });
      const claim = { id: "f1", name: "plan.txt", type: undefined, isEncrypted: false };
      const findBrought = async () => {
        calls.push("history");
        return [claim];
      };
      const companions = { ...deps.companions, mayBringMore: () => true, findBrought };
      await runTurn(event(), { ...deps, companions });
      expect(calls.filter((call) => call !== "look around")).toEqual(order);
      const brought = access.kind === "allow" ? [claim] : [];
      expect(opened.at(-1)?.message.files).toEqual(brought);
    },
  );

  it("runs the agent on the text without the bot's name and answers in the room", async () => {
    const { deps, posted, opened } = stage();
    expect(await runTurn(event(), deps)).toEqual({ kind: "ran" });
    expect(opened).toMatchObject([{ text: "what now?", wasMentioned: true, room: { id: "r1" } }]);
    expect(posted).toEqual([{ roomId: "r1", threadId: undefined, text: "the answer" }]);
  });

  describe("a voice message without a mention", () => {
    const VOICE = { _id: "v1", name: "note.mp3", type: "audio/mpeg" };
    const voice = () => event({ msg: "", mentions: [], file: VOICE, files: [VOICE] });
    const recording = {
      id: "v1",
      path: "note.mp3",
      contentType: "audio/mpeg",
      fileName: "note.mp3",
      messageId: "m1",
    };

    /** Where what is heard is `words`; `asked` are the files that were fetched, `thrownAway` those that were not kept. */
    function listening(words: string | undefined, options: Parameters<typeof stage>[0] = {}) {
      const parts = stage(options);
      const told: string[] = [];
      const asked: string[] = [];
      const thrownAway: string[] = [];
      const host: InboundHost = {
        ...parts.deps.host,
        openTurn: (input) => ({
          ...parts.deps.host.openTurn(input),
          transcribe: async () => words,
          atWork(work) {
            told.push("at work");
            return work.finally(() => told.push("done"));
          },
        }),
      };
      const deps = {
        ...parts.deps,
        host,
        known: knowing({ hearsVoices: () => true, matchesPattern: ({ text }) => text.includes("labby") }),
        fetchFiles: async ({ message }: FileQuery) => {
          asked.push(...message.files.map(({ id }) => id));
          return { stored: [recording], missing: [] };
        },
        discardFiles: async (files: readonly StoredFile[]) => {
          thrownAway.push(...files.map(({ path }) => path));
        },
      };
      return { ...parts, deps, told, asked, thrownAway };
    }

    it("that names the agent by a pattern is answered, with what was said", async () => {
      const { deps, opened, told, thrownAway } = listening("hello labby");
      expect(await runTurn(voice(), deps)).toEqual({ kind: "ran" });
      expect(told).toEqual(["at work", "done"]);
      const heard = { words: "hello labby", recording };
      expect(opened.at(-1)).toMatchObject({ wasMentioned: true, heard });
      expect(thrownAway).toEqual([]);
    });

    it.each(["hello everybody", undefined])(
      "is left when %j is heard, and its file as well",
      async (words) => {
        const { deps, calls, thrownAway } = listening(words);
        expect(await runTurn(voice(), deps)).toMatchObject({ kind: "dropped", reason: "not-mentioned" });
        expect(calls).not.toContain("dispatch");
        expect(thrownAway).toEqual(["note.mp3"]);
      },
    );

    it("that was heard waits for no words, and is tried again while its recording cannot be fetched", async () => {
      const { deps, calls } = listening("hello labby");
      const companions = { ...deps.companions, handOn: async () => true };
      expect(await runTurn(voice(), { ...deps, companions })).toEqual({ kind: "ran" });
      const fetchFiles = async () => ({
        stored: [],
        missing: [{ name: "x", reason: "unreachable" as const }],
      });
      await expect(runTurn(voice(), { ...deps, fetchFiles })).rejects.toThrow("not be fetched yet");
      expect(calls.filter((call) => call === "dispatch")).toHaveLength(1);
    });

    it("leaves no recording behind when it is stopped, or its sender refused meanwhile", async () => {
      const { deps, thrownAway } = listening("hello labby");
      const runs = { ...deps.runs, begin: () => undefined };
      expect(await runTurn(voice(), { ...deps, runs })).toMatchObject({ reason: "stopped" });
      expect(thrownAway).toEqual(["note.mp3"]);
    });

    it("is not listened to when its sender may not speak", async () => {
      const { deps, asked } = listening("hello labby", {
        access: { kind: "refuse", cause: "sender", reason: "not listed" },
      });
      expect(await runTurn(voice(), deps)).toMatchObject({ kind: "dropped", reason: "sender-not-allowed" });
      expect(asked).toEqual([]);
    });

    it("is not fetched where no pattern could be heard", async () => {
      const { deps, asked } = listening("hello labby");
      const deaf = { ...deps, known: knowing() };
      expect(await runTurn(voice(), deaf)).toMatchObject({ kind: "dropped", reason: "not-mentioned" });
      expect(asked).toEqual([]);
    });
  });

  it.each<[string, Partial<AccountSettings> & { access?: boolean }, string]>([
    ["the sender is taken off the list", { access: false }, "sender-not-allowed"],
    ["the room is not served any more", { rooms: new Map() }, "room-not-allowed"],
    ["no room is served any more", { groupPolicy: "disabled" }, "room-not-allowed"],
  ])("runs nothing when %s while it waits", async (_, { access = true, ...change }, reason) => {
    const { deps } = stage();
    let held = settings;
    let waited = false;
    const host: InboundHost = {
      settings: () => held,
      openTurn: (input) => ({
        ...deps.host.openTurn(input),
        resolveAccess: async (): Promise<Access> =>
          waited && !access ? { kind: "refuse", cause: "sender", reason: "not listed" } : { kind: "allow" },
        async dispatch(port, signal) {
          expect([await port.judgeAnew(), signal.aborted]).toEqual([undefined, false]);
          waited = true;
          held = accountSettings({ ...settings, ...change });
          expect([await port.judgeAnew(), signal.aborted]).toMatchObject([{ reason }, true]);
        },
      }),
    };
    expect(await runTurn(event(), { ...deps, host })).toMatchObject({ kind: "dropped", reason });
  });

  it("answers in the thread that the message was in", async () => {
    const { deps, posted } = stage();
    await runTurn(event({ tmid: "m0" }), deps);
    expect(posted).toEqual([{ roomId: "r1", threadId: "m0", text: "the answer" }]);
  });

  it("answers at top level, and with the pairing code too, where what is called the root is not in the room", async () => {
    const asked = stage();
    await runTurn(event({ tmid: "elsewhere" }), asked.deps);
    expect(asked.posted).toEqual([{ roomId: "r1", threadId: undefined, text: "the answer" }]);
    const unknown = stage({ access: { kind: "pair" }, pairing: "Code ABCD" });
    await runTurn(event({ tmid: "elsewhere" }), unknown.deps);
    expect(unknown.posted).toEqual([{ roomId: "r1", threadId: undefined, text: "Code ABCD" }]);
  });

  it("looks for messages that replies name in its own room alone", async () => {
    const { deps, roots } = stage();
    await runTurn(event(), deps);
    expect(roots).toEqual(["root of asked in r1"]);
  });

  it("never reaches the host with what the choke point drops", async () => {
    const { deps, opened } = stage();
    expect(await runTurn(event({ msg: "hi", mentions: [] }), deps)).toEqual({
      kind: "dropped",
      reason: "not-mentioned",
    });
    expect(opened).toEqual([]);
  });

  it("drops a message of a room that is not visible any more", async () => {
    const { deps, calls } = stage({ room: undefined });
    expect(await runTurn(event(), deps)).toEqual({ kind: "dropped", reason: "room-unknown" });
    expect(calls).toEqual([]);
  });

  it("judges a group DM as a room, though its messages look like direct ones", async () => {
    const { deps, calls } = stage({ room: roomFacts({ id: "g1", chatType: "group" }) });
    const outcome = await runTurn(event({ rid: "g1" }, { roomType: "d" }), deps);
    expect(outcome).toEqual({ kind: "dropped", reason: "group-dms-off" });
    expect(calls).toEqual([]);
  });

  it("sends an unknown person the pairing code and nothing to the agent", async () => {
    const { deps, posted, calls } = stage({ access: { kind: "pair" }, pairing: "Code ABCD" });
    expect(await runTurn(event(), deps)).toEqual({ kind: "dropped", reason: "pairing-pending" });
    expect(posted).toMatchObject([{ text: "Code ABCD" }]);
    expect(calls).toEqual(["access", "pairing"]);
  });

  it("stays silent when the code was sent before", async () => {
    const { deps, posted } = stage({ access: { kind: "pair" }, pairing: undefined });
    await runTurn(event(), deps);
    expect(posted).toEqual([]);
  });

  it.each([
    ["sender", "sender-not-allowed"],
    ["activation", "not-mentioned"],
  ] as const)("names a refusal by %s as %s", async (cause, reason) => {
    const { deps, calls } = stage({
      access: { kind: "refuse", cause, reason: "group_policy_not_allowlisted" },
    });
    const outcome = await runTurn(event(), deps);
    expect(outcome).toEqual({ kind: "dropped", reason, detail: "group_policy_not_allowlisted" });
    expect(calls).toEqual(["access"]);
  });

  it("rejects when a stage cannot be carried out now, so that the event is tried again", async () => {
    const { deps } = stage();
    const failing = { ...deps, rooms: { room: () => Promise.reject(new Error("no network")) } };
    await expect(runTurn(event(), failing)).rejects.toThrow("no network");
  });
});

/** Somebody's reaction to a message of the bot. */
function reaction(username: string, message: object = {}) {
  return {
    ...event({ u: { _id: "bot", username: "labbot" }, tmid: "m0", ...message }),
    change: { kind: "reaction-added", emoji: ":eyes:", username },
  };
}

describe("runTurn on what asks for no answer", () => {
  it("tells of a reaction in the conversation of the message, as the person who reacted", async () => {
    const { deps, opened, announced, calls, posted } = stage();
    expect(await runTurn(reaction("carol"), deps)).toEqual({ kind: "told" });
    expect(opened).toMatchObject([
      { message: { sender: { id: "carol-id" }, threadId: "m0", text: "" }, wasMentioned: true },
    ]);
    expect(announced).toEqual([
      {
        identity: "m1 reaction-added :eyes: carol 1",
        group: "reaction m1",
        text: "Rocket.Chat reaction added: :eyes: by carol in #general msg m1 from labbot",
      },
    ]);
    expect({ calls, posted }).toEqual({ calls: ["access"], posted: [] });
  });

  it.each([
    [{ kind: "refuse", cause: "sender", reason: "group_policy_not_allowlisted" }],
    [{ kind: "pair" }],
  ] as const)("leaves no trace of somebody who might not write either: %j", async (access) => {
    const { deps, announced, calls, posted } = stage({ access });
    expect(await runTurn(reaction("carol"), deps)).toMatchObject({ reason: "sender-not-allowed" });
    expect({ announced, calls, posted }).toEqual({ announced: [], calls: ["access"], posted: [] });
  });

  it.each([
    ["a person who is not there any more", "nobody", "actor-unknown"],
    ["another bot of the gateway", "sibling", "bot-message"],
    ["the bot under a name it got just now", "newname", "own-message"],
  ])("drops the reaction of %s", async (_, username, reason) => {
    const { deps, opened } = stage();
    const account = accountSettings({ ...settings, userId: "newname-id", bots: new Set(["sibling-id"]) });
    const host = { ...deps.host, settings: () => account };
    const bot = { u: { _id: "newname-id", username: "labbot" } };
    expect(await runTurn(reaction(username, bot), { ...deps, host })).toEqual({ kind: "dropped", reason });
    expect(opened).toEqual([]);
  });

  it("goes by the id of the person who reacted under allowlist", async () => {
    const { deps, announced } = stage();
    const account = accountSettings({
      ...settings,
      reactionNotifications: "allowlist",
      reactionAllowlist: ["carol-id"],
    });
    const host = { ...deps.host, settings: () => account };
    expect(await runTurn(reaction("dave"), { ...deps, host })).toMatchObject({ reason: "change-unwanted" });
    expect(await runTurn(reaction("carol"), { ...deps, host })).toEqual({ kind: "told" });
    expect(announced).toHaveLength(1);
  });

  it("tells of an edit, of a deletion and of what system messages say", async () => {
    const { deps, announced } = stage();
    const by = { editedBy: { _id: "carol-id", username: "carol" } };
    await runTurn({ ...event(by), change: { kind: "edited", at: 5 } }, deps);
    await runTurn({ ...event(), change: { kind: "deleted" } }, deps);
    await runTurn(event({ t: "au", msg: "dave", mentions: [] }), deps);
    expect(announced.map(({ text }) => text)).toEqual([
      "Rocket.Chat message edited in #general: msg m1 from alice by carol",
      "Rocket.Chat message deleted in #general: msg m1 from alice",
      "Rocket.Chat: alice added dave to #general",
    ]);
  });

  it.each([
    ["nobody", { _id: "nobody", username: "nobody" }],
    ["another id under a known name", { _id: "mallory", username: "carol" }],
    ["an id without a name", { _id: "carol-id" }],
  ])("tells of no edit by somebody whom the server does not know so: %s", async (_, editedBy) => {
    const { deps, announced } = stage();
    const outcome = await runTurn({ ...event({ editedBy }), change: { kind: "edited", at: 5 } }, deps);
    expect(outcome).toEqual({ kind: "dropped", reason: "actor-unknown" });
    expect(announced).toEqual([]);
  });

  it("takes the name of who edited from the server, and the author's from the message", async () => {
    const { deps, announced } = stage();
    const editedBy = { _id: "alice", username: "carol" };
    await runTurn({ ...event({ editedBy }), change: { kind: "edited", at: 5 } }, deps);
    expect(announced.map(({ text }) => text)).toEqual([
      "Rocket.Chat message edited in #general: msg m1 from alice",
    ]);
  });
});

describe("runTurn on a reaction to a question for an approval", () => {
  const voting = (operator: boolean, decided: Approval[] = []) => {
    const parts = stage();
    const openTurn: InboundHost["openTurn"] = (input) => ({
      ...parts.deps.host.openTurn(input),
      findApproval: async ({ id }) => (id === "m1" ? "1a2b" : undefined),
      authorizeCommand: async () => operator,
      resolveApproval: async (approval) => {
        decided.push(approval);
        return { kind: "decided", isTold: false };
      },
    });
    const silent = accountSettings({ ...settings, reactionNotifications: "off" });
    const host = { ...parts.deps.host, settings: () => silent, openTurn };
    return { ...parts, decided, deps: { ...parts.deps, host } };
  };
  const vote = (emoji: string, message: object = {}) => ({
    ...reaction("carol", message),
    change: { kind: "reaction-added", emoji, username: "carol" },
  });

  it("decides as the command does, in a lane of its own, whatever is told of reactions", async () => {
    const { deps, decided, posted } = voting(true);
    expect(await runTurn(vote(":+1:"), deps)).toEqual({ kind: "commanded" });
    expect(await runTurn(vote(":thumbsdown_tone2:"), deps)).toEqual({ kind: "commanded" });
    expect(decided).toEqual([
      { id: "1a2b", decision: "allow-once" },
      { id: "1a2b", decision: "deny" },
    ]);
    expect(posted.map(({ text }) => text)).toEqual(["Approved, this once: `1a2b`.", "Denied: `1a2b`."]);
    expect(posted.map(({ threadId }) => threadId)).toEqual(["m0", "m0"]);
    const [voted, other] = [":+1:", ":tada:"].map((emoji) => identify(vote(emoji))?.laneKey);
    expect(voted).not.toBe(other);
  });

  it("asks the server anew who reacted, since the name may be another's by now", async () => {
    const { deps, decided } = voting(true);
    const owners = { before: "carol-id", now: settings.userId ?? "" };
    const named = async (username: string, asOf: "before" | "now" = "before") => ({
      id: owners[asOf],
      username,
      name: undefined,
    });
    expect(await runTurn(vote(":+1:"), { ...deps, users: { named } })).toMatchObject({ kind: "dropped" });
    expect(decided).toEqual([]);
  });

  it.each([
    ["of nobody but an operator", false, ":+1:", {}],
    ["by another emoji", true, ":tada:", {}],
    ["to another message of the bot", true, ":+1:", { _id: "m2" }],
    ["to one that another has rewritten", true, ":+1:", { editedBy: { _id: "mo" }, editedAt: { $date: 2 } }],
    ["to a message of somebody else", true, ":+1:", { u: { _id: "alice", username: "alice" } }],
  ] as const)("is not taken for a decision: %s", async (_, operator, emoji, message) => {
    const { deps, decided, posted } = voting(operator);
    expect(await runTurn(vote(emoji, message), deps)).toMatchObject({ kind: "dropped" });
    expect({ decided, posted }).toEqual({ decided: [], posted: [] });
  });
});

describe("runTurn on the bot being added to a room", () => {
  const added = (msg: string) => event({ t: "au", msg, mentions: [] });

  it("has the agent introduce itself, whoever added it, in a lane of its own", async () => {
    const { deps, calls, announced } = stage({ access: { kind: "refuse", cause: "sender", reason: "no" } });
    expect(await runTurn(added("labbot"), deps)).toEqual({ kind: "told" });
    expect({ calls, announced }).toEqual({ calls: ["read 5", "introduce by alice"], announced: [] });
    expect(identify(added("labbot"))?.laneKey).not.toBe(identify(event())?.laneKey);
  });

  it.each([
    ["somebody else was added", "carol", roomFacts({ id: "r1" })],
    ["the room is not served", "labbot", roomFacts({ id: "r9" })],
    ["it is a group DM", "labbot", roomFacts({ id: "r1", chatType: "group" })],
  ])("stays silent where %s", async (_, name, room) => {
    const { deps, calls } = stage({ room });
    await runTurn(added(name), deps);
    expect(calls).not.toContain("introduce by alice");
  });

  it.each([
    ["somebody who may speak", { kind: "allow" }, { kind: "told" }],
    ["anybody else", { kind: "refuse", cause: "sender", reason: "no" }, { reason: "sender-not-allowed" }],
  ] as const)(
    "of a room that the configuration does not name listens to %s alone",
    async (_, access, outcome) => {
      const { deps, calls } = stage({ access });
      const rooms = { room: async () => roomFacts({ id: "r1", parentId: "ops" }) };
      const known = knowing({ parentOf: () => "ops" });
      for (const served of ["*", "ops", undefined]) {
        const account = accountSettings({
          groupPolicy: served === undefined ? "open" : "allowlist",
          rooms: new Map(served === undefined ? [] : [[served, {}]]),
        });
        const host = { ...deps.host, settings: () => account };
        expect(await runTurn(added("labbot"), { ...deps, host, rooms, known })).toMatchObject(outcome);
      }
      expect(calls.includes("introduce by alice")).toBe(access.kind === "allow");
    },
  );
});

describe("runTurn on a reaction that asks for something", () => {
  const account = accountSettings({
    ...settings,
    reactionNotifications: "off",
    reactionTriggers: { ":memo:": "Summarize this.", ":eyes:": "Look." },
    rooms: new Map([["r1", { reactionTriggers: { ":eyes:": "", ":bug:": "Triage this." } }]]),
  });
  const asking = (options: Parameters<typeof stage>[0] = {}) => {
    const parts = stage(options);
    return { ...parts, deps: { ...parts.deps, host: { ...parts.deps.host, settings: () => account } } };
  };
  const reacted = (emoji: string, username = "carol", message: object = {}) => ({
    ...reaction(username, { u: { _id: "alice", username: "alice" }, tmid: undefined, ...message }),
    change: { kind: "reaction-added", emoji, username },
  });
  const taken = (emoji: string, username = "carol") => ({
    ...reacted(emoji, username),
    change: { kind: "triggered", emoji, userId: `${username}-id`, username, at: 7 },
  });

  it("is taken up once for a message and emoji, whoever reacts and whatever is told of reactions", async () => {
    const { deps, takenUp, calls, announced } = asking();
    expect(await runTurn(reacted(":memo:"), deps)).toEqual({ kind: "taken-up" });
    expect(takenUp).toMatchObject([
      { change: { kind: "triggered", emoji: ":memo:", userId: "carol-id", username: "carol", at: 1 } },
    ]);
    expect(await runTurn(reacted(":memo:"), deps)).toEqual({ kind: "dropped", reason: "change-unwanted" });
    expect({ calls, announced }).toEqual({ calls: ["access", "access"], announced: [] });
    const identities = ["carol", "dave"].map((name) => identify(taken(":memo:", name))?.eventId);
    expect(identities).toEqual(["m1 triggered :memo:", "m1 triggered :memo:"]);
  });

  it.each([
    [
      "somebody who may not speak",
      ":memo:",
      { access: { kind: "refuse", cause: "sender", reason: "no" } },
      "sender-not-allowed",
    ],
    ["a stranger", ":memo:", { access: { kind: "pair" } }, "sender-not-allowed"],
    ["anybody with another emoji", ":tada:", {}, "change-unwanted"],
    ["anybody with an emoji that this room takes away", ":eyes:", {}, "change-unwanted"],
  ] as const)("is not taken up from %s", async (_, emoji, options, reason) => {
    const { deps, takenUp, posted } = asking(options);
    expect(await runTurn(reacted(emoji), deps)).toMatchObject({ kind: "dropped", reason });
    expect({ takenUp, posted }).toEqual({ takenUp: [], posted: [] });
  });

  it("is not taken up from a bot that was only learned of, nor when it is older than what is answered", async () => {
    const { deps, takenUp } = asking();
    const bots = new Set<string>();
    const isBot = async (id: string) => bots.add(id).has(id);
    const host = { ...deps.host, settings: () => accountSettings({ ...account, bots }) };
    const learning = { ...deps, host, known: { ...deps.known, isBot } };
    expect(await runTurn(reacted(":memo:"), learning)).toMatchObject({ reason: "bot-message" });
    const later = () => 1 + account.catchUp.maxAgeMinutes * 60_000 + 1;
    const late = { ...deps, serverNow: later };
    expect(await runTurn(reacted(":memo:"), late)).toMatchObject({ reason: "change-unwanted" });
    expect(takenUp).toEqual([]);
    // This machine's own clock says nothing of the age of what the server wrote.
    expect(await runTurn(reacted(":memo:"), { ...deps, now: later })).toEqual({ kind: "taken-up" });
  });

  it("waits for names that may decide, as a message does", async () => {
    const { deps } = asking({ access: { kind: "refuse", cause: "sender", reason: "no" } });
    const pending = accountSettings({ ...account, pendingNames: new Set(["@carol"]) });
    const host = { ...deps.host, settings: () => pending };
    await expect(runTurn(reacted(":memo:"), { ...deps, host })).rejects.toThrow(NamesPendingError);
  });

  it("asks what the room says, in the name of who reacted, with the message as a quote", async () => {
    const { deps, opened, posted } = asking({ about: { msg: "it crashes" } });
    const shown: unknown[] = [];
    const host: InboundHost = {
      ...deps.host,
      openTurn: (input) => ({
        ...deps.host.openTurn(input),
        dispatch: async (port) => {
          shown.push((await port.lookAround({ isNew: true, since: undefined })).quoted);
          await port.post("the answer", port.threadId);
        },
      }),
    };
    expect(await runTurn(taken(":bug:"), { ...deps, host })).toEqual({ kind: "ran" });
    const sender = { id: "carol-id", username: "carol" };
    expect(opened).toMatchObject([
      {
        text: "Triage this.",
        reaction: ":bug:",
        wasMentioned: true,
        message: { id: "m1", sender, sentAt: 7 },
      },
    ]);
    expect(shown).toMatchObject([{ id: "m1", text: "it crashes", sender: { id: "alice" } }]);
    expect(posted).toEqual([{ roomId: "r1", threadId: undefined, text: "the answer" }]);
  });

  it.each([
    ["the message is gone", { about: { t: "rm" } }, "change-unwanted"],
    ["the message is in another room", { about: { rid: "r2" } }, "change-unwanted"],
    ["the message is a command", { about: { msg: "!approve 1a2b allow-always" } }, "change-unwanted"],
    ["the message has no words", { about: { msg: "" } }, "change-unwanted"],
    [
      "the person may not speak any more",
      { access: { kind: "refuse", cause: "sender", reason: "no" } },
      "sender-not-allowed",
    ],
  ] as const)("runs nothing when %s", async (_, options, reason) => {
    const { deps, calls } = asking(options);
    expect(await runTurn(taken(":bug:"), deps)).toMatchObject({ kind: "dropped", reason });
    expect(calls).not.toContain("dispatch");
  });

  it.each([
    ["the bot itself", "labbot-id", "own-message"],
    ["another bot of the gateway", "sibling-id", "bot-message"],
  ])("runs nothing for %s", async (_, userId, reason) => {
    const { deps, calls } = asking();
    const changed = accountSettings({
      ...account,
      ...(userId === "labbot-id" ? { userId } : { bots: new Set([userId]) }),
    });
    const host = { ...deps.host, settings: () => changed };
    const username = userId.replace("-id", "");
    expect(await runTurn(taken(":bug:", username), { ...deps, host })).toMatchObject({ reason });
    expect(calls).toEqual([]);
  });
});
