import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unordered, type Version, verdicts } from "../../test/fixtures/change-verdicts.ts";
import {
  type Change,
  compareRevisions,
  decodeChange,
  decodeRevision,
  identifyChange,
  type Revision,
} from "./change.ts";
import { isJsonObject, readObject, readText } from "./json.ts";

/** One frame of the message stream, where it was recorded. */
interface Frame {
  readonly scenario: string;
  readonly phase: string;
  readonly socket: string;
  readonly message: unknown;
}

/** Dates are numbered by first appearance; a number of seconds each keeps their order and keeps messages fresh. */
function readFrames(version: Version | "7.7.1"): Frame[] {
  const file = new URL(`../../test/fixtures/recordings/rocketchat-${version}.jsonl.gz`, import.meta.url);
  const text = gunzipSync(readFileSync(file)).toString("utf8");
  const frames: Frame[] = [];
  let scenario = "";
  let phase = "";
  for (const line of text.trim().split("\n")) {
    const step: unknown = JSON.parse(line.replace(/\{"\$date":"<date:(\d+)>"\}/g, '{"$date":$1000}'));
    if (!isJsonObject(step)) continue;
    if (step.kind === "meta") scenario = readText(step, "scenario") ?? "";
    if (step.kind === "phase") phase = readText(step, "name") ?? "";
    const frame = readObject(step, "frame");
    const fields = frame && readObject(frame, "fields");
    if (step.dir !== "in" || frame?.collection !== "stream-room-messages") continue;
    const [message] = Array.isArray(fields?.args) ? fields.args : [];
    frames.push({ scenario, phase, socket: readText(step, "socket") ?? "", message });
  }
  return frames;
}

function say(change: Change, { editedBy, pinnedBy }: Revision): string {
  switch (change.kind) {
    case "edited":
    case "deleted":
      return `${change.kind} by ${editedBy?.username}`;
    case "pinned":
    case "unpinned":
      return `${change.kind} by ${pinnedBy?.username}`;
    case "reaction-added":
    case "reaction-removed":
      return `${change.kind === "reaction-added" ? "+" : "-"} ${change.emoji} ${change.username}`;
    default:
      return change.kind;
  }
}

/** What an account knows while frames reach it: the newest document by `_id`, and when the latest was sent. */
function createReader() {
  const known = new Map<string, Revision>();
  let newest = 0;
  return (message: unknown): { changes: readonly Change[]; now: Revision } => {
    const now = decodeRevision(message);
    if (now === undefined) throw new Error(`no revision: ${JSON.stringify(message)}`);
    const before = known.get(now.id);
    const changes = compareRevisions(before, now, { settled: now.sentAt < newest });
    if (before === undefined || now.updatedAt >= before.updatedAt) known.set(now.id, now);
    newest = Math.max(newest, now.sentAt);
    return { changes, now };
  };
}

/** scenario / phase -> socket -> a verdict for each frame. */
function judge(frames: readonly Frame[]): Map<string, Map<string, string[]>> {
  const readers = new Map<string, ReturnType<typeof createReader>>();
  const judged = new Map<string, Map<string, string[]>>();
  for (const { scenario, phase, socket, message } of frames) {
    const reader = readers.get(`${scenario} ${socket}`) ?? createReader();
    readers.set(`${scenario} ${socket}`, reader);
    const where = `${scenario} / ${phase}`;
    const sockets = judged.get(where) ?? new Map<string, string[]>();
    const list = sockets.get(socket) ?? [];
    const { changes, now } = reader(message);
    list.push(changes.map((change) => say(change, now)).join(" & "));
    judged.set(where, sockets.set(socket, list));
  }
  return judged;
}

function expected(version: Version, where: string): readonly string[] | undefined {
  const [scenario = "", phase = ""] = where.split(" / ", 2);
  const entry = (verdicts[scenario] ?? unordered[scenario])?.[phase];
  return entry === undefined || isForBoth(entry) ? entry : entry[version];
}

/** A phase's verdicts, sorted where its frames have no order. */
const inOrder = (where: string, said: readonly string[]): string[] =>
  (where.split(" / ", 1)[0] ?? "") in unordered ? [...said].sort() : [...said];

const isForBoth = (entry: object): entry is readonly string[] => Array.isArray(entry);

it("is a revision in every recorded frame of Rocket.Chat 7.7.1, whose frames came late and in no order", () => {
  const frames = readFrames("7.7.1");
  expect(frames).toHaveLength(699);
  expect(frames.filter(({ message }) => decodeRevision(message) === undefined)).toEqual([]);
});

