// The emulator tests' own client: raw DDP frames and REST calls, nothing of the plugin.
import { WebSocket } from "ws";
import type { Emulator } from "../server.ts";

export type Json = Record<string, unknown>;

/** A user with a token, as REST calls need it. */
export interface Caller {
  userId: string;
  token: string;
}

/** Makes a user in the emulator and a personal access token for him. */
export function makeCaller(emulator: Emulator, username: string, roles = ["user", "bot"]): Caller {
  const { userId } = emulator.control.addUser({ username, roles });
  return { userId, token: emulator.control.personalAccessToken(username) };
}

export class DdpClient {
  readonly socket: WebSocket;
  readonly frames: Json[] = [];
  /** What came and was no JSON. */
  readonly garbage: string[] = [];
  closed: { code: number; reason: string } | undefined;
  readonly #waiting = new Set<() => void>();
  #calls = 0;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => this.#take(String(data)));
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
    socket.on("error", () => {});
  }

  send(frame: Json): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Resolves with the first frame, old or new, that fits. */
  frame(fits: (frame: Json) => boolean): Promise<Json> {
    return this.#until(() => this.frames.find(fits));
  }

  /** Resolves when so many stream events came, with their arguments. */
  async events(count: number, collection = "stream-room-messages"): Promise<unknown[][]> {
    const all = () => this.frames.filter((frame) => frame.collection === collection).map(argsOf);
    return this.#until(() => (all().length >= count ? all() : undefined));
  }

  close(): Promise<{ code: number; reason: string }> {
    return this.#until(() => this.closed);
  }

  async call(method: string, ...params: unknown[]): Promise<Json> {
    this.#calls += 1;
    const id = String(this.#calls);
    this.send({ msg: "method", method, id, params });
    return this.frame((frame) => frame.msg === "result" && frame.id === id);
  }

  async sub(id: string, name: string, eventName: string): Promise<Json> {
    this.send({ msg: "sub", id, name, params: [eventName, false] });
    return this.frame((frame) => frame.id === id || (Array.isArray(frame.subs) && frame.subs.includes(id)));
  }

  /** Resolves with an answer to a ping: everything sent before has arrived. */
  async settle(): Promise<void> {
    this.#calls += 1;
    const id = `ping${this.#calls}`;
    this.send({ msg: "ping", id });
    await this.frame((frame) => frame.msg === "pong" && frame.id === id);
  }

  #take(text: string): void {
    try {
      this.frames.push(JSON.parse(text));
    } catch {
      this.garbage.push(text);
    }
    this.#wake();
  }

  #until<T>(look: () => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      const check = () => {
        const found = look();
        if (found === undefined) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }

  #wake(): void {
    for (const check of [...this.#waiting]) check();
  }
}

function argsOf({ fields }: Json): unknown[] {
  return typeof fields === "object" && fields !== null && "args" in fields && Array.isArray(fields.args)
    ? fields.args
    : [];
}

/** Opens a socket; rejects when the upgrade fails. */
export function openSocket(url: string, options: { ca?: string } = {}): Promise<DdpClient> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/websocket`, options);
  const client = new DdpClient(socket);
  return new Promise((resolve, reject) => {
    socket.once("open", () => resolve(client));
    socket.once("error", reject);
  });
}

/** Connected, and logged in and listening to all messages when a token is given. */
export async function connect(emulator: Emulator, token?: string): Promise<DdpClient> {
  const client = await openSocket(emulator.url);
  client.send({ msg: "connect", version: "1", support: ["1"] });
  await client.frame(({ msg }) => msg === "connected");
  if (token === undefined) return client;
  await client.call("login", { resume: token });
  await client.sub("my", "stream-room-messages", "__my_messages__");
  return client;
}

/** One REST call below `/api/v1/`. */
export function rest(
  emulator: Emulator,
  path: string,
  { as, body }: { as?: Caller; body?: Json | FormData } = {},
): Promise<Response> {
  const login = as ? { "x-user-id": as.userId, "x-auth-token": as.token } : {};
  const isForm = body instanceof FormData;
  return fetch(`${emulator.url}/api/v1/${path}`, {
    method: body ? "POST" : "GET",
    headers: { ...login, ...(body && !isForm ? { "content-type": "application/json" } : {}) },
    ...(body ? { body: isForm ? body : JSON.stringify(body) } : {}),
  });
}
