// Owns the promise that the question is never a denied person's words, whatever is edited, renamed, missed or restarted.
import fc from "fast-check";
import { expect, it } from "vitest";
import { RestError } from "../../src/errors.ts";
import { createKnownMessages } from "../../src/intake/known.ts";
import { receive } from "../../src/intake/receive.ts";
import { createWatch, type Origin } from "../../src/intake/watch.ts";
import { encodeRawEvent, parseRawEvent } from "../../src/openclaw/intake/raw-event.ts";
import type { RestClient } from "../../src/rest/client.ts";
import { memoryLedger } from "../support/ledger.ts";
import { MemoryPins } from "../support/name-pins.ts";
import { type Judge, openJudge } from "./judge.ts";

const ROOM = "2222222222222222A";
const PEOPLE = ["2222222222222222B", "2222222222222222C", "2222222222222222D"];
const NAMES = ["ann", "bea", "cid", "dot"];

interface Document {
  readonly id: string;
  readonly author: string;
  text: string;
  editor: string | undefined;
  readonly sentAt: number;
  updatedAt: number;
}

/** Where everything is known: who is called what, what was written, and who may speak by the plain rules. */
class World {
  time = 1_000_000;
  readonly names = new Map(PEOPLE.map((id, index) => [id, NAMES[index] ?? ""]));
  readonly documents: Document[] = [];
  /** Entries of the room's `users`; undefined: everybody may speak. */
  entries: readonly string[] | undefined;
  /** What each name in the entries meant when it was looked up first. */
  #meanings = new Map<string, string>();
  #written = 0;

  tick(): number {
    this.time += 1000;
    return this.time;
  }

