// Owns a person of a scenario: one user, who calls by REST and opens sockets, all of it recorded.
import { randomInt } from "node:crypto";
import { type Person, secondFactor } from "./credentials.ts";
import { type Json, type JsonObject, textAt } from "./recording/json.ts";
import type { Answer, RestStep, Step } from "./recording/recording.ts";
import { callRest, DdpSocket, describeForm, encodeForm, type FormPart } from "./wire.ts";

/** Which login a call uses: the personal access token, the login token, none, or exactly this one. */
export type Login = "pat" | "token" | "none" | { authToken?: string; userId?: string };

export interface CallOptions {
  query?: Record<string, string | number | undefined>;
  body?: Json;
  /** A body as text, sent as it is. */
  raw?: string;
  form?: FormPart[];
  headers?: Record<string, string>;
  login?: Login;
  /** The answer lists things of the whole server. */
  loose?: boolean;
  /** Leave the call out of the recording. */
  quiet?: boolean;
}

/** What an actor needs of the stage it stands on. */
export interface Surroundings {
  base: string;
  answerMs: number;
  /** Whether to call from changing loopback addresses, since the server limits calls by source address. */
  changeAddress: () => boolean;
  record: (step: Step) => void;
  elapsedMs: () => number;
  keepSecret: (secret: string, name: string) => void;
  adopt: (socket: DdpSocket) => void;
}

export interface Identity extends Omit<Person, "authToken"> {
  authToken?: string | undefined;
  /** The name of the actor in the recording. */
  name: string;
  /** Acts with the personal access token where it has one. */
  prefersPat: boolean;
}

export interface Listening {
  rooms?: string[];
  events?: string[];
  user?: string[];
}

export interface Message {
  id: string;
  ts: string;
  fileId: string;
}

/** Stands for an id the server did not give; calls with it are refused and the comparison shows it. */
export const MISSING = "missing";

export class Actor {
  readonly name: string;
  readonly username: string;
  readonly userId: string;
  password: string;
  authToken: string | undefined;
  personalAccessToken: string | undefined;
  private sourceAddress: string | undefined;
  private readonly stage: Surroundings;
  private readonly prefersPat: boolean;
  private sockets = 0;
  private tokens = 0;

  constructor(stage: Surroundings, identity: Identity) {
    this.stage = stage;
    this.name = identity.name;
    this.username = identity.username;
    this.userId = identity.userId;
    this.password = identity.password;
    this.authToken = identity.authToken;
    this.personalAccessToken = identity.personalAccessToken;
    this.prefersPat = identity.prefersPat;
    this.sourceAddress = this.freshAddress();
  }

  get secondFactor(): Record<string, string> {
    return secondFactor(this.password);
  }

  /** The token of this actor's calls and sockets. */
  get token(): string {
    return (this.prefersPat ? this.personalAccessToken : undefined) ?? this.authToken ?? MISSING;
  }

  /** One REST call; a path without a slash at its front is an endpoint of API v1. */
  async rest(method: string, endpoint: string, options: CallOptions = {}): Promise<Answer> {
    const path = endpoint.startsWith("/") ? endpoint : `/api/v1/${endpoint}`;
    const url = new URL(this.stage.base + path);
    const query = Object.entries(options.query ?? {}).flatMap(([k, v]) =>
      v === undefined ? [] : [[k, String(v)] as const],
    );
    for (const [key, value] of query) url.searchParams.set(key, value);
    const headersSent = { ...this.loginHeaders(options.login), ...options.headers };
    const { payload, type } = await encodeBody(options);
    const headers = { ...(type && { "content-type": type }), ...headersSent };
    const { answerMs: deadlineMs } = this.stage;
    const answer = await callRest({
      method,
      url,
      headers,
      payload,
      localAddress: this.sourceAddress,
      deadlineMs,
    });
    if (answer.headers["x-ratelimit-remaining"] === "0") this.changeAddress();
    this.rememberTokens(answer);
    if (!options.quiet) this.stage.record(this.restStep({ method, path, headersSent, options, answer }));
    return answer;
  }

  get(endpoint: string, query?: CallOptions["query"], options: CallOptions = {}): Promise<Answer> {
    return this.rest("GET", endpoint, { ...(query && { query }), ...options });
  }

  post(endpoint: string, body?: Json, options: CallOptions = {}): Promise<Answer> {
    return this.rest("POST", endpoint, { ...(body !== undefined && { body }), ...options });
  }

  /** Posts by chat.sendMessage. */
  async say(rid: string, msg: string, more: JsonObject = {}): Promise<Message> {
    return messageOf(await this.post("chat.sendMessage", { message: { rid, msg, ...more } }));
  }

  /** Posts by chat.postMessage. */
  async write(roomId: string, text: string, more: JsonObject = {}): Promise<Message> {
    return messageOf(await this.post("chat.postMessage", { roomId, text, ...more }));
  }

  edit(roomId: string, msgId: string, text: string): Promise<Answer> {
    return this.post("chat.update", { roomId, msgId, text });
  }

  erase(roomId: string, msgId: string): Promise<Answer> {
    return this.post("chat.delete", { roomId, msgId });
  }