describe.each([
  ["8.3", 690],
  ["6.5.3", 720],
] as const)("every recorded frame of Rocket.Chat %s", (version, count) => {
  const frames = readFrames(version);
  const judged = judge(frames);

  it("is a revision of a message", () => {
    expect(frames).toHaveLength(count);
    expect(frames.filter(({ message }) => decodeRevision(message) === undefined)).toEqual([]);
  });

  it("says what the scenario did", () => {
    for (const [where, sockets] of judged) {
      for (const [socket, said] of sockets) {
        const wanted = expected(version, where) ?? said.map(() => "new");
        expect({ where, socket, said: inOrder(where, said) }).toEqual({ where, socket, said: [...wanted] });
      }
    }
  });

  it("is not missing where the table expects one", () => {
    const listed = Object.entries({ ...verdicts, ...unordered }).flatMap(([scenario, phases]) =>
      Object.keys(phases).map((phase) => `${scenario} / ${phase}`),
    );
    const absent = listed.filter(
      (where) => (expected(version, where)?.length ?? 0) > 0 && !judged.has(where),
    );
    expect(absent).toEqual([]);
  });
});

const sent = 1_700_000_000_000;
const revision = (change: object = {}): Revision => {
  const decoded = decodeRevision({
    _id: "m1",
    rid: "r1",
    ts: { $date: sent },
    _updatedAt: { $date: sent + 10 },
    u: { _id: "alice", username: "alice" },
    ...change,
  });
  if (decoded === undefined) throw new Error("no revision");
  return decoded;
};
const at = (afterMs: number) => ({ _updatedAt: { $date: sent + afterMs } });
const eyes = (...usernames: string[]) => ({ reactions: { ":eyes:": { usernames } } });
const kinds = (changes: readonly Change[]) => changes.map(({ kind }) => kind);

describe("the first sight of a message", () => {
  it.each([
    ["nothing but itself", {}],
    ["its author's quick correction", { ...at(9000), editedAt: { $date: sent + 9000 } }],
    ["a change long after it was sent", at(500_000)],
    ["a reaction", eyes("bob")],
    ["replies", { tcount: 1 }],
    ["a pin that was taken away", { pinned: false, pinnedAt: { $date: sent + 3 } }],
    ["a star", { starred: [{ _id: "bob" }] }],
  ])("goes by whether it was judged, though it bears %s", (_, change) => {
    expect(kinds(compareRevisions(undefined, revision(change)))).toEqual(["new"]);
    expect(kinds(compareRevisions(undefined, revision(change), { settled: true }))).toEqual(["old"]);
  });

  it("is nothing new when it is of its deletion", () => {
    expect(kinds(compareRevisions(undefined, revision({ t: "rm" })))).toEqual(["old"]);
  });

  it("is nobody's doing but the sender's, whatever marks it was sent with", () => {
    const marks = { ...eyes("bob", "carol"), editedBy: { _id: "bob", username: "bob" } };
    const later = { editedAt: { $date: sent + 60_000 } };
    const all = { unheardSince: sent };
    const first = revision({ ...marks, ...later });
    expect(kinds(compareRevisions(undefined, first, all))).toEqual(["new"]);
    expect(kinds(compareRevisions(undefined, first, { settled: true, unheardSince: sent }))).toEqual(["old"]);
    const again = revision({ ...marks, ...later, ...at(90_000), tcount: 1 });
    expect(kinds(compareRevisions(first, again))).toEqual(["thread"]);
    const reacted = revision({ ...marks, ...later, ...at(95_000), ...eyes("bob", "carol", "dave") });
    expect(compareRevisions(first, reacted)).toEqual([
      { kind: "reaction-added", emoji: ":eyes:", username: "dave" },
    ]);
  });
});

