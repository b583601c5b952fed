// One person's DDP connection: connects, logs in, subscribes, answers pings, comes back after a loss.
import { isJson, type Json, listOf, textOf } from "./wire.ts";

export interface DdpListener {
  /** Logged in and subscribed; also after a loss, when what was missed has to be fetched. */
  up(): void;
  down(): void;
  /** The server does not know the token any more; there is no further attempt. */
  refused(reason: string): void;
  event(stream: string, eventName: string, args: readonly unknown[]): void;
}

const PING_MS = 20_000;
/** A server that sent nothing for so long is gone, whatever the socket says. */
const SILENCE_MS = 45_000;
const LONGEST_WAIT_MS = 10_000;

export class Ddp {
  readonly #url: string;
  readonly #token: string;
  readonly #listener: DdpListener;
  readonly #subscriptions = new Map<string, { name: string; eventName: string }>();
  #socket: WebSocket | undefined;
  #calls = 0;
  #losses = 0;
  #heardAt = 0;
  #isUp = false;
  #timers: ReturnType<typeof setTimeout>[] = [];

  /** @param url `ws(s)://…/websocket`, exactly so */
  constructor(url: string, token: string, listener: DdpListener) {
    this.#url = url;
    this.#token = token;
    this.#listener = listener;
  }

  start(): void {
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#heardAt = Date.now();
    socket.onopen = () => this.#send({ msg: "connect", version: "1", support: ["1"] });
    socket.onmessage = ({ data }) => this.#hear(String(data));
    socket.onclose = () => this.#lose();
    this.#timers = [setInterval(() => this.#watch(socket), PING_MS)];
  }

  stop(): void {
    this.#clear();
    if (this.#socket) this.#socket.onclose = null;
    this.#socket?.close();
  }

  /** Listens to a stream's event from now on, over all reconnects. */
  subscribe(name: string, eventName: string): void {
    const id = `${name} ${eventName}`;
    if (this.#subscriptions.has(id)) return;
    this.#subscriptions.set(id, { name, eventName });
    if (this.#isUp) this.#subscribe(id);
  }

  /** Calls a method whose result nobody waits for; lost when the connection is down. */
  tell(method: string, ...params: unknown[]): void {
    if (!this.#isUp) return;
    this.#calls += 1;
    this.#send({ msg: "method", id: String(this.#calls), method, params });
  }

  #send(frame: Json): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #subscribe(id: string): void {
    const known = this.#subscriptions.get(id);
    if (known) this.#send({ msg: "sub", id, name: known.name, params: [known.eventName, false] });
  }

  #hear(text: string): void {
    this.#heardAt = Date.now();
    const frame = parse(text);
    if (frame.msg === "ping") this.#send({ ...frame, msg: "pong" });
    else if (frame.msg === "connected") {
      this.#send({ msg: "method", id: "login", method: "login", params: [{ resume: this.#token }] });
    } else if (frame.msg === "result" && frame.id === "login") this.#loggedIn(frame.error);
    else if (frame.msg === "changed" && isJson(frame.fields)) {
      const args = listOf(frame.fields, "args");
      this.#listener.event(textOf(frame, "collection"), textOf(frame.fields, "eventName"), args);
    }
  }

  #loggedIn(error: unknown): void {
    if (isJson(error)) {
      if (error.error === "too-many-requests") {
        this.#socket?.close();
        return;
      }
      this.stop();
      this.#listener.refused(textOf(error, "reason") || "The server refused the login.");
      return;
    }
    this.#isUp = true;
    this.#losses = 0;
    for (const id of this.#subscriptions.keys()) this.#subscribe(id);
    this.#listener.up();
  }

  #watch(socket: WebSocket): void {
    if (Date.now() - this.#heardAt > SILENCE_MS) {
      socket.onclose = null;
      socket.close();
      this.#lose();
    } else if (socket.readyState === WebSocket.OPEN) this.#send({ msg: "ping", id: "page" });
  }

  #lose(): void {
    this.#clear();
    this.#isUp = false;
    this.#listener.down();
    const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.#losses) * (0.5 + Math.random() / 2);
    this.#losses += 1;
    this.#timers = [setTimeout(() => this.start(), wait)];
  }

  #clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}

function parse(text: string): Json {
  try {
    const frame: unknown = JSON.parse(text);
    return isJson(frame) ? frame : {};
  } catch {
    return {};
  }
}
