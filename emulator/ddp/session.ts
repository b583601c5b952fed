// One DDP connection: the protocol's frames in order, the login, the subscriptions, the heartbeat.
import { type Allowance, Limiter } from "../limiter.ts";
import type { Broadcast, User } from "../world/documents.ts";
import { ServerError } from "../world/errors.ts";
import { countSession, emailsOf } from "../world/users.ts";
import type { World } from "../world.ts";
import { fromEjson, isRecord, toEjson } from "./ejson.ts";
import { type Caller, callMethod } from "./methods.ts";
import { framesFor, openStream, PRESENCE, type StreamSubscription, watchOthers } from "./streams.ts";

/** What a session needs of its socket and of the server around it. */
export interface SessionPort extends CallerPort {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Whether the faults want this publication refused. */
  refusesStream(name: string): boolean;
  /** Whether the manners are those of the stream service of a deployment in microservices. */
  isStreamService(): boolean;
}

type CallerPort = Caller["port"];

const VERSION = "1";
const LOGIN_LIMIT: Allowance = { calls: 5, windowMs: 10_000 };
const METHOD_LIMIT: Allowance = { calls: 10, windowMs: 10_000 };
const STREAM_LIMIT: Allowance = { calls: 40, windowMs: 40_000 };
const UNLIMITED_METHODS = new Set(["logout"]);

export class Session implements Caller {
  readonly id: string;
  readonly world: World;
  readonly port: SessionPort;
  readonly subscriptions = new Map<string, StreamSubscription>();
  user: User | undefined;
  /** The token this session logged in with. */
  token: string | undefined;
  connected = false;
  /** Whether any frame came since the heartbeat last looked. */
  heard = false;
  /** Whether the last login has to be told by the user's document; 6.5 tells the same user once. */
  #isNew = false;
  readonly #limiter = new Limiter();
  /** Subscriptions that are confirmed with the next frame. */
  readonly #confirmed: string[] = [];

  constructor(world: World, port: SessionPort) {
    this.id = world.newAccountId();
    this.world = world;
    this.port = port;
  }

  /** Takes one frame's text. Nothing throws out of here. */
  receive(text: string): void {
    this.heard = true;
    const frame = parse(text);
    if (!isRecord(frame) || typeof frame.msg !== "string") {
      const offending = frame !== null && typeof frame === "object" ? { offendingMessage: frame } : {};
      this.send({ msg: "error", reason: "Bad request", ...offending });
      return;
    }
    if (frame.msg === "connect") this.#connect(frame);
    else if (!this.connected) this.#protest("Must connect first", frame);
    else this.#handle(frame);
  }

  send(frame: Record<string, unknown>): void {
    this.port.send(JSON.stringify(toEjson(frame)));
  }

  /** Sends what the subscriptions deliver of a broadcast, once for each. */
  deliver(broadcast: Broadcast): void {
    for (const subscription of this.subscriptions.values()) {
      const frame = framesFor(this.world, this.user, subscription, broadcast);
      if (frame) this.send(frame);
    }
  }

  /** Ends the subscriptions of a publication with an unasked `nosub`. */
  endSubscriptions(name: string): void {
    for (const subscription of [...this.subscriptions.values()]) {
      if (subscription.name !== name) continue;
      this.subscriptions.delete(subscription.id);
      this.send({ msg: "nosub", id: subscription.id });
    }
  }