describe("another document of a known message", () => {
  it("is one of another message, whose marks are nobody's doing, when it has another sender or time", () => {
    const known = revision();
    const marked = { ...at(9000), ...eyes("alice") };
    const others = [{ u: { _id: "mallory", username: "mallory" } }, { ts: { $date: sent - 5 } }];
    for (const other of others)
      expect(kinds(compareRevisions(known, revision({ ...marked, ...other }), { settled: true }))).toEqual([
        "old",
      ]);
  });

  it("says nothing of reactions that are more than are remembered", () => {
    const many = eyes(...Array.from({ length: 10_000 }, (_, index) => `person${index}`));
    const full = revision({ ...at(500), ...many });
    expect(full.reactions.size).toBe(0);
    expect(kinds(compareRevisions(revision(eyes("bob")), full))).toEqual(["nothing"]);
    expect(kinds(compareRevisions(full, revision({ ...at(900), ...eyes("bob") })))).toEqual(["nothing"]);
  });

  it("changes in a way that no `_id` can be named like", () => {
    const told = compareRevisions(revision(), revision({ ...at(900), ...eyes("bob") }));
    expect(told.map((change) => identifyChange(change, revision()))).toEqual([expect.stringContaining(" ")]);
  });

  it("says nothing when it is older than what is known", () => {
    const known = revision({ ...at(500), ...eyes("bob") });
    expect(kinds(compareRevisions(known, revision(at(400))))).toEqual(["nothing"]);
  });

  it("tells several changes at once", () => {
    const known = revision({ ...eyes("bob"), reactions: { ":a:": { usernames: ["bob", "carol"] } } });
    const now = revision({
      ...at(900),
      editedAt: { $date: sent + 800 },
      reactions: { ":a:": { usernames: ["carol"] }, ":b:": { usernames: ["bob"] } },
    });
    expect(compareRevisions(known, now).map((change) => say(change, now))).toEqual([
      "edited by undefined",
      "- :a: bob",
      "+ :b: bob",
    ]);
  });

  it("tells of a deletion once, and not of the reactions that went with it", () => {
    const gone = revision({ ...at(900), t: "rm", reactions: {} });
    expect(kinds(compareRevisions(revision(eyes("bob")), gone))).toEqual(["deleted"]);
    expect(kinds(compareRevisions(gone, revision({ ...at(1000), t: "rm", tcount: 2 })))).toEqual(["nothing"]);
  });

  it("tells a filled-in link preview from nothing", () => {
    const bare = revision({ urls: [{ url: "https://a.example", meta: {} }] });
    const filled = revision({ ...at(1500), urls: [{ url: "https://a.example", meta: { title: "A" } }] });
    expect(kinds(compareRevisions(bare, filled))).toEqual(["preview"]);
    expect(kinds(compareRevisions(filled, filled))).toEqual(["nothing"]);
  });
});

describe("the identity of a change", () => {
  it("is its own for every person, emoji and direction", () => {
    const now = revision(at(700));
    const changes: Change[] = [
      { kind: "reaction-added", emoji: ":a:", username: "bob" },
      { kind: "reaction-removed", emoji: ":a:", username: "bob" },
      { kind: "reaction-added", emoji: ":b:", username: "bob" },
      { kind: "reaction-added", emoji: ":a:", username: "carol" },
      { kind: "edited", at: sent + 700 },
      { kind: "unpinned", at: sent + 700 },
      { kind: "deleted" },
    ];
    const ids = changes.map((change) => identifyChange(change, now));
    expect(new Set(ids).size).toBe(changes.length);
    expect(ids).not.toContain("m1");
  });

  it.each(["new", "old", "thread", "preview", "nothing"] as const)("does not exist for %j", (kind) => {
    expect(identifyChange({ kind }, revision())).toBeUndefined();
  });
});

describe("decodeChange", () => {
  it("reads back every change that was stored", () => {
    const changes: Change[] = [
      { kind: "new" },
      { kind: "old" },
      { kind: "thread" },
      { kind: "preview" },
      { kind: "nothing" },
      { kind: "edited", at: 5 },
      { kind: "reaction-added", emoji: ":a:", username: "bob" },
      { kind: "reaction-removed", emoji: ":a:", username: "bob" },
      { kind: "pinned", at: 6 },
      { kind: "unpinned", at: undefined },
      { kind: "deleted" },
    ];
    expect(changes.map((change) => decodeChange(JSON.parse(JSON.stringify(change))))).toEqual(changes);
  });

  it.each([[null], [{ kind: "exploded" }], [{ kind: "edited" }], [{ kind: "reaction-added", emoji: ":a:" }]])(
    "refuses %j",
    (raw) => {
      expect(decodeChange(raw)).toBeUndefined();
    },
  );
});

describe("decodeRevision", () => {
  it("never throws", () => {
    const key = fc.constantFrom(
      "reactions",
      "urls",
      "starred",
      "replies",
      "editedBy",
      "pinnedBy",
      "editedAt",
    );
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), (change) => void revision(change)),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => void decodeRevision(value)),
      { numRuns: 100 },
    );
  });
});

