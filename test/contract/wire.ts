// Owns the talk with a server as it is on the wire: one REST call, one DDP socket, each byte of interest reported.
import http from "node:http";
import https from "node:https";
import WebSocket from "ws";
import { at, isObject, type Json, parseJson, textAt } from "./recording/json.ts";
import type { Answer, FrameStep, SocketStep } from "./recording/recording.ts";

const KEPT_HEADERS =
  /^(content-type|content-disposition|x-ratelimit-.*|retry-after|location|www-authenticate)$/;
const CALL_DEADLINE_MS = 8000;
const SUBSCRIBE_DEADLINE_MS = 5000;
const CLOSE_DEADLINE_MS = 1500;

export interface RestCall {
  method: string;
  url: URL;
  headers: Record<string, string>;
  /** The body as sent; its content type stands in `headers`. */
  payload?: Buffer | undefined;
  /** Address to call from, where the machine has several. */
  localAddress?: string | undefined;
  deadlineMs: number;
}

/** Makes one HTTP call. Never rejects: a call without an answer comes back with status 0 and `failure`. */
export function callRest(call: RestCall): Promise<Answer> {
  const { url, method, payload, localAddress, deadlineMs } = call;
  const headers = { ...call.headers, ...(payload && { "content-length": String(payload.length) }) };
  const client = url.protocol === "https:" ? https : http;
  return new Promise((resolve) => {
    const fail = (error: Error & { code?: string }) =>
      resolve({ status: 0, headers: {}, failure: error.code ?? error.message });
    const options = { method, headers, agent: false, ...(localAddress && { localAddress }) };
    const request = client.request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => resolve(readAnswer(response, Buffer.concat(chunks))));
    });
    request.setTimeout(deadlineMs, () => request.destroy(new Error(`timeout after ${deadlineMs} ms`)));
    request.on("error", fail);
    request.end(payload);
  });
}

function readAnswer(response: http.IncomingMessage, bytes: Buffer): Answer {
  const headers: { [name: string]: Json } = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (KEPT_HEADERS.test(name) && value !== undefined) headers[name] = value;
  }
  const answer = { status: response.statusCode ?? 0, headers };
  const type = response.headers["content-type"] ?? "";
  const body = type.includes("json") ? parseJson(bytes.toString()) : undefined;
  if (body !== undefined) return { ...answer, body };
  if (/^text\/|^$|xml|javascript|json/.test(type)) return { ...answer, text: bytes.toString() };
  return { ...answer, binary: { bytes: bytes.length } };
}

/** What a socket tells its owner; the owner adds who and when. */
type SocketReport = Pick<FrameStep, "kind" | "dir" | "frame"> | Omit<SocketStep, "actor" | "socket" | "ms">;

export interface SocketOptions {
  url: string;
  localAddress?: string | undefined;
  /** Answer the server's pings, as a client should; default true. */
  pong?: boolean;
  report: (step: SocketReport) => void;
}

/** One WebSocket that speaks DDP. Waiting for an answer ends with undefined at a deadline or a close: the comparison tells. */
export class DdpSocket {
  private readonly options: SocketOptions;
  private readonly socket: WebSocket;
  private readonly listeners = new Set<(frame: Json | undefined) => void>();
  private calls = 0;
  private subscriptions = 0;
  private closing = false;
  private isOpen = false;

  private constructor(options: SocketOptions) {
    this.options = options;
    const { url, localAddress } = options;
    this.socket = new WebSocket(url, localAddress === undefined ? {} : { localAddress });
  }

  /** Opens a socket and sends nothing; rejects when the server refuses it. */
  static open(options: SocketOptions): Promise<DdpSocket> {
    const ddp = new DdpSocket(options);
    return new Promise((resolve, reject) => {
      ddp.socket.on("error", reject);
      ddp.socket.on("open", () => {
        ddp.isOpen = true;
        options.report({ kind: "socket", event: "open" });
        resolve(ddp);
      });
      ddp.socket.on("message", (data) => ddp.receive(String(data)));
      ddp.socket.on("close", (code, reason) => ddp.closed(code, String(reason)));
    });
  }

  send(frame: Json): boolean {
    return this.sendText(JSON.stringify(frame), frame);
  }

  /** Sends any text, JSON or not; false when the socket is closed. */
  sendText(text: string, frame: Json = { unparsed: text }): boolean {
    if (!this.isOpen) return false;
    this.options.report({ kind: "frame", dir: "out", frame });
    this.socket.send(text);
    return true;
  }