  /** A text that says who wrote it. */
  #write(writer: string, isNamed: boolean): string {
    this.#written += 1;
    return `${isNamed ? "@labbot " : ""}words ${this.#written} of ${writer}`;
  }

  say(author: string, isNamed: boolean): Document {
    const now = this.tick();
    const text = this.#write(author, isNamed);
    const document = { id: `m${now}`, author, text, editor: undefined, sentAt: now, updatedAt: now };
    this.documents.push(document);
    return document;
  }

  edit(document: Document, { editor, isNamed }: { editor: string; isNamed: boolean }): void {
    Object.assign(document, { editor, text: this.#write(editor, isNamed), updatedAt: this.tick() });
  }

  /** A name that somebody has goes over to the other, who gives his own in exchange. */
  rename(person: string, name: string): void {
    const other = this.ownerOf(name);
    if (other !== undefined) this.names.set(other, this.names.get(person) ?? "");
    this.names.set(person, name);
  }

  ownerOf(name: string): string | undefined {
    return [...this.names].find(([, current]) => current === name)?.[0];
  }

  /** The account reads its configuration: a name keeps its meaning until it leaves. */
  lookUpNames(): void {
    const meant = (this.entries ?? []).flatMap((entry): [string, string][] => {
      const id = this.#meanings.get(entry) ?? this.ownerOf(entry.slice(1));
      return entry.startsWith("@") && id !== undefined ? [[entry, id]] : [];
    });
    this.#meanings = new Map(meant);
  }

  maySpeak(person: string): boolean {
    if (this.entries === undefined) return true;
    return this.entries.some((entry) => (this.#meanings.get(entry) ?? entry) === person);
  }
}

function restOf(world: World): RestClient {
  return {
    async get(path, query = {}) {
      if (path === "v1/rooms.info" && query.roomId === ROOM)
        return { room: { _id: ROOM, t: "p", name: "town" } };
      if (path === "v1/subscriptions.get") return { update: [] };
      const id = query.username === undefined ? query.userId : world.ownerOf(query.username);
      if (path === "v1/users.info" && id !== undefined)
        return { user: { _id: id, username: world.names.get(id), roles: ["user"] } };
      throw new RestError("no such thing", { status: 400, endpoint: path, serverCode: "not-found" });
    },
    post: () => Promise.reject(new Error("nothing is posted")),
  };
}

/** An account with all that lies on its disk: its queue, what names mean, what it remembers after an orderly end. */
class Account {
  readonly #world: World;
  readonly #pins = new MemoryPins();
  readonly #rows = new Map<string, string>();
  readonly #done = new Set<string>();
  #known = createKnownMessages();
  #ledger = memoryLedger();
  #heardUntil: number;
  #judge: Judge | undefined;
  isAway = false;
  heard = 0;

  constructor(world: World) {
    this.#world = world;
    this.#heardUntil = world.time;
  }

  /** Also the account's start: what names mean comes from the disk either way. */
  async readConfiguration(): Promise<void> {
    const { entries } = this.#world;
    const room = entries === undefined ? {} : { users: [...entries] };
    const account = { serverUrl: "https://chat.example.org", userId: "bot", username: "labbot", pat: "x" };
    this.#world.lookUpNames();
    this.#judge = await openJudge({
      cfg: { channels: { rocketchat: { ...account, rooms: { [ROOM]: room } } } },
      botUserId: "bot",
      rest: restOf(this.#world),
      threads: { role: () => undefined, noteOwnMessage: () => {} },
      siblings: new Set(),
      pins: this.#pins,
    });
  }

  /** A document of the stream; while the account is away nothing comes. */
  hear(document: Document): void {
    if (this.isAway) return;
    this.#take(document);
    this.#heardUntil = this.#world.time;
  }

  async comeBack(restart: "none" | "orderly" | "crash"): Promise<void> {
    if (restart === "crash") {
      this.#known = createKnownMessages();
      this.#ledger = memoryLedger();
    }
    if (restart !== "none") await this.readConfiguration();
    const since = this.#heardUntil;
    for (const document of this.#world.documents.filter(({ updatedAt }) => updatedAt > since))
      this.#take(document, { since, unheardSince: since });
    this.#heardUntil = this.#world.time;
    this.isAway = false;
  }

  #take(document: Document, origin?: Origin): void {
    const judge = this.#running();
    const raw = {
      message: this.#rawOf(document),
      room: { roomParticipant: true, roomType: "p", roomName: "town" },
    };
    const watch = createWatch({ known: this.#known, ledger: this.#ledger, parentOf: () => undefined });
    const { events, keep } = watch.read(raw, judge.settings, origin);
    for (const event of events) {
      const receipt = receive(event, judge);
      if (receipt.kind !== "received" || this.#done.has(receipt.event.eventId)) continue;
      if (!this.#rows.has(receipt.event.eventId))
        this.#rows.set(receipt.event.eventId, encodeRawEvent(event));
    }
    keep("stored");
  }

  #rawOf({ id, author, text, editor, sentAt, updatedAt }: Document): object {
    const user = (person: string) => ({ _id: person, username: this.#world.names.get(person) });
    return {
      _id: id,
      rid: ROOM,
      msg: text,
      ts: { $date: sentAt },
      _updatedAt: { $date: updatedAt },
      u: user(author),
      mentions: text.startsWith("@labbot") ? [{ _id: "bot", username: "labbot", type: "user" }] : [],
      ...(editor !== undefined && { editedAt: { $date: updatedAt }, editedBy: user(editor) }),
    };
  }

  /** Runs what is stored; everything that reaches the agent must be the words of its sender, who may speak now. */
  async work(): Promise<void> {
    const judge = this.#running();
    for (const [id, row] of this.#rows) {
      const before = judge.heard.length;
      await judge.judge(parseRawEvent(row));
      this.#done.add(id);
      for (const { senderId, text } of judge.heard.slice(before)) {
        const writer = /of (\w+)$/.exec(text)?.[1] ?? "";
        expect({ senderId, text, maySpeak: this.#world.maySpeak(writer) }).toEqual({
          senderId: writer,
          text,
          maySpeak: true,
        });
        this.heard += 1;
      }
    }
    this.#rows.clear();
  }

  #running(): Judge {
    if (this.#judge === undefined) throw new Error("The account was not started");
    return this.#judge;
  }
}

const person = fc.constantFrom(...PEOPLE);
const entry = fc.constantFrom(...PEOPLE, ...NAMES.map((name) => `@${name}`));

type Step = (world: World, account: Account) => Promise<void> | void;

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(person, fc.boolean()).map(
      ([author, isNamed]): Step =>
        (world, account) =>
          account.hear(world.say(author, isNamed)),
    ),
  },
  {
    weight: 4,
    arbitrary: fc.tuple(person, fc.boolean(), fc.nat(2)).map(
      ([editor, isNamed, back]): Step =>
        (world, account) => {
          const document = world.documents.at(-1 - back);
          if (document === undefined) return;
          world.edit(document, { editor, isNamed });
          account.hear(document);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(person, fc.constantFrom(...NAMES)).map(
      ([who, name]): Step =>
        (world) =>
          world.rename(who, name),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.option(fc.uniqueArray(entry, { maxLength: 3 }), { nil: undefined, freq: 6 }).map(
      (entries): Step =>
        async (world, account) => {
          world.entries = entries;
          await account.readConfiguration();
        },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>((_, account) => {
      account.isAway = true;
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("none", "orderly", "crash").map(
      (restart): Step =>
        (_, account) =>
          account.comeBack(restart),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((_, account) => account.work()) },
);

it("gives the model as the question only what its sender wrote last, and only of who may speak now", async () => {
  let heard = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 8, maxLength: 40 }), async (sequence) => {
      const world = new World();
      const account = new Account(world);
      await account.readConfiguration();
      for (const step of sequence) await step(world, account);
      await account.comeBack("none");
      await account.work();
      heard += account.heard;
    }),
    { numRuns: 1500 },
  );
  // The sequences are random: this only asks that many of them let somebody speak.
  expect(heard).toBeGreaterThan(1000);
}, 60_000);