/** What a person does to one of three messages. */
type Act =
  | {
      readonly type: "react" | "pin";
      readonly user: string;
      readonly message: number;
      readonly emoji: string;
    }
  | { readonly type: "edit" | "reply"; readonly user: string; readonly message: number }
  | { readonly type: "lose" };

const users = ["alice", "bob", "carol"];
const user = fc.constantFrom(...users);
const message = fc.nat({ max: 2 });
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constantFrom("react" as const, "pin" as const),
      user,
      message,
      emoji: fc.constantFrom(":a:", ":b:"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom("edit" as const, "reply" as const), user, message }),
  },
  { weight: 1, arbitrary: fc.constant({ type: "lose" as const }) },
);

/** The plainest possible Rocket.Chat: three messages, and after each act the whole document again. */
function createWorld() {
  let clock = sent;
  const documents = [0, 1, 2].map((index) => ({
    _id: `m${index}`,
    rid: "r1",
    ts: { $date: sent + index },
    _updatedAt: { $date: sent + index },
    u: { _id: "alice", username: "alice" },
    reactions: {} as Record<string, { usernames: string[] }>,
    tcount: 0,
    pinned: false,
    pinnedAt: { $date: 0 },
    editedAt: undefined as { $date: number } | undefined,
  }));
  function perform(what: Exclude<Act, { type: "lose" }>): string {
    const document = documents[what.message % 3] ?? documents[0];
    if (document === undefined) throw new Error("no such message");
    clock += 10;
    document._updatedAt = { $date: clock };
    if (what.type === "edit") document.editedAt = { $date: clock };
    if (what.type === "reply") document.tcount += 1;
    if (what.type === "pin") {
      document.pinned = !document.pinned;
      document.pinnedAt = { $date: clock };
    }
    if (what.type === "react") {
      const { usernames } = document.reactions[what.emoji] ?? { usernames: [] };
      document.reactions[what.emoji] = { usernames };
      const held = usernames.indexOf(what.user);
      if (held >= 0) usernames.splice(held, 1);
      else usernames.push(what.user);
      if (usernames.length === 0) delete document.reactions[what.emoji];
    }
    return JSON.stringify(document);
  }
  /** Who holds which reaction on which message now. */
  const held = (): Set<string> =>
    new Set(
      documents.flatMap(({ _id, reactions }) =>
        Object.entries(reactions).flatMap(([emoji, { usernames }]) =>
          usernames.map((name) => `${_id} ${emoji} ${name}`),
        ),
      ),
    );
  return { documents, perform, held };
}

describe("reactions among edits, replies and pins", () => {
  it("are told each once, with frames that come twice and a reconnect in the middle", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(act, fc.nat({ max: 3 })), { maxLength: 40 }),
        fc.nat({ max: 40 }),
        (acts, backAt) => {
          const world = createWorld();
          const read = createReader();
          const seen: string[] = [];
          const past: string[] = [];
          const wanted: string[] = [];
          let before = world.held();
          const take = (text: string): void => {
            const { changes, now } = read(JSON.parse(text));
            for (const change of changes) {
              if (change.kind !== "reaction-added" && change.kind !== "reaction-removed") continue;
              seen.push(`${change.kind} ${now.id} ${change.emoji} ${change.username}`);
            }
          };
          const note = (): void => {
            const after = world.held();
            for (const one of before) if (!after.has(one)) wanted.push(`reaction-removed ${one}`);
            for (const one of after) if (!before.has(one)) wanted.push(`reaction-added ${one}`);
            before = after;
          };
          const catchUp = (): void => {
            for (const document of world.documents) take(JSON.stringify(document));
            note();
          };
          catchUp();
          let connected = true;
          acts.forEach(([what, echo], index) => {
            if (index === backAt && !connected) {
              connected = true;
              catchUp();
            }
            if (what.type === "lose") {
              connected = false;
              return;
            }
            const frame = world.perform(what);
            if (!connected) return;
            past.push(frame);
            note();
            take(frame);
            if (echo === 1) take(frame);
            const late = past[past.length - echo];
            if (echo > 1 && late !== undefined) take(late);
          });
          catchUp();
          expect(seen.toSorted()).toEqual(wanted.toSorted());
        },
      ),
      { numRuns: 200 },
    );
  });
});