  /** Opens a socket on which nothing is sent. */
  async socket(options: { pong?: boolean } = {}): Promise<DdpSocket> {
    const socket = `${this.name}#${++this.sockets}`;
    const ddp = await DdpSocket.open({
      url: `${this.stage.base.replace(/^http/, "ws")}/websocket`,
      localAddress: this.freshAddress(),
      ...options,
      report: (step) => {
        const ms = this.stage.elapsedMs();
        this.stage.record({ actor: this.name, socket, ms, ...structuredClone(step) });
      },
    });
    this.stage.adopt(ddp);
    return ddp;
  }

  /** A socket that is connected. */
  async connect(options: { pong?: boolean } = {}): Promise<DdpSocket> {
    const ddp = await this.socket(options);
    await ddp.connect();
    return ddp;
  }

  /** A socket that is connected and logged in. */
  async ddp(options: { pong?: boolean } = {}): Promise<DdpSocket> {
    const ddp = await this.connect(options);
    await ddp.call("login", { resume: this.token });
    return ddp;
  }

  /** A socket that hears all messages of this user, and the events named of rooms and of the user itself. */
  async listen({
    rooms = [],
    events = ["deleteMessage", "user-activity"],
    user = [],
  }: Listening = {}): Promise<DdpSocket> {
    const ddp = await this.ddp();
    await ddp.stream("stream-room-messages", "__my_messages__");
    for (const rid of rooms)
      for (const event of events) await ddp.stream("stream-notify-room", `${rid}/${event}`);
    for (const event of user) await ddp.stream("stream-notify-user", `${this.userId}/${event}`);
    return ddp;
  }

  /** Logs in by REST with the body given; the answer's token, MISSING when refused. */
  async login(body: JsonObject): Promise<string> {
    const answer = await this.post("login", body, { login: "none" });
    return textAt(answer.body, "data", "authToken") ?? MISSING;
  }

  /** Makes a personal access token, or renews it; undefined when refused. */
  async makeToken(
    tokenName: string,
    verb: "generate" | "regenerate" = "generate",
  ): Promise<string | undefined> {
    const body = { tokenName, ...(verb === "generate" && { bypassTwoFactor: true }) };
    const options: CallOptions = { login: "token", headers: this.secondFactor };
    const answer = await this.post(`users.${verb}PersonalAccessToken`, body, options);
    return textAt(answer.body, "token");
  }

  /** Calls from another address from now on, where that can be: the server counts calls by source address. */
  changeAddress(): void {
    this.sourceAddress = this.freshAddress(this.sourceAddress);
  }

  private loginHeaders(login: Login | undefined): Record<string, string> {
    if (login === "none") return {};
    const chosen =
      typeof login === "object" ? login : { authToken: this.tokenOf(login), userId: this.userId };
    return {
      ...(chosen.authToken !== undefined && { "X-Auth-Token": chosen.authToken }),
      ...(chosen.userId !== undefined && { "X-User-Id": chosen.userId }),
    };
  }

  private tokenOf(login: "pat" | "token" | undefined): string {
    if (login === "pat") return this.personalAccessToken ?? MISSING;
    return login === "token" ? (this.authToken ?? MISSING) : this.token;
  }

  private rememberTokens({ body }: Answer): void {
    for (const token of [textAt(body, "token"), textAt(body, "data", "authToken")]) {
      if (token !== undefined && token !== this.token) {
        this.stage.keepSecret(token, `token:${this.name}.${++this.tokens}`);
      }
    }
  }

  private restStep(call: {
    method: string;
    path: string;
    headersSent: JsonObject;
    options: CallOptions;
    answer: Answer;
  }): RestStep {
    const { method, path, headersSent, options, answer } = call;
    const { query, body, form, raw, loose } = options;
    const step: RestStep = {
      kind: "rest",
      actor: this.name,
      method,
      path,
      headersSent,
      ...(query && { query: withoutUndefined(query) }),
      ...(body !== undefined && { body: structuredClone(body) }),
      ...(form && { form: describeForm(form) }),
      ...(raw !== undefined && { raw }),
      ...(loose && { loose }),
      answer,
    };
    return step;
  }

  private freshAddress(current?: string): string | undefined {
    if (!this.stage.changeAddress()) return current;
    return `127.${randomInt(1, 255)}.${randomInt(0, 255)}.${randomInt(2, 255)}`;
  }
}

/** What a scenario needs to know of the message in an answer. */
export function messageOf({ body }: Answer): Message {
  return {
    id: textAt(body, "message", "_id") ?? MISSING,
    ts: textAt(body, "message", "ts") ?? new Date(0).toISOString(),
    fileId: textAt(body, "message", "file", "_id") ?? MISSING,
  };
}

function withoutUndefined(query: NonNullable<CallOptions["query"]>): JsonObject {
  return Object.fromEntries(Object.entries(query).flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
}

async function encodeBody({ body, raw, form }: CallOptions): Promise<{ payload?: Buffer; type?: string }> {
  if (form) return encodeForm(form);
  if (raw !== undefined) return { payload: Buffer.from(raw), type: "application/json" };
  if (body !== undefined) return { payload: Buffer.from(JSON.stringify(body)), type: "application/json" };
  return {};
}
