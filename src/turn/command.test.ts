import { describe, expect, it } from "vitest";
import { knowing } from "../../test/support/knowledge.ts";
import { accountSettings } from "../../test/support/settings.ts";
import type { ApprovalOutcome } from "../commands/replies.ts";
import { NamesPendingError, RestError } from "../errors.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { AccountSettings } from "../settings.ts";
import { NO_COMPANIONS } from "./companions.ts";
import type { Access, InboundHost, TurnInput } from "./host.ts";
import { NO_MESSAGE_FILES } from "./media.ts";
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

/** A host that gives the answers it is told and keeps what it was asked. */
function stage(
  options: {
    access?: Access;
    room?: RoomFacts | undefined;
    pairing?: string | undefined;
    operator?: boolean;
    otherRun?: boolean;
    modelRefusal?: string;
    approval?: ApprovalOutcome;
    settings?: AccountSettings;
    takeRefusal?: (error: unknown) => Promise<boolean>;
  } = {},
) {
  const posted: { roomId: string; threadId: string | undefined; text: string }[] = [];
  const opened: TurnInput[] = [];
  const calls: string[] = [];
  const room: RoomFacts | undefined =
    "room" in options ? options.room : { id: "r1", type: "c", chatType: "channel", label: "general" };
  const host: InboundHost = {
    settings: () => options.settings ?? settings,
    openTurn: (input) => {
      opened.push(input);
      return {
        conversation: "c",
        resolveAccess: async () => {
          calls.push("access");
          return options.access ?? { kind: "allow" };
        },
        atWork: (work) => work,
        transcribe: async () => undefined,
        takeRefusal: options.takeRefusal ?? (async () => false),
        introduce: async () => {},
        findApproval: async () => undefined,
        announce: () => {
          calls.push("announce");
        },
        requestPairing: async (send) => {
          calls.push("pairing");
          if (options.pairing !== undefined) await send(options.pairing);
        },
        dispatch: async (replies) => {
          calls.push("dispatch");
          await replies.post("the answer", undefined);
        },
        authorizeCommand: async () => {
          calls.push("authorize");
          return options.operator ?? false;
        },
        runOwnCommand: async (text, port) => {
          calls.push(`${text} in ${port.threadId}`);
          await port.post(`OpenClaw did ${text}`);
        },
        stop: async (tell) => {
          calls.push("stop");
          await tell({ otherRun: options.otherRun ?? false, dropped: 0 });
        },
        describe: async () => ({
          agent: "main",
          model: "demo/scripted",
          session: undefined,
          waiting: 0,
          link: { state: "ready", connectedAt: 0 },
        }),
        resolveApproval: async ({ id, decision }) => {
          calls.push(`approval ${id} ${decision}`);
          return options.approval ?? { kind: "decided", isTold: false };
        },
        selectModel: async (choice) => {
          calls.push(`select ${choice}`);
          return options.modelRefusal;
        },
        listModels: async () => ({
          current: "demo/scripted",
          choices: ["demo/scripted", "demo/scripted-two"],
        }),
      };
    },
  };
  const deps = {
    host,
    known: knowing(),
    findRoot: async (_: string, messageId: string) => (messageId === "elsewhere" ? undefined : messageId),
    lookAround: async () => NOTHING_AROUND,
    fetchFiles: async () => NO_MESSAGE_FILES,
    discardFiles: async () => {},
    fetchMessage: async () => undefined,
    takeUp: async () => false,
    readRecent: async () => [],
    runs: createRuns(),
    companions: NO_COMPANIONS,
    receivedAt: 0,
    now: () => 0,
    serverNow: () => 0,
    rooms: { room: async () => room },
    users: { named: async () => undefined },
    post: async (where: { roomId: string; threadId: string | undefined }, text: string) => {
      posted.push({ ...where, text });
      return "reply-id";
    },
  };
  return { deps, posted, opened, calls };
}