  #protest(reason: string, offendingMessage: unknown): void {
    this.send({ msg: "error", reason, offendingMessage });
  }

  #connect(frame: Record<string, unknown>): void {
    if (this.connected) {
      this.#protest("Already connected", frame);
      return;
    }
    const { version, support } = frame;
    if (version !== VERSION || !Array.isArray(support) || !support.includes(VERSION)) {
      this.send({ msg: "failed", version: VERSION });
      this.port.close(1000, "Normal closure");
      return;
    }
    this.connected = true;
    this.heard = false;
    this.send({ msg: "connected", session: this.id });
  }

  #handle(frame: Record<string, unknown>): void {
    const { msg, id, name, method, params = [] } = frame;
    if (msg === "ping") this.send(id === undefined ? { msg: "pong" } : { msg: "pong", id });
    else if (msg === "pong") return;
    else if (msg === "method") {
      if (typeof id === "string" && typeof method === "string" && Array.isArray(params)) {
        this.#method(id, method, params.map(fromEjson));
      } else this.#protest("Malformed method invocation", frame);
    } else if (msg === "sub") {
      if (typeof id === "string" && typeof name === "string" && Array.isArray(params)) {
        this.#subscribe({ id, name, params: params.map(fromEjson) });
      } else this.#protest("Malformed subscription", frame);
    } else if (msg === "unsub" && typeof id === "string") {
      const known = this.subscriptions.delete(id);
      if (known || !this.port.isStreamService()) this.send({ msg: "nosub", id });
    } else this.#protest("Bad request", frame);
  }

  #method(id: string, method: string, params: unknown[]): void {
    let outcome: Record<string, unknown>;
    try {
      this.#requireAllowance(method, "method");
      const result = callMethod(this, method, params);
      outcome = result === undefined ? {} : { result };
    } catch (error) {
      outcome = { error: asMeteorError(error) };
    }
    const updated = { msg: "updated", methods: [id] };
    if (this.port.isStreamService()) {
      if (!outcome.error && !outcome.result) outcome = {};
      this.send({ msg: "result", id, ...outcome });
      this.send(updated);
    } else {
      this.send(updated);
      this.send({ msg: "result", id, ...outcome });
    }
    if (method === "login" && outcome.error === undefined) this.#afterLogin();
  }

  #subscribe(request: { id: string; name: string; params: unknown[] }): void {
    if (this.subscriptions.has(request.id)) return;
    try {
      this.#requireAllowance(request.name, "sub");
      if (this.port.refusesStream(request.name)) throw new ServerError("not-allowed");
      const opened = openStream(this.world, this.user, request);
      const watching = [...this.subscriptions.values()].find(({ name }) => name === PRESENCE);
      if (watching && opened.name === PRESENCE) {
        watchOthers(watching, request.params[1]);
        this.send({ msg: "nosub", id: request.id });
        return;
      }
      this.subscriptions.set(request.id, opened);
      this.#confirm(request.id);
    } catch (error) {
      this.send({ msg: "nosub", id: request.id, error: asMeteorError(error) });
    }
  }

  /** A stream service confirms in one frame what was subscribed to in one go. */
  #confirm(id: string): void {
    if (!this.port.isStreamService()) {
      this.send({ msg: "ready", subs: [id] });
      return;
    }
    if (this.#confirmed.push(id) > 1) return;
    setImmediate(() => this.send({ msg: "ready", subs: this.#confirmed.splice(0) }));
  }

  #requireAllowance(name: string, kind: "sub" | "method"): void {
    if (UNLIMITED_METHODS.has(name)) return;
    const allowance =
      name === "login" ? LOGIN_LIMIT : name.startsWith("stream-") ? STREAM_LIMIT : METHOD_LIMIT;
    const { allowed, timeToReset } = this.#limiter.count(
      `${kind} ${name}`,
      allowance,
      this.world.sources.now(),
    );
    if (!allowed) throw tooManyRequests(timeToReset);
  }

  /** The user's own document follows a login; subscriptions made before it are judged again. */
  #afterLogin(): void {
    if (this.subscriptions.size > 0) this.send({ msg: "ready", subs: [...this.subscriptions.keys()] });
    if (this.user && this.#isNew)
      this.send({
        msg: "added",
        collection: "users",
        id: this.user._id,
        fields: userFields(this.world, this.user),
      });
  }

  /** Makes the session a user's; one that was logged in before sees his document go. */
  enter(user: User, token: string): void {
    const old = this.user;
    countSession(this.world, user, 1);
    if (old) countSession(this.world, old, -1);
    this.#isNew = old !== user || !this.world.traits.legacy;
    if (old && this.#isNew) this.send({ msg: "removed", collection: "users", id: old._id });
    this.user = user;
    this.token = token;
  }

  /** The socket is gone. */
  end(): void {
    this.subscriptions.clear();
    if (this.user) countSession(this.world, this.user, -1);
    this.user = undefined;
  }

  /** Logs the session out; subscriptions that need a user end. */
  leave(): void {
    if (!this.user) return;
    const { _id } = this.user;
    countSession(this.world, this.user, -1);
    this.user = undefined;
    this.token = undefined;
    for (const { id, name, eventName } of [...this.subscriptions.values()]) {
      try {
        openStream(this.world, undefined, { id, name, params: [eventName] });
      } catch (error) {
        this.subscriptions.delete(id);
        this.send({ msg: "nosub", id, error: asMeteorError(error) });
      }
    }
    this.send({ msg: "removed", collection: "users", id: _id });
  }
}

/** The refusal of a limiter, as DDP words it. */
export function tooManyRequests(timeToReset: number): ServerError {
  const seconds = Math.ceil(timeToReset / 1000);
  const reason = `Error, too many requests. Please slow down. You must wait ${seconds} seconds before trying again.`;
  return new ServerError("too-many-requests", reason, { timeToReset });
}

function asMeteorError(error: unknown): Record<string, unknown> {
  const known = error instanceof ServerError ? error : new ServerError(500, "Internal server error");
  return {
    isClientSafe: true,
    error: known.code,
    ...(known.reason === undefined ? {} : { reason: known.reason }),
    ...(known.details === undefined ? {} : { details: known.details }),
    message: known.message,
    errorType: "Meteor.Error",
  };
}

function userFields({ traits }: World, user: User): Record<string, unknown> {
  if (traits.legacy) return { username: user.username, emails: emailsOf(user) };
  return {
    services: traits.mailFactor ? { email2fa: { enabled: true } } : {},
    username: user.username,
    emails: emailsOf(user),
    name: user.name,
    roles: user.roles,
    active: user.active,
    _updatedAt: user.updatedAt,
    settings: {},
    requirePasswordChange: false,
    ...presenceFields(user),
  };
}

function presenceFields(user: User): Record<string, unknown> {
  if (user.statusText === undefined) return {};
  const connection = user.tellsPresence ? { statusConnection: "offline" } : {};
  return { statusText: user.statusText, statusDefault: user.statusDefault, ...connection };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
