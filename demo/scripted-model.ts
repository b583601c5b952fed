// Owns the scripted model: a small OpenAI-compatible server whose answers are decided beforehand.
//
// As a program: `node demo/scripted-model.ts [port]`.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { ZodError } from "zod";
import { listenOnLoopback } from "./listen.ts";
import {
  answerText,
  type Completion,
  closingChunks,
  completionBody,
  cutIntoPieces,
  deltaChunk,
  type ModelReply,
  replyFromText,
  toolCallDelta,
} from "./model/reply.ts";
import { decodeModelRequest, type ModelRequest } from "./model/request.ts";

export type { ModelReply, ModelRequest };

/** A part of what the person wrote, a pattern for it, or a question about the whole request. */
export type Matcher = string | RegExp | ((request: ModelRequest) => boolean);

export interface SeenRequest extends ModelRequest {
  /** Settles when the answer is complete, or when the other side gave up waiting for it. */
  readonly ended: Promise<"answered" | "aborted">;
}

export interface Script {
  /** Lets the held requests of this script go on, and every later one pass at once. */
  release(): void;
  /** Takes the script away; a request it already answers goes on. */
  remove(): void;
}

export interface ScriptedModel {
  /** The base address for an OpenAI client, such as `http://127.0.0.1:4711/v1`. */
  readonly url: string;
  /** Every completion asked for so far, in order. */
  requests(): readonly SeenRequest[];
  /** The first request that matches, seen already or still to come; rejects after `timeoutMs` (60 s). */
  waitForRequest(matcher: Matcher, options?: { readonly timeoutMs?: number }): Promise<SeenRequest>;
  /** Decides the answer of every request that matches; of several scripts the latest wins. */
  script(matcher: Matcher, reply: ModelReply | ((request: ModelRequest) => ModelReply)): Script;
  close(): Promise<void>;
}

/** The models that the server names; it answers alike under every name. */
export const MODEL_IDS = ["scripted", "scripted-two"] as const;

const MAX_BODY_BYTES = 16 * 1024 * 1024;

interface Rule {
  readonly matcher: Matcher;
  readonly reply: ModelReply | ((request: ModelRequest) => ModelReply);
  readonly released: Promise<void>;
}

export interface ScriptedModelOptions {
  /** A free port, if not given. */
  readonly port?: number;
  /**
   * Whether people may direct the answer in brackets; yes, if not given. They can make the agent call its
   * tools so, which is nothing for strangers.
   */
  readonly directives?: boolean;
  /** Told every request as it comes. */
  readonly onRequest?: (request: SeenRequest) => void;
}

