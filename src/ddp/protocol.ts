// Owns the DDP conversation over one socket: what each frame means in it, what is sent next, and until when.
import {
  LoginRejectedError,
  MethodError,
  ProtocolError,
  type RocketChatError,
  TimeoutError,
} from "../errors.ts";
import { decodeEjson } from "./ejson.ts";
import {
  type BadFrameReason,
  decodeFrame,
  encodeFrame,
  type IncomingFrame,
  type OutgoingFrame,
  type WireError,
} from "./frames.ts";

/** Own ping after this long without a frame; the server's own pings come at 30 s (recording heartbeat). */
export const PING_AFTER_MS = 22_000;
/** Without a frame for this long the link is dead, whatever the socket says. */
export const DEAD_AFTER_MS = 42_000;

/** The wait for TCP, TLS and the upgrade together. */
export const OPENING_TIMEOUT_MS = 15_000;
export const NEGOTIATION_TIMEOUT_MS = 10_000;
export const LOGIN_TIMEOUT_MS = 20_000;
export const SUBSCRIPTION_TIMEOUT_MS = 20_000;
export const CALL_TIMEOUT_MS = 10_000;

/** One push of a stream, for example `stream-room-messages`, `__my_messages__`, `[message, room]`. */
export interface StreamEvent {
  readonly stream: string;
  readonly eventName: string;
  /** Parsed JSON as the server sent it: dates are still `{"$date": ms}`. */
  readonly args: readonly unknown[];
}

/** What a subscription asks for. */
export type StreamRequest = Pick<StreamEvent, "stream" | "eventName">;

/** Why a frame was dropped; `server-error` is the server's complaint about a frame of ours. */
export type DropReason = BadFrameReason | "server-error" | "unexpected-frame";

export type ProtocolEvent =
  | { type: "negotiated" }
  | { type: "loggedIn"; userId: string }
  | { type: "subscribed"; id: string }
  | { type: "unsubscribed"; id: string; error: MethodError | undefined }
  | { type: "answered"; id: string; value: unknown }
  | { type: "refused"; id: string; error: RocketChatError }
  | { type: "streamed"; event: StreamEvent }
  | { type: "dropped"; reason: DropReason; detail: string }
  /** This conversation cannot go on; `adviseRetry` says what to do next. */
  | { type: "failed"; error: RocketChatError };

export interface ProtocolOutput {
  /** To be sent in this order. */
  readonly frames: readonly string[];
  readonly events: readonly ProtocolEvent[];
}

interface Pending {
  readonly kind: "opening" | "negotiation" | "login" | "subscription" | "call";
  /** For messages: the method, or the stream with its event name. */
  readonly label: string;
  readonly timeoutMs: number;
  readonly deadline: number;
}

/** Keys of what is awaited without an id: the open socket, then the answer to `connect`. */
const OPENING = "opening";
const NEGOTIATION = "negotiation";

/**
 * The protocol without socket, timer or clock: every method takes the present time (`now`, monotonic milliseconds)
 * and returns what to send and what happened. Call `tick` when `deadline` is reached. No text from the wire throws.
 */
export class DdpProtocol {
  #heardAt: number;
  #pinged = false;
  #lastId = 0;
  /** What awaits an answer, by id. */
  readonly #pending = new Map<string, Pending>();
  /** Confirmed subscriptions: id -> label. */
  readonly #live = new Map<string, string>();
  #frames: string[] = [];
  #events: ProtocolEvent[] = [];

  /** `now`: when the socket was asked for. */
  constructor(now: number) {
    this.#heardAt = now;
    this.#expect(OPENING, { kind: "opening", label: "the WebSocket", timeoutMs: OPENING_TIMEOUT_MS }, now);
  }

  /** When to call `tick`, on the clock that `now` is read from. */
  get deadline(): number {
    let earliest = this.#heardAt + (this.#pinged ? DEAD_AFTER_MS : PING_AFTER_MS);
    for (const { deadline } of this.#pending.values()) {
      earliest = Math.min(earliest, deadline);
    }
    return earliest;
  }

