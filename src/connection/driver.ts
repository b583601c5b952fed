// Owns one account's connection: opening the socket, keeping it alive, trying again when it is lost.
import {
  DdpProtocol,
  type DropReason,
  type ProtocolEvent,
  type ProtocolOutput,
  type StreamEvent,
  type StreamRequest,
} from "../ddp/protocol.ts";
import {
  ConfigError,
  ConnectionClosedError,
  NotOnlineError,
  networkErrorFrom,
  type RocketChatError,
  StorageError,
} from "../errors.ts";
import { adviseRetry, backoff } from "../retry.ts";
import { Mailbox } from "./mailbox.ts";
import { isLegal, type Lifecycle, lifecycleOf, nextState, type State, type Transition } from "./states.ts";
import { Streams } from "./streams.ts";

/** How often a blocked account looks whether an operator has mended it, unless told otherwise. */
export const BLOCKED_RETRY_MS = 5 * 60_000;
/**
 * A link that was online for less than this is brief. So many brief links in a row are met like any loss; with each
 * further one the waits grow as after failed attempts, so that a server which accepts and hangs up is not stormed.
 */
export const STEADY_MS = 30_000;
export const BRIEF_LINKS = 3;
/**
 * Received events that may wait for `onEvent`, and the characters of their frames together; beyond, the link is given up,
 * so that memory is bounded. The largest frame that is accepted has half of these.
 */
export const MAX_WAITING_EVENTS = 10_000;
export const MAX_WAITING_CHARACTERS = 32 * 1024 * 1024;

/** What a socket reports: `onOpen` at most once; `onClosed` at least once in the end, of which the first counts. */
export interface SocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  /** The link is gone or never came to be; the error says why, for the operator. */
  onClosed(error: RocketChatError): void;
}

export interface Socket {
  send(text: string): void;
  /** Gives the link up at once, without a farewell, so that a dead peer cannot hold it. */
  terminate(): void;
}

/** Starts to open a socket and reports through the handlers; a throw counts as `onClosed`. */
export type OpenSocket = (url: string, handlers: SocketHandlers) => Socket;

export interface Clock {
  /** Milliseconds that never run backwards; the zero point means nothing. */
  now(): number;
  /** Runs `fire` once after `ms`; the returned function cancels it. */
  setTimer(ms: number, fire: () => void): () => void;
}

export interface ConnectionChange {
  readonly state: State;
  readonly lifecycle: Lifecycle;
  /** Attempts since the link was last online, the present one included; 0 when online. */
  readonly attempt: number;
  /** Why the link was lost or rejected. */
  readonly error?: RocketChatError;
  /** When `waiting` or `blocked`: milliseconds until the next attempt. */
  readonly retryInMs?: number;
}

export interface ConnectionOptions {
  /** Exactly `wss://host[/sub-path]/websocket`: a trailing slash or query switches some servers to other framing. */
  readonly url: string;
  readonly openSocket: OpenSocket;
  /** `token`: the personal access token; it must belong to the user `userId`. */
  readonly credentials: { readonly userId: string; readonly token: string };
  readonly streams: readonly StreamRequest[];
  /** How often a blocked account tries whether it has been mended; `BLOCKED_RETRY_MS` when absent. Milliseconds. */
  readonly blockedRetryMs?: number;
  readonly clock: Clock;
  /** In [0, 1). */
  random(): number;
}

/** Who hears of what happens on a connection. */
export interface ConnectionHandlers {
  /**
   * Awaited one by one, in the order of the wire; undefined for an event that was done with at once. A rejection
   * (the event could not be stored) ends the link as `lost`. `characters`: the length of its frame.
   */
  onEvent(event: StreamEvent, characters: number): Promise<void> | undefined;
  /**
   * Looks at a frame before it is parsed, while the link is online: the event that it is, `done` when nothing is left to be
   * done about it, or undefined when it has to be parsed. Never throws.
   */
  glance?(text: string): StreamEvent | "done" | undefined;
  /** Every transition, in order. */
  onState(change: ConnectionChange): void;
  /** A frame that was of no use. `detail` holds no content of messages. */
  onDrop(reason: DropReason | "unwanted-stream", detail: string): void;
}