  async connect(): Promise<void> {
    const answer = this.waitFor(
      (f) => ["connected", "failed"].includes(textAt(f, "msg") ?? ""),
      CALL_DEADLINE_MS,
    );
    this.send({ msg: "connect", version: "1", support: ["1", "pre2", "pre1"] });
    await answer;
  }

  /** Calls a method and waits for its result. */
  async call(method: string, ...params: Json[]): Promise<Json | undefined> {
    const id = String(++this.calls);
    const answer = this.waitFor((f) => at(f, "msg") === "result" && at(f, "id") === id, CALL_DEADLINE_MS);
    return this.send({ msg: "method", method, id, params }) ? answer : undefined;
  }

  /** Subscribes and waits for `ready` or `nosub`. */
  async subscribe(name: string, params: Json[], id = `s${++this.subscriptions}`): Promise<void> {
    const isAnswer = (f: Json): boolean => {
      const ready = at(f, "subs");
      return (Array.isArray(ready) && ready.includes(id)) || (at(f, "msg") === "nosub" && at(f, "id") === id);
    };
    const answer = this.waitFor(isAnswer, SUBSCRIBE_DEADLINE_MS);
    this.send({ msg: "sub", id, name, params });
    await answer;
  }

  /** Subscribes to one event of a stream, in the form Rocket.Chat's own clients use. */
  stream(name: string, event: string, id?: string): Promise<void> {
    return this.subscribe(name, [event, { useCollection: false, args: [] }], id);
  }

  async unsubscribe(id: string): Promise<void> {
    const answer = this.waitFor((f) => at(f, "msg") === "nosub" && at(f, "id") === id, SUBSCRIBE_DEADLINE_MS);
    this.send({ msg: "unsub", id });
    await answer;
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.closing = true;
    const gone = this.waitFor(() => false, CLOSE_DEADLINE_MS);
    this.socket.close();
    await gone;
    this.socket.terminate();
  }

  private receive(text: string): void {
    const frame = parseJson(text) ?? { unparsed: text };
    this.options.report({ kind: "frame", dir: "in", frame });
    if (at(frame, "msg") === "ping" && this.options.pong !== false) {
      const id = at(frame, "id");
      this.send({ msg: "pong", ...(id !== undefined && { id }) });
    }
    for (const listener of [...this.listeners]) listener(frame);
  }

  private closed(code: number, reason: string): void {
    this.isOpen = false;
    this.options.report({
      kind: "socket",
      event: "close",
      code,
      reason,
      by: this.closing ? "client" : "server",
    });
    for (const listener of [...this.listeners]) listener(undefined);
  }

  /** The first frame that passes the test; undefined after the deadline or a close. */
  private waitFor(test: (frame: Json) => boolean, deadlineMs: number): Promise<Json | undefined> {
    return new Promise((resolve) => {
      const finish = (frame: Json | undefined) => {
        clearTimeout(timer);
        this.listeners.delete(listener);
        resolve(frame);
      };
      const listener = (frame: Json | undefined) => {
        if (frame === undefined || test(frame)) finish(frame);
      };
      const timer = setTimeout(finish, deadlineMs, undefined);
      this.listeners.add(listener);
    });
  }
}

/** A part of a multipart form: a file, or a plain field. */
export type FormPart = { name: string; value: string } | FilePart;
export interface FilePart {
  name: string;
  filename: string;
  type: string;
  bytes: Buffer;
}

/** The form as bytes, with the content type that names its boundary. */
export async function encodeForm(parts: FormPart[]): Promise<{ payload: Buffer; type: string }> {
  const form = new FormData();
  for (const part of parts) {
    if ("value" in part) form.append(part.name, part.value);
    else form.append(part.name, new Blob([new Uint8Array(part.bytes)], { type: part.type }), part.filename);
  }
  const encoded = new Response(form);
  const payload = Buffer.from(await encoded.arrayBuffer());
  return { payload, type: encoded.headers.get("content-type") ?? "" };
}

/** How a form stands in a recording: the size of a file in place of its bytes. */
export function describeForm(parts: FormPart[]): Json {
  return parts.map((part) => ("value" in part ? { ...part } : { ...part, bytes: part.bytes.length }));
}

/** The body of an answer when it is an object. */
export function bodyOf(answer: Answer): { [key: string]: Json } {
  return isObject(answer.body) ? answer.body : {};
}