describe("runTurn with a command", () => {
  it.each(["!stop", "!model", "!approve 1a2b"])(
    "waits with %s of somebody who may be an operator by a name that is not looked up yet",
    async (msg) => {
      const pending = { commandAllowFrom: ["@alice"], pendingNames: new Set(["@alice"]) };
      const { deps, posted, calls } = stage({ settings: accountSettings({ ...settings, ...pending }) });
      await expect(runTurn(event({ msg, mentions: [] }), deps)).rejects.toThrow(NamesPendingError);
      expect({ posted, calls }).toEqual({ posted: [], calls: ["access", "authorize"] });
      await runTurn(event({ msg: "!help", mentions: [] }), deps);
      expect(posted).toMatchObject([{ text: expect.stringContaining("`!status`") }]);
    },
  );

  const direct: RoomFacts = { id: "r1", type: "d", chatType: "direct", label: undefined };
  const inDm = (msg: string) => event({ msg, mentions: [] }, { roomType: "d" });
  const inRoom = (msg: string) => event({ msg, mentions: [], tmid: "m0" });

  it.each([
    ["!status", false, ["access", "authorize"], "Agent main"],
    ["!help", false, ["access", "authorize"], "You may use these here:\n`!help` this list\n`!status`"],
    ["!help", true, ["access", "authorize"], "`!stop` ends"],
    ["!stop", false, ["access", "authorize"], "`!stop` is for command operators"],
    ["!stop", true, ["access", "authorize", "stop"], "Nothing is running here."],
    ["!model", false, ["access", "authorize"], "`!model` is for command operators"],
    ["!model", true, ["access", "authorize"], "The model here is `demo/scripted`."],
    ["!model scripted-too", true, ["access", "authorize"], "Similar: `demo/scripted-two`"],
    [
      "!model `Scripted-Two`",
      true,
      ["access", "authorize", "select demo/scripted-two"],
      "From the next message on, the model here is",
    ],
    ["!model default", true, ["access", "authorize", "select default"], "From the next message on"],
    ["!approve 1a2b always", false, ["access", "authorize"], "`!approve` is for command operators"],
    [
      "!approve 1a2b always",
      true,
      ["access", "authorize", "approval 1a2b allow-always"],
      "Approved, and always from now on: `1a2b`.",
    ],
    ["!deny 1a2b", true, ["access", "authorize", "approval 1a2b deny"], "Denied: `1a2b`."],
    ["!approve", true, ["access", "authorize"], "Write `!approve ID allow-once`"],
    ["!model demo/scripted -g", true, ["access", "authorize"], "There is no model `demo/scripted -g`"],
  ])("%s, operator %s", async (msg, operator, calls, said) => {
    for (const threadId of [undefined, "m0"]) {
      const scene = stage({ operator, ...(threadId === undefined && { room: direct }) });
      const message = threadId === undefined ? inDm(msg) : inRoom(msg);
      expect(await runTurn(message, scene.deps)).toEqual({ kind: "commanded" });
      expect(scene.calls).toEqual(calls);
      expect(scene.posted).toEqual([{ roomId: "r1", threadId, text: expect.stringContaining(said) }]);
    }
  });

  it.each(["!status", "!stop", "!help"])(
    "%s is answered at top level when its thread is none of the room",
    async (msg) => {
      const { deps, posted } = stage({ operator: true });
      await runTurn(event({ msg, mentions: [], tmid: "elsewhere" }), deps);
      expect(posted).toEqual([{ roomId: "r1", threadId: undefined, text: expect.any(String) }]);
    },
  );

  it("is over when the server refuses the answer for good, and is tried again after any other error", async () => {
    const told: unknown[] = [];
    const takeRefusal = async (error: unknown) => error instanceof RestError && told.push(error) > 0;
    const refusing = (error: Error) => {
      const { deps } = stage({ takeRefusal });
      return runTurn(inRoom("!status"), { ...deps, post: () => Promise.reject(error) });
    };
    const refusal = new RestError("read-only", { status: 400, endpoint: "v1/chat.sendMessage" });
    expect(await refusing(refusal)).toEqual({ kind: "commanded" });
    expect(told).toEqual([refusal]);
    await expect(refusing(new Error("no network"))).rejects.toThrow("no network");
  });

  it("answers an unknown word in a direct message and where it is mentioned, and nowhere else", async () => {
    const asked = stage({ room: direct });
    await runTurn(inDm("!deploy"), asked.deps);
    expect(asked.posted).toMatchObject([
      { text: "There is no command `!deploy` here. `!help` lists yours." },
    ]);
    const mentioned = stage();
    await runTurn(event({ msg: "@labbot !deploy" }), mentioned.deps);
    expect(mentioned.posted).toHaveLength(1);
    const room = stage();
    expect(await runTurn(inRoom("!deploy"), room.deps)).toEqual({
      kind: "dropped",
      reason: "unknown-command",
    });
    const group = stage({
      room: { id: "r1", type: "d", chatType: "group", label: undefined },
      settings: { ...settings, dm: { enabled: true, groupEnabled: true, groupRooms: undefined } },
    });
    expect(await runTurn(inDm("!deploy"), group.deps)).toEqual({
      kind: "dropped",
      reason: "unknown-command",
    });
  });

  it("has OpenClaw carry out its further commands for operators, where they are on", async () => {
    const on = { ...settings, commands: { extra: true } };
    const operator = stage({ operator: true, settings: on });
    await runTurn(inRoom("!new"), operator.deps);
    expect(operator.calls).toEqual(["access", "authorize", "/new in m0"]);
    const other = stage({ settings: on });
    await runTurn(inRoom("!new"), other.deps);
    expect(other.posted).toMatchObject([
      { text: expect.stringContaining("`!new` is for command operators") },
    ]);
    const off = stage({ operator: true, room: direct });
    await runTurn(inDm("!new"), off.deps);
    expect(off.posted).toMatchObject([{ text: expect.stringContaining("no command `!new`") }]);
  });

  it("passes on why OpenClaw refuses a model", async () => {
    const { deps, posted } = stage({ operator: true, modelRefusal: "The model is locked." });
    await runTurn(inRoom("!model scripted-two"), deps);
    expect(posted).toMatchObject([{ text: "The model is locked." }]);
  });

  it("says nothing more where OpenClaw says itself what was decided", async () => {
    const scene = stage({ operator: true, room: direct, approval: { kind: "decided", isTold: true } });
    expect(await runTurn(inDm("!approve 1a2b"), scene.deps)).toEqual({ kind: "commanded" });
    expect([scene.calls.at(-1), scene.posted]).toEqual(["approval 1a2b allow-once", []]);
  });

  it.each<[ApprovalOutcome, string]>([
    [{ kind: "not-found" }, "Nothing with the id `1a2b` waits for approval."],
    [{ kind: "refused", reason: "allow-always is unavailable" }, "`1a2b` could not be decided: allow-always"],
  ])("says why nothing was decided: %o", async (approval, said) => {
    const scene = stage({ operator: true, room: direct, approval });
    await runTurn(inDm("!approve 1a2b"), scene.deps);
    expect(scene.posted).toMatchObject([{ text: expect.stringContaining(said) }]);
  });

  it("is silent to whoever may not speak here, and sends a stranger a code", async () => {
    const refused = stage({ access: { kind: "refuse", cause: "sender", reason: "x" }, operator: true });
    await runTurn(inRoom("!status"), refused.deps);
    expect(refused.posted).toEqual([]);
    const stranger = stage({ access: { kind: "pair" }, pairing: "Code ABCD", room: direct });
    await runTurn(inDm("!stop"), stranger.deps);
    expect(stranger.posted).toMatchObject([{ text: "Code ABCD" }]);
  });

  it("stops what is under way, says whose, and keeps what waited from beginning", async () => {
    const { deps, posted, calls } = stage({ operator: true });
    const first = deps.runs.begin("c", { sender: "alice", sentAt: 0, receivedAt: 0 });
    deps.runs.begin("c", { sender: "bob", sentAt: 1, receivedAt: 0 });
    const elsewhere = deps.runs.begin("other", { sender: "bob", sentAt: 1, receivedAt: 0 });
    await runTurn(event({ msg: "!stop", ts: { $date: 2 }, _updatedAt: { $date: 2 } }), deps);
    expect(posted).toMatchObject([{ text: "Stopped the answer to alice, and dropped 1 message waiting." }]);
    expect(first?.signal.aborted).toBe(true);
    expect(elsewhere?.signal.aborted).toBe(false);
    expect(await runTurn(event({ ts: { $date: 2 }, _updatedAt: { $date: 2 } }), deps)).toEqual({
      kind: "dropped",
      reason: "stopped",
    });
    expect(calls).not.toContain("dispatch");
  });

  it("says that a run was stopped which no message of this connection began", async () => {
    const { deps, posted } = stage({ operator: true, otherRun: true });
    await runTurn(inRoom("!stop"), deps);
    expect(posted).toMatchObject([{ text: "Stopped the agent's run here." }]);
  });

  it("hands a turn that a stop came after to nobody", async () => {
    const { deps, calls } = stage();
    deps.runs.stop("c", { id: "stop", sentAt: 1, receivedAt: 0 });
    expect(await runTurn(event(), deps)).toEqual({ kind: "dropped", reason: "stopped" });
    expect(calls).toEqual([]);
  });

  it("lets a question begin that an edit made after the stop", async () => {
    const { deps, calls } = stage();
    deps.runs.stop("c", { id: "stop", sentAt: 2, receivedAt: 0 });
    const edited = { editedAt: { $date: 3 }, editedBy: { _id: "alice" }, _updatedAt: { $date: 3 } };
    expect(await runTurn(event(edited), deps)).toEqual({ kind: "ran" });
    expect(calls).toContain("dispatch");
  });

  it("stops what is only being judged, so that it never begins", async () => {
    const { deps, calls } = stage();
    const stopMeanwhile = knowing({
      isBot: async () => {
        expect(deps.runs.stop("c", { id: "stop", sentAt: 1, receivedAt: 0 })).toMatchObject([
          { sender: "alice" },
        ]);
        return false;
      },
    });
    expect(await runTurn(event(), { ...deps, known: stopMeanwhile })).toEqual({
      kind: "dropped",
      reason: "stopped",
    });
    expect(calls).toEqual(["access"]);
  });
});