export interface Connection {
  /**
   * Connects and stays connected, once, until `signal` aborts: every loss is followed by another attempt. Settles when
   * the socket is gone and every received event was handed to `onEvent`. Rejects only when `onState` or `onDrop` throws.
   */
  run(handlers: ConnectionHandlers, signal: AbortSignal): Promise<void>;
  /**
   * Calls a DDP method and resolves with its result, EJSON decoded. Rejects with `NotOnlineError` (nothing was sent), `MethodError`
   * (refused), `TimeoutError` or `ConnectionClosedError` (it may have happened).
   */
  call(method: string, params: readonly unknown[]): Promise<unknown>;
  /**
   * Listens to one more stream for as long as the present socket lasts; its events go to `onEvent`. Resolves when
   * the server has confirmed it. Rejects as `call` does; a refusal leaves the link as it is.
   */
  listen(request: StreamRequest): Promise<void>;
  /**
   * Tells that the credentials are dead, as REST's 401 says: the socket is closed at once and the state is `blocked`.
   * While no socket talks there is nothing to close, and the next login decides.
   */
  reject(error: RocketChatError): void;
  /** Tells that an event could not be stored after `onEvent` was done with it: ends the link as its rejection would. */
  giveUp(error: unknown): void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (ms, fire) => {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
};

/** Calls `run` once other work of the process has had its turn. */
export const afterOtherWork = (run: () => void): void => void setImmediate(run);

/** A connection that stands still until it is run; what is asked of it before is answered then. */
export function createConnection(options: ConnectionOptions): Connection {
  const inbox = new Mailbox<Input>();
  return {
    run: (handlers, signal) => new Driver({ ...options, ...handlers, inbox, signal }).run(),
    call: (method, params) =>
      new Promise((resolve, reject) => {
        const call = { method, params, resolve, reject };
        if (!inbox.push({ type: "called", call })) reject(new NotOnlineError("stopped"));
      }),
    listen: (request) =>
      new Promise((resolve, reject) => {
        const extra = { request, resolve, reject };
        if (!inbox.push({ type: "listened", extra })) reject(new NotOnlineError("stopped"));
      }),
    reject: (error) => inbox.pushFirst({ type: "rejected", error }),
    giveUp: (error) => inbox.pushFirst({ type: "notStored", error }),
  };
}

/** A received event on its way to `onEvent`. */
interface Delivery {
  readonly link: Link;
  readonly event: StreamEvent;
  readonly characters: number;
}

interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A stream beside those that every link has. */
interface Extra {
  readonly request: StreamRequest;
  resolve(): void;
  reject(error: unknown): void;
}

/** Whatever reaches the loop. Inputs of a socket carry its link, so that those of an old one are recognized. */
type Input =
  | { type: "opened"; link: Link }
  | { type: "text"; link: Link; text: string }
  | { type: "closed"; link: Link; error: RocketChatError }
  | { type: "called"; call: Call }
  | { type: "listened"; extra: Extra }
  | { type: "rejected"; error: RocketChatError }
  | { type: "notStored"; error: unknown }
  | { type: "stop" }
  | { type: "tick" };

/** All that lives and dies with one socket. */
interface Link {
  readonly protocol: DdpProtocol;
  readonly streams: Streams;
  /** Method id -> who waits for the answer. */
  readonly calls: Map<string, Call>;
  /** Subscription id -> stream that was asked for besides, confirmed or not. */
  readonly extras: Map<string, Extra>;
  /** Absent only while `openSocket` runs. */
  socket?: Socket;
}

interface DriverOptions extends ConnectionOptions, ConnectionHandlers {
  readonly inbox: Mailbox<Input>;
  readonly signal: AbortSignal;
}

class Driver {
  readonly #options: DriverOptions;
  readonly #inbox: Mailbox<Input>;
  readonly #events = new Mailbox<Delivery>(({ characters }) => characters);
  #state: State = "stopped";
  #attempt = 0;
  #everOnline = false;
  #onlineAt = 0;
  /** Links in a row that were lost before `STEADY_MS`. */
  #brief = 0;
  #link: Link | undefined;
  /** End of the present wait, in the states without a link. */
  #dueAt = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#inbox = options.inbox;
  }

