// Owns what a scenario gets to play with: the actors, the phases, fresh rooms and users, and their removal.
import { randomBytes, randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { Actor, type CallOptions, type Identity, MISSING } from "./actor.ts";
import { type Credentials, type Person, sha256 } from "./credentials.ts";
import { type Pace, QuietWatch } from "./quiet.ts";
import { at, type JsonObject, textAt } from "./recording/json.ts";
import type { Recording, Step } from "./recording/recording.ts";
import { Redactor } from "./recording/redact.ts";
import type { DdpSocket } from "./wire.ts";

const ID_CHARACTERS = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
const ID_LENGTH = 17;
const LOOPBACK = /^(127\.|localhost$|\[::1\]$)/;

/** The server a run plays against, and how. */
export interface Target {
  /** Address without a slash at the end. */
  url: string;
  credentials: Credentials;
  pace: Pace;
  /** Call from one address only; needed where the machine has just 127.0.0.1. */
  oneAddress?: boolean;
  /** Lets time pass on a server whose clock can be moved; the others are waited for. */
  passTime?: (ms: number) => void;
}

export interface Room {
  id: string;
  name: string;
}

export interface RoomWish {
  type?: "c" | "p";
  by?: Actor;
  members?: Actor[];
  name: string;
  extra?: JsonObject;
}

export interface UserWish {
  label: string;
  roles?: string[];
  /** With a personal access token, which the user then acts with. */
  token?: boolean;
}

export class Stage {
  readonly base: string;
  readonly steps: Step[] = [];
  readonly redactor: Redactor;
  readonly bot: Actor;
  readonly alice: Actor;
  readonly bob: Actor;
  readonly mallory: Actor;
  /** Unique part of the names this run gives. */
  private readonly run = makeRunName();
  private readonly administrator: Actor | undefined;
  private readonly target: Target;
  private readonly quiet: QuietWatch;
  private readonly begun = Date.now();
  private readonly sockets: DdpSocket[] = [];
  private readonly removals: (() => Promise<unknown>)[] = [];
  private changesAddress: boolean;
  /** What was let pass so far; taken back at the end. Milliseconds. */
  private passed = 0;

  /** `real` tells how many frames each phase has to wait for. */
  constructor(target: Target, real: Recording) {
    const { credentials, url, oneAddress } = target;
    this.target = target;
    this.base = url;
    this.changesAddress = !oneAddress && LOOPBACK.test(new URL(url).hostname);
    this.quiet = new QuietWatch(target.pace, real);
    this.redactor = new Redactor({
      base: url,
      run: this.run,
      ids: idNames(credentials),
      secrets: secretNames(credentials),
    });
    const { labbot, alice, bob, mallory } = credentials.users;
    this.bot = this.enter({ ...labbot, name: "labbot", prefersPat: true });
    this.alice = this.enter({ ...alice, name: "alice", prefersPat: false });
    this.bob = this.enter({ ...bob, name: "bob", prefersPat: false });
    this.mallory = this.enter({ ...mallory, name: "mallory", prefersPat: false });
    const { admin } = credentials;
    this.administrator = admin && this.enter({ ...admin, name: "admin", prefersPat: false });
  }

  /** The administrator; throws where the credentials have none. */
  get admin(): Actor {
    if (!this.administrator) throw new Error("this needs an administrator");
    return this.administrator;
  }

  /** Begins a part of the scenario when all that the part before set off has come. */
  async phase(name: string): Promise<void> {
    await this.quiet.settle(true);
    this.record({ kind: "phase", name });
  }

  /** Plays the parts of a scenario one after the other, each a phase. */
  async parts(parts: Record<string, () => Promise<unknown>>): Promise<void> {
    for (const [name, play] of Object.entries(parts)) {
      await this.phase(name);
      await play();
    }
  }

  /** Within a phase: waits until it has been quiet for a while. */
  settle(): Promise<void> {
    return this.quiet.settle(false);
  }

  /** Lets so much time pass on the server, in milliseconds. */
  async wait(ms: number): Promise<void> {
    this.passed += ms;
    if (this.target.passTime) this.target.passTime(ms);
    else await setTimeout(ms);
  }

  name(label: string): string {
    return `rec-${label}-${this.run}`;
  }

  /** Ends with a digit, by which the recordings' redaction knows an id from a word. */
  newId(): string {
    const letters = Array.from(
      { length: ID_LENGTH - 1 },
      () => ID_CHARACTERS[randomInt(ID_CHARACTERS.length)],
    );
    return `${letters.join("")}${randomInt(2, 10)}`;
  }

  /** Every further call comes from the address its actor has, whatever the rate limit says. */
  keepAddresses(): void {
    this.changesAddress = false;
  }

  /** Something to remove after the scenario, last made first; its failure means it is gone already. */
  afterwards(remove: () => Promise<unknown>): void {
    this.removals.unshift(remove);
  }

  async createRoom({ type = "p", by = this.alice, members = [], name, extra }: RoomWish): Promise<Room> {
    const kind = type === "c" ? "channels" : "groups";
    const body = { name: this.name(name), members: members.map((m) => m.username), ...extra };
    const answer = await by.post(`${kind}.create`, body);
    const room = at(answer.body, "channel") ?? at(answer.body, "group");
    const roomId = textAt(room, "_id");
    if (roomId === undefined) throw new Error(`${kind}.create answered ${answer.status}`);
    this.afterwards(async () => {
      const gone = await by.post(`${kind}.delete`, { roomId }, { quiet: true });
      if (gone.status !== 200)
        await (this.administrator ?? by).post("rooms.delete", { roomId }, { quiet: true });
    });
    return { id: roomId, name: textAt(room, "name") ?? MISSING };
  }

  /** Opens the direct room of `by` with the others; its id. */
  async openDirect(by: Actor, ...others: Actor[]): Promise<string> {
    const names = others.map((other) => other.username).join(",");
    const answer = await by.post(
      "im.create",
      others.length === 1 ? { username: names } : { usernames: names },
    );
    return textAt(answer.body, "room", "_id") ?? MISSING;
  }

  /** A fresh user, logged in. Needs the administrator. */
  async createUser({ label, roles = ["user"], token = false }: UserWish): Promise<Actor> {
    const username = this.name(label);
    const password = makePassword();
    this.redactor.keepSecret(password, `password:${label}`);
    this.redactor.keepSecret(sha256(password), `digest:${label}`);
    const body = newUserBody({
      username,
      password,
      roles,
      name: `Temp ${label}`,
      joinDefaultChannels: false,
    });
    const options: CallOptions = { headers: this.admin.secondFactor };
    const answer = await this.admin.post("users.create", body, options);
    const userId = textAt(answer.body, "user", "_id");
    if (userId === undefined) throw new Error(`users.create answered ${answer.status}`);
    const gone = { userId, confirmRelinquish: true };
    this.afterwards(() => this.admin.post("users.delete", gone, { ...options, quiet: true }));
    const user = this.enter({ username, password, userId, name: label, prefersPat: roles.includes("bot") });
    user.authToken = await user.login({ user: username, password });
    if (token) user.personalAccessToken = await user.makeToken("first");
    return user;
  }

  /** Lets the last effects come, closes the sockets and gives the steps with placeholders. */
  async finish(): Promise<Step[]> {
    await this.quiet.settle(false);
    for (const socket of this.sockets) await socket.close();
    const steps = this.redactor.redact(this.steps);
    for (const remove of this.removals) await remove().catch(() => undefined);
    this.target.passTime?.(-this.passed);
    return steps;
  }

  private enter(identity: Identity): Actor {
    const { base, target, redactor } = this;
    return new Actor(
      {
        base,
        answerMs: target.pace.answerMs,
        changeAddress: () => this.changesAddress,
        record: (step) => this.record(step),
        elapsedMs: () => Date.now() - this.begun,
        keepSecret: (secret, name) => redactor.keepSecret(secret, name),
        adopt: (socket) => this.sockets.push(socket),
      },
      identity,
    );
  }

  private record(step: Step): void {
    this.steps.push(step);
    this.quiet.notice(step);
  }
}

/** The body of users.create for a user that can log in at once. */
export function newUserBody(user: {
  username: string;
  name: string;
  password: string;
  roles: string[];
  joinDefaultChannels: boolean;
}): JsonObject {
  return {
    ...user,
    email: `${user.username}@example.test`,
    verified: true,
    requirePasswordChange: false,
    sendWelcomeEmail: false,
  };
}

/** A password that any policy accepts. */
export function makePassword(): string {
  return `${randomBytes(12).toString("hex")}A!`;
}

/** Letters only, so that no number rule and no id rule takes hold of it. */
function makeRunName(): string {
  const letters = "ghijkmnpqr";
  return `zq${randomBytes(4)
    .toString("hex")
    .replace(/\d/g, (digit) => letters[Number(digit)] ?? "g")}`;
}

function people({ users, admin }: Credentials): [string, Person][] {
  return Object.entries({ ...users, ...(admin && { admin }) });
}

function idNames(credentials: Credentials): Map<string, string> {
  return new Map(people(credentials).map(([name, { userId }]) => [userId, name]));
}

function secretNames(credentials: Credentials): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, { authToken, personalAccessToken, password }] of people(credentials)) {
    names.set(authToken, `token:${name}`);
    if (personalAccessToken !== undefined) names.set(personalAccessToken, `token:${name}.pat`);
    names.set(password, `password:${name}`);
    names.set(sha256(password), `digest:${name}`);
  }
  return names;
}