  /** Begins when the socket is open; answered by `negotiated` or `failed`. Nothing else may be sent before. */
  connect(now: number): ProtocolOutput {
    this.#heardAt = now;
    this.#settle(OPENING, "opening");
    this.#expect(
      NEGOTIATION,
      { kind: "negotiation", label: "connect", timeoutMs: NEGOTIATION_TIMEOUT_MS },
      now,
    );
    this.#send({ msg: "connect", version: "1", support: ["1"] });
    return this.#flush();
  }

  /** Logs in with a personal access token; answered by `loggedIn` or `failed`. */
  login(token: string, now: number): ProtocolOutput {
    const id = this.#newId();
    this.#expect(id, { kind: "login", label: "login", timeoutMs: LOGIN_TIMEOUT_MS }, now);
    this.#send({ msg: "method", id, method: "login", params: [{ resume: token }] });
    return this.#flush();
  }

  /** Subscribes; `id` comes back in `subscribed` or `unsubscribed`. */
  subscribe({ stream, eventName }: StreamRequest, now: number): ProtocolOutput & { id: string } {
    const id = this.#newId();
    const label = `${stream} ${eventName}`;
    this.#expect(id, { kind: "subscription", label, timeoutMs: SUBSCRIPTION_TIMEOUT_MS }, now);
    this.#send({ msg: "sub", id, name: stream, params: [eventName, { useCollection: false, args: [] }] });
    return { id, ...this.#flush() };
  }

  /** Calls a method; `id` comes back in `answered` or `refused`. Throws when `params` is no JSON. */
  call(method: string, params: readonly unknown[], now: number): ProtocolOutput & { id: string } {
    const id = this.#newId();
    this.#send({ msg: "method", id, method, params });
    this.#expect(id, { kind: "call", label: method, timeoutMs: CALL_TIMEOUT_MS }, now);
    return { id, ...this.#flush() };
  }

  /** Notes a frame that another has read: the server is alive. */
  hear(now: number): void {
    this.#heardAt = now;
    this.#pinged = false;
  }

  /** Takes one text frame of the server. */
  receive(text: string, now: number): ProtocolOutput {
    this.hear(now);
    const decoded = decodeFrame(text);
    if ("reason" in decoded) {
      this.#drop(decoded.reason, `${text.length} characters`);
    } else {
      this.#accept(decoded.frame);
    }
    return this.#flush();
  }

  /** Does what is due: an own ping, the end of a silent link, the end of waiting for an answer. */
  tick(now: number): ProtocolOutput {
    if (now >= this.#heardAt + DEAD_AFTER_MS) {
      const message = `Rocket.Chat was silent for ${DEAD_AFTER_MS / 1000} s; connecting anew`;
      this.#events.push({ type: "failed", error: new TimeoutError(message, { afterMs: DEAD_AFTER_MS }) });
    } else if (now >= this.#heardAt + PING_AFTER_MS && !this.#pinged) {
      this.#pinged = true;
      this.#send({ msg: "ping", id: this.#newId() });
    }
    for (const [id, pending] of this.#pending) {
      if (now >= pending.deadline) {
        this.#expire(id, pending);
      }
    }
    return this.#flush();
  }

  #accept(frame: IncomingFrame): void {
    switch (frame.msg) {
      case "ignored":
      case "pong":
        return;
      case "ping":
        this.#send(frame.id === undefined ? { msg: "pong" } : { msg: "pong", id: frame.id });
        break;
      case "connected":
        this.#acceptConnected();
        break;
      case "failed":
        this.#acceptFailed(frame.version);
        break;
      case "result":
        this.#acceptResult(frame.id, frame.outcome);
        break;
      case "ready":
        for (const id of frame.subs) {
          this.#acceptReady(id);
        }
        break;
      case "nosub":
        this.#acceptNosub(frame.id, frame.error);
        break;
      case "changed":
        this.#events.push({
          type: "streamed",
          event: { stream: frame.collection, eventName: frame.eventName, args: frame.args },
        });
        return;
      case "error":
        // The frame quotes what we sent, the token included: only its reason is passed on.
        this.#drop("server-error", frame.reason);
        break;
    }
  }

  #acceptConnected(): void {
    if (this.#settle(NEGOTIATION, "negotiation")) {
      this.#events.push({ type: "negotiated" });
    } else {
      this.#drop("unexpected-frame", "connected");
    }
  }

  #acceptFailed(version: string): void {
    const message = `The server refused DDP version 1 and offers ${version}; check that serverUrl is a Rocket.Chat`;
    const error = new ProtocolError(message, { reason: "unsupported-version" });
    this.#events.push({ type: "failed", error });
  }

  #acceptResult(id: string, outcome: { value: unknown } | { error: WireError }): void {
    if (this.#settle(id, "login")) {
      this.#acceptLogin(outcome);
      return;
    }
    const call = this.#settle(id, "call");
    if (call === undefined) {
      this.#drop("unexpected-frame", "result");
      return;
    }
    if ("error" in outcome) {
      const error = new MethodError({ ...outcome.error, method: call.label });
      this.#events.push({ type: "refused", id, error });
    } else {
      this.#events.push({ type: "answered", id, value: decodeEjson(outcome.value) });
    }
  }

  /** The result repeats the token: only the user id leaves this function, and of a refusal only the code. */
  #acceptLogin(outcome: { value: unknown } | { error: WireError }): void {
    if ("error" in outcome) {
      const { serverCode, retryAfterMs } = outcome.error;
      this.#events.push({ type: "failed", error: new LoginRejectedError({ serverCode, retryAfterMs }) });
      return;
    }
    const { value } = outcome;
    if (typeof value === "object" && value !== null && "id" in value && typeof value.id === "string") {
      this.#events.push({ type: "loggedIn", userId: value.id });
      return;
    }
    const message = "The answer to the login names no user; check that serverUrl is a Rocket.Chat";
    this.#events.push({ type: "failed", error: new ProtocolError(message, { reason: "unreadable-answer" }) });
  }

  #acceptReady(id: string): void {
    const subscription = this.#settle(id, "subscription");
    if (subscription === undefined) {
      this.#drop("unexpected-frame", "ready");
      return;
    }
    this.#live.set(id, subscription.label);
    this.#events.push({ type: "subscribed", id });
  }

  /** Comes as the refusal of a `sub`, and unasked when the server ends a subscription (recording login-resume). */
  #acceptNosub(id: string, error: WireError | undefined): void {
    const label = this.#settle(id, "subscription")?.label ?? this.#live.get(id);
    if (label === undefined) {
      this.#drop("unexpected-frame", "nosub");
      return;
    }
    this.#live.delete(id);
    const refusal =
      error === undefined ? undefined : new MethodError({ ...error, method: `the stream ${label}` });
    this.#events.push({ type: "unsubscribed", id, error: refusal });
  }

  #expire(id: string, { kind, label, timeoutMs }: Pending): void {
    this.#pending.delete(id);
    const late = `Rocket.Chat did not answer ${label} within ${timeoutMs / 1000} s`;
    const advice = "check `serverUrl`, the network between and that Rocket.Chat is running";
    const error = new TimeoutError(kind === "call" ? late : `${late}; ${advice}`, { afterMs: timeoutMs });
    this.#events.push(kind === "call" ? { type: "refused", id, error } : { type: "failed", error });
  }

  #expect(id: string, pending: Omit<Pending, "deadline">, now: number): void {
    this.#pending.set(id, { ...pending, deadline: now + pending.timeoutMs });
  }

  #settle(id: string, kind: Pending["kind"]): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending?.kind !== kind) return undefined;
    this.#pending.delete(id);
    return pending;
  }

  #drop(reason: DropReason, detail: string): void {
    this.#events.push({ type: "dropped", reason, detail });
  }

  #send(frame: OutgoingFrame): void {
    this.#frames.push(encodeFrame(frame));
  }

  #newId(): string {
    this.#lastId += 1;
    return String(this.#lastId);
  }

  #flush(): ProtocolOutput {
    const output = { frames: this.#frames, events: this.#events };
    // Nearly every frame brings one event and needs no answer.
    if (output.frames.length > 0) this.#frames = [];
    this.#events = [];
    return output;
  }
}