  /** The loop: takes the earliest of input, deadline and abort, until stopped. */
  async run(): Promise<void> {
    const { clock, signal } = this.#options;
    const stop = () => this.#inbox.pushFirst({ type: "stop" });
    signal.addEventListener("abort", stop, { once: true });
    const delivery = this.#deliver();
    try {
      if (!signal.aborted) {
        this.#open("start", clock.now());
      }
      while (this.#state !== "stopped") {
        const input = this.#inbox.takeNow() ?? (await this.#nextInput());
        this.#handle(input, clock.now());
      }
    } finally {
      this.#shutDown();
      await delivery;
    }
  }

  /** The one timer: it runs only while nothing else is to do. */
  async #nextInput(): Promise<Input> {
    const { clock } = this.#options;
    const cancel = clock.setTimer(Math.max(0, this.#deadline() - clock.now()), () => {
      this.#inbox.push({ type: "tick" });
    });
    try {
      return (await this.#inbox.take()) ?? { type: "stop" };
    } finally {
      cancel();
    }
  }

  #deadline(): number {
    return this.#link?.protocol.deadline ?? this.#dueAt;
  }

  #handle(input: Input, now: number): void {
    switch (input.type) {
      case "opened":
      case "text":
      case "closed":
        // A late input of an old socket is discarded.
        if (input.link === this.#link) {
          this.#handleSocket(input, now);
        }
        break;
      case "called":
        this.#startCall(input.call, now);
        break;
      case "listened":
        this.#startListening(input.extra, now);
        break;
      case "rejected":
        if (isLegal(this.#state, "rejected")) {
          this.#block(input.error, now);
        }
        break;
      case "notStored":
        this.#handleNotStored(input.error, now);
        break;
      case "stop":
        this.#dropLink();
        this.#enter("stop");
        break;
      case "tick":
        this.#tick(now);
        break;
    }
  }

  #handleSocket(input: Extract<Input, { link: Link }>, now: number): void {
    const { link } = input;
    if (input.type === "closed") {
      this.#lose(input.error, now);
    } else if (input.type === "text") {
      this.#handleText(link, input.text, now);
    } else {
      this.#enter("opened");
      this.#apply(link.protocol.connect(now), now);
    }
  }

  #handleText(link: Link, text: string, now: number): void {
    const glanced = this.#state === "online" ? this.#options.glance?.(text) : undefined;
    if (glanced === undefined) {
      this.#apply(link.protocol.receive(text, now), now, text.length);
      return;
    }
    link.protocol.hear(now);
    if (glanced !== "done") this.#takeStreamed({ link, event: glanced, characters: text.length }, now);
  }

  #handleNotStored(cause: unknown, now: number): void {
    if (this.#link === undefined) return;
    if (
      cause instanceof StorageError &&
      isLegal(this.#state, "rejected") &&
      adviseRetry(cause).kind === "blocked"
    ) {
      this.#block(cause, now);
      return;
    }
    const message = "A received event could not be stored; connecting anew to get it again";
    this.#lose(new ConnectionClosedError(message, { cause }), now);
  }

  #tick(now: number): void {
    if (now < this.#deadline()) return;
    if (this.#link === undefined) {
      this.#open("due", now);
    } else {
      this.#apply(this.#link.protocol.tick(now), now);
    }
  }

  #open(transition: "start" | "due", now: number): void {
    const { openSocket, streams, url } = this.#options;
    const protocol = new DdpProtocol(now);
    const link: Link = { protocol, streams: new Streams(streams), calls: new Map(), extras: new Map() };
    this.#link = link;
    this.#attempt += 1;
    this.#enter(transition);
    try {
      link.socket = openSocket(url, {
        onOpen: () => void this.#inbox.push({ type: "opened", link }),
        onText: (text) => void this.#inbox.push({ type: "text", link, text }),
        onClosed: (error) => void this.#inbox.push({ type: "closed", link, error }),
      });
    } catch (error) {
      this.#lose(networkErrorFrom(error, "Rocket.Chat"), now);
    }
  }

  /** Sends the frames, then takes the events in order; what follows the end of the link is discarded. */
  #apply(output: ProtocolOutput, now: number, characters = 0): void {
    const link = this.#link;
    if (link === undefined) return;
    try {
      for (const frame of output.frames) link.socket?.send(frame);
    } catch (error) {
      this.#lose(networkErrorFrom(error, "Rocket.Chat"), now);
      return;
    }
    for (const event of output.events) {
      if (this.#link === link) {
        if (event.type === "streamed") this.#takeStreamed({ link, event: event.event, characters }, now);
        else this.#take(event, link, now);
      }
    }
  }

  #take(event: Exclude<ProtocolEvent, { type: "streamed" }>, link: Link, now: number): void {
    switch (event.type) {
      case "negotiated":
        this.#enter("negotiated");
        this.#apply(link.protocol.login(this.#options.credentials.token, now), now);
        break;
      case "loggedIn":
        this.#takeLogin(event.userId, link, now);
        break;
      case "subscribed":
        link.extras.get(event.id)?.resolve();
        link.streams.confirm(event.id);
        this.#goOnline(link, now);
        break;
      case "unsubscribed":
        if (!this.#endListening(link, event.id, event.error)) this.#takeUnsubscribed(event.error, now);
        break;
      case "answered":
        this.#finishCall(link, event.id)?.resolve(event.value);
        break;
      case "refused":
        this.#finishCall(link, event.id)?.reject(event.error);
        break;
      case "dropped":
        this.#options.onDrop(event.reason, event.detail);
        break;
      case "failed":
        this.#fail(event.error, now);
        break;
    }
  }

  #takeLogin(userId: string, link: Link, now: number): void {
    const expected = this.#options.credentials.userId;
    if (userId !== expected) {
      const message =
        `The personal access token belongs to the user ${userId}, but the account names ${expected} as userId. ` +
        "Correct `userId`, or use a token of that user";
      this.#block(new ConfigError(message, { path: "userId" }), now);
      return;
    }
    this.#enter("loggedIn");
    for (const request of link.streams.missing) {
      const output = link.protocol.subscribe(request, now);
      link.streams.ask(output.id, request);
      this.#apply(output, now);
    }
    this.#goOnline(link, now);
  }

  #goOnline(link: Link, now: number): void {
    if (this.#state === "subscribing" && link.streams.allLive) {
      this.#attempt = 0;
      this.#onlineAt = now;
      this.#everOnline = true;
      this.#enter("subscribed");
    }
  }

  /** A refused subscription is a refusal; an ended one is a loss, because the next login tells why it ended. */
  #takeUnsubscribed(error: RocketChatError | undefined, now: number): void {
    const ended = new ConnectionClosedError("Rocket.Chat ended a subscription; connecting anew", {
      cause: error,
    });
    this.#fail(this.#state === "online" ? ended : (error ?? ended), now);
  }

  #takeStreamed(delivery: Delivery, now: number): void {
    const { link, event, characters } = delivery;
    if (!link.streams.wants(event) && !isExtra(link, event)) {
      this.#options.onDrop("unwanted-stream", event.stream);
      return;
    }
    const { size, weight } = this.#events;
    if (size >= MAX_WAITING_EVENTS || weight + characters > MAX_WAITING_CHARACTERS) {
      const message = `${size} events (${weight} characters) wait to be stored; connecting anew. Check the disk of the gateway`;
      this.#lose(new ConnectionClosedError(message), now);
      return;
    }
    this.#events.push(delivery);
  }

  #startCall(call: Call, now: number): void {
    const link = this.#link;
    if (this.#state !== "online" || link === undefined) {
      call.reject(new NotOnlineError(this.#state));
      return;
    }
    try {
      const output = link.protocol.call(call.method, call.params, now);
      link.calls.set(output.id, call);
      this.#apply(output, now);
    } catch (error) {
      call.reject(error);
    }
  }

  #startListening(extra: Extra, now: number): void {
    const link = this.#link;
    if (this.#state !== "online" || link === undefined) {
      extra.reject(new NotOnlineError(this.#state));
      return;
    }
    const output = link.protocol.subscribe(extra.request, now);
    link.extras.set(output.id, extra);
    this.#apply(output, now);
  }

  /** Whether the subscription was one besides; refused or ended, the link goes on without it. */
  #endListening(link: Link, id: string, error: RocketChatError | undefined): boolean {
    const extra = link.extras.get(id);
    link.extras.delete(id);
    extra?.reject(error ?? new ConnectionClosedError(`Rocket.Chat ended ${extra.request.eventName}`));
    return extra !== undefined;
  }

  #finishCall(link: Link, id: string): Call | undefined {
    const call = link.calls.get(id);
    link.calls.delete(id);
    return call;
  }

  #fail(error: RocketChatError, now: number): void {
    if (isLegal(this.#state, "rejected") && adviseRetry(error).kind === "blocked") {
      this.#block(error, now);
    } else {
      this.#lose(error, now);
    }
  }

  #lose(error: RocketChatError, now: number): void {
    const advice = adviseRetry(error);
    if (this.#state === "online") this.#brief = now - this.#onlineAt < STEADY_MS ? this.#brief + 1 : 0;
    const failures = this.#attempt + Math.max(0, this.#brief - BRIEF_LINKS);
    const pause = backoff(failures, this.#options.random());
    this.#pause("lost", error, advice.kind === "wait" ? Math.max(pause, advice.ms) : pause, now);
  }

  /** Nothing of an account with dead credentials is processed any more, what was received before included. */
  #block(error: RocketChatError, now: number): void {
    this.#events.clear();
    this.#pause("rejected", error, this.#options.blockedRetryMs ?? BLOCKED_RETRY_MS, now);
  }

  #pause(transition: "lost" | "rejected", error: RocketChatError, retryInMs: number, now: number): void {
    this.#dropLink(error);
    this.#dueAt = now + retryInMs;
    this.#enter(transition, { error, retryInMs });
  }

  #dropLink(cause?: RocketChatError): void {
    const link = this.#link;
    this.#link = undefined;
    link?.socket?.terminate();
    for (const call of link?.calls.values() ?? []) {
      const message = `The connection closed before Rocket.Chat answered ${call.method}`;
      call.reject(new ConnectionClosedError(message, { cause }));
    }
    for (const extra of link?.extras.values() ?? []) {
      extra.reject(new ConnectionClosedError("The connection closed", { cause }));
    }
  }

  #enter(transition: Transition, details: Pick<ConnectionChange, "error" | "retryInMs"> = {}): void {
    this.#state = nextState(this.#state, transition);
    const lifecycle = lifecycleOf(this.#state, this.#everOnline);
    this.#options.onState({ state: this.#state, lifecycle, attempt: this.#attempt, ...details });
  }

  /**
   * Hands events over one by one. After a failure nothing received before the next attempt follows: an event stored
   * behind a missing one would hide the gap from whoever fills it.
   */
  async #deliver(): Promise<void> {
    let broken: Link | undefined;
    for (;;) {
      const item = this.#events.takeNow() ?? (await this.#events.take());
      if (item === undefined) return;
      if (item.link === broken) continue;
      try {
        const stored = this.#options.onEvent(item.event, item.characters);
        if (stored !== undefined) {
          await stored;
        }
      } catch (error) {
        broken = this.#link;
        this.#events.clear();
        this.#inbox.pushFirst({ type: "notStored", error });
      }
    }
  }

  #shutDown(): void {
    this.#dropLink();
    this.#inbox.close();
    this.#events.close();
    for (const input of this.#inbox.clear()) {
      if (input.type === "called") input.call.reject(new NotOnlineError("stopped"));
      if (input.type === "listened") input.extra.reject(new NotOnlineError("stopped"));
    }
  }
}

function isExtra(link: Link, { stream, eventName }: StreamEvent): boolean {
  return [...link.extras.values()].some(
    ({ request }) => request.stream === stream && request.eventName === eventName,
  );
}
