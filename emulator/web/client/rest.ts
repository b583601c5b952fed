// REST calls of one person: the login headers, refusals as errors a person can read, waiting when told to.
import { isJson, type Json, textOf } from "./wire.ts";

export interface Identity {
  readonly userId: string;
  readonly token: string;
}

/** What the server answered when it refused. */
export class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const ATTEMPTS = 3;
/** When the server does not say until when its limit holds. */
const USUAL_WAIT_MS = 10_000;

export class Rest {
  readonly server: string;
  readonly #identity: Identity | undefined;
  readonly #onWait: (ms: number) => void;

  /** @param server origin and sub-path without a slash at the end; @param onWait told before a wait the server asks for */
  constructor(server: string, identity?: Identity, onWait: (ms: number) => void = () => {}) {
    this.server = server;
    this.#identity = identity;
    this.#onWait = onWait;
  }

  get(endpoint: string, query: Readonly<Record<string, string>> = {}): Promise<Json> {
    return this.#call(`${endpoint}?${new URLSearchParams(query)}`, { method: "GET" });
  }

  post(endpoint: string, body: Json): Promise<Json> {
    const headers = { "content-type": "application/json" };
    return this.#call(endpoint, { method: "POST", headers, body: JSON.stringify(body) });
  }

  /** Uploads one file as the form field `file`; `onProgress` hears how much of it is up, from 0 to 1. */
  upload(endpoint: string, file: File, onProgress: (part: number) => void): Promise<Json> {
    const body = new FormData();
    body.append("file", file);
    const send = (url: string, headers: Record<string, string>) =>
      sendForm(url, { headers, body, onProgress });
    return this.#call(endpoint, { method: "POST" }, send);
  }

  /** Fetches a file of the server, such as `/file-upload/…`. */
  async file(path: string): Promise<Blob> {
    const response = await this.#fetch(path, {});
    if (!response.ok) throw new Refusal(response.status, `The file could not be read (${response.status}).`);
    return response.blob();
  }

  /** A limited call is made again after the wait: the server has not begun to carry it out. */
  async #call(path: string, init: RequestInit, send?: Send): Promise<Json> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#fetch(`/api/v1/${path}`, init, send);
      const body = await response.json().catch(() => undefined);
      if (response.ok && isJson(body)) return body;
      if (response.status !== 429 || attempt === ATTEMPTS) throw refusalOf(response.status, body);
      const until = Number(response.headers.get("x-ratelimit-reset")) || Date.now() + USUAL_WAIT_MS;
      const ms = Math.max(0, until - Date.now()) + 100;
      this.#onWait(ms);
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }

  async #fetch(path: string, { headers = {}, ...init }: RequestInit, send?: Send): Promise<Response> {
    const login: Record<string, string> = this.#identity
      ? { "x-user-id": this.#identity.userId, "x-auth-token": this.#identity.token }
      : {};
    try {
      if (send) return await send(this.server + path, login);
      return await fetch(this.server + path, { ...init, headers: { ...headers, ...login } });
    } catch {
      const foreign = !this.server.startsWith(location.origin);
      const hint = foreign ? " Is it reachable, and does it allow calls of other pages (CORS)?" : "";
      throw new Refusal(0, `${this.server} does not answer.${hint}`);
    }
  }
}

/** Sends a request in another way than `fetch` does. */
type Send = (url: string, headers: Record<string, string>) => Promise<Response>;

interface Form {
  readonly headers: Record<string, string>;
  readonly body: FormData;
  readonly onProgress: (part: number) => void;
}

/** `fetch` does not tell how far a body is. Rejects when there is no answer. */
function sendForm(url: string, { headers, body, onProgress }: Form): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      const reset = request.getResponseHeader("x-ratelimit-reset");
      const known = reset === null ? {} : { "x-ratelimit-reset": reset };
      resolve(new Response(request.responseText, { status: request.status, headers: known }));
    };
    request.onerror = () => reject(new Error("no answer"));
    request.send(body);
  });
}

function refusalOf(status: number, body: unknown): Refusal {
  const said = textOf(body, "message") || textOf(body, "error");
  return new Refusal(status, said || `The server refused (${status}).`);
}