/** Starts the model on 127.0.0.1. */
export async function startScriptedModel(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const unscripted = (text: string): ModelReply => (options.directives === false ? {} : replyFromText(text));
  const seen: SeenRequest[] = [];
  const rules: Rule[] = [];
  const watchers = new Set<() => void>();

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => refuse(response, error));
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split("?")[0];
    if (path === "/v1/models") return sendJson(response, 200, modelList());
    if (path !== "/v1/chat/completions") return sendError(response, 404, `No such path: ${path}`);
    const asked = decodeModelRequest(JSON.parse(await readBody(request)));
    const aborted = new AbortController();
    const ended = new Promise<"answered" | "aborted">((resolve) => {
      response.once("close", () => {
        aborted.abort();
        resolve(response.writableFinished ? "answered" : "aborted");
      });
    });
    const seenRequest = { ...asked, ended };
    seen.push(seenRequest);
    options.onRequest?.(seenRequest);
    for (const look of watchers) look();
    await answer({ asked, response, signal: aborted.signal, id: `scripted-${seen.length}` });
  }

  async function answer({ asked, response, signal, id }: Answering): Promise<void> {
    const rule = rules.findLast(({ matcher }) => matches(matcher, asked));
    const reply = rule ? scripted(rule, asked) : unscripted(asked.text);
    if (reply.hold) await Promise.race([rule?.released, once(signal)]);
    if (signal.aborted) return;
    if (reply.status !== undefined) return sendError(response, reply.status, "The script says: fail.");
    await sendCompletion({ asked, response, signal, id, reply, released: rule?.released });
  }

  const port = await listenOnLoopback(server, options.port);
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests: () => seen,
    waitForRequest: (matcher, { timeoutMs = 60_000 } = {}) =>
      firstMatch({ seen, matcher, watchers, timeoutMs }),
    script(matcher, reply) {
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const rule = { matcher, reply, released };
      rules.push(rule);
      return { release, remove: () => void rules.splice(rules.indexOf(rule), 1) };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answering {
  readonly asked: ModelRequest;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
  readonly id: string;
}

interface Sending extends Answering {
  readonly reply: ModelReply;
  readonly released: Promise<void> | undefined;
}

async function sendCompletion(answering: Sending): Promise<void> {
  const { asked, response, signal, id, reply, released } = answering;
  const completion: Completion = { id, model: asked.model };
  const callsTool = reply.tool !== undefined && asked.toolResults.length === 0;
  const content = callsTool && reply.tool ? reply.tool : answerText(asked, reply);
  const words = typeof content === "string" ? content : reply.before;
  const pieces = words === undefined ? [] : cutIntoPieces(words, reply.pieces ?? 1);
  const pause = (reply.delayMs ?? 0) / Math.max(1, pieces.length);
  if (!asked.stream) {
    await pauseFor(reply.delayMs ?? 0, signal);
    return sendJson(response, 200, completionBody(completion, content));
  }
  const send = (event: object) => response.write(`data: ${JSON.stringify(event)}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream" });
  send(deltaChunk(completion, { role: "assistant", content: "" }));
  for (const [index, piece] of pieces.entries()) {
    if (index === reply.holdAfter) await Promise.race([released, once(signal)]);
    await pauseFor(pause, signal);
    if (signal.aborted) return;
    send(deltaChunk(completion, { content: piece }));
  }
  if (typeof content !== "string") send(deltaChunk(completion, toolCallDelta(completion, content)));
  for (const event of closingChunks(completion, content)) send(event);
  response.end("data: [DONE]\n\n");
}

function firstMatch(options: {
  readonly seen: readonly SeenRequest[];
  readonly matcher: Matcher;
  readonly watchers: Set<() => void>;
  readonly timeoutMs: number;
}): Promise<SeenRequest> {
  const { seen, matcher, watchers, timeoutMs } = options;
  const { promise, resolve, reject } = Promise.withResolvers<SeenRequest>();
  const look = () => {
    const found = seen.find((request) => matches(matcher, request));
    if (found) resolve(found);
  };
  const timer = setTimeout(() => {
    const texts = seen.map((request) => JSON.stringify(request.text)).join(", ") || "none";
    reject(new Error(`No model request matched ${matcher} within ${timeoutMs} ms; seen: ${texts}.`));
  }, timeoutMs);
  watchers.add(look);
  look();
  return promise.finally(() => {
    clearTimeout(timer);
    watchers.delete(look);
  });
}

function matches(matcher: Matcher, request: ModelRequest): boolean {
  if (typeof matcher === "string") return request.text.includes(matcher);
  return matcher instanceof RegExp ? matcher.test(request.text) : matcher(request);
}

function scripted({ reply }: Rule, request: ModelRequest): ModelReply {
  return typeof reply === "function" ? reply(request) : reply;
}

/** Waits, but no longer than somebody listens. */
async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0) return;
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new SyntaxError(`The request is larger than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function refuse(response: ServerResponse, error: unknown): void {
  const badRequest = error instanceof SyntaxError || error instanceof ZodError;
  if (!response.headersSent) sendError(response, badRequest ? 400 : 500, String(error));
  else response.destroy();
}

function sendError(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: { message, type: "scripted_error", code: status } });
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function modelList(): object {
  return { object: "list", data: MODEL_IDS.map((id) => ({ id, object: "model", owned_by: "demo" })) };
}

if (import.meta.main) {
  const model = await startScriptedModel({ port: Number(process.argv[2] ?? 0) });
  console.log(`The scripted model listens at ${model.url}; Ctrl-C ends it.`);
}
