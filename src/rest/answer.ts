// Owns decoding the body of an answer: JSON, a file, or the error that a refusal is.

import { NetworkError, ProtocolError, RateLimitedError, RestError, UnauthorizedError } from "../errors.ts";
import { isJsonObject, type JsonObject, readText } from "../facts/json.ts";
import { readLimitWait } from "./limits.ts";

/** Who the token belongs to: the one call whose 401 always means a dead token. */
export const ME = "v1/me";

/** No answer we ask for comes near this; a larger one is not a Rocket.Chat's. Bytes. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

const MAX_CODE_LENGTH = 60;

/** Refusals of a want of permission that some routes and versions send with the status of a dead token. */
const PERMISSION_CODES = new Set(["unauthorized", "error-unauthorized", "not-authorized"]);

/** Every answer of Rocket.Chat's API bears one of these (all recordings); a proxy's page or JSON does not. */
function isRocketChats(body: JsonObject): boolean {
  return typeof body.success === "boolean" || body.status === "success" || body.status === "error";
}

/**
 * What Rocket.Chat says to a token that it does not know bears `status: "error"` (recording `rest-errors`); without it, or with a
 * code of permissions, a 401 may be a proxy's or a route's own rule.
 */
function isDeadToken(status: number, body: JsonObject, path: string): boolean {
  if (status !== 401) return false;
  return path === ME || (body.status === "error" && !PERMISSION_CODES.has(codeOf(body) ?? ""));
}

/** The answer of a call, which is a JSON object of Rocket.Chat's; rejects with what a refusal, or anything else, means. */
export async function readAnswer(response: Response, path: string): Promise<JsonObject> {
  const body = await readJson(response, path);
  const { status } = response;
  if (status === 429) throw new RateLimitedError({ waitMs: readLimitWait(response.headers), endpoint: path });
  if (body === undefined || !isRocketChats(body)) throw strangerError(response, path);
  if (isDeadToken(status, body, path)) throw new UnauthorizedError(path);
  if (response.ok && body.success !== false) return body;
  const serverCode = codeOf(body);
  if (serverCode === undefined && isDatabaseAway(body)) throw databaseError(response, path);
  throw new RestError(tellRefusal(path, status, serverCode), { status, endpoint: path, serverCode });
}

/**
 * How MongoDB and its driver begin what they say while the database is away or changes its primary (the driver's
 * `error.ts`). Rocket.Chat passes on any error's sentence with status 400 (recording `send-idempotency`).
 */
const DATABASE_AWAY =
  /^(?:not (?:primary|master)|node is recovering|interrupted |operation was interrupted|server selection timed out|topology is closed|connection (?:pool|\d)|client must be connected|(?:connect|read|write) e[a-z])/i;

function isDatabaseAway(body: JsonObject): boolean {
  return DATABASE_AWAY.test(readText(body, "error") ?? "");
}

/** The server's own trouble, so that whether the request was carried out is not known. */
function databaseError({ status }: Response, path: string): NetworkError {
  return new NetworkError(
    `${path} failed at Rocket.Chat, whose database is away. If this lasts, look at its MongoDB`,
    {
      status,
    },
  );
}

/** What each version calls a want of permission or membership; 9.0 calls nearly all of them `error-forbidden`. */
const MAY_NOT = new Set([
  ...["error-forbidden", "unauthorized", "error-unauthorized", "not-authorized", "error-not-authorized"],
  ...["error-not-allowed", "not-allowed", "error-action-not-allowed"],
  // A private room that the bot user is not in (recording `history-read`).
  "error-room-not-found",
]);

/** Whether words are refused for their length; the server looks at it before it looks whether the `_id` exists. */
export const isTooLong = (error: unknown): boolean =>
  error instanceof RestError && error.serverCode === "error-message-size-exceeded";

/** Whether a refusal means that the bot user may not do something in a room. */
export const isForbidden = (serverCode: string | undefined): boolean =>
  serverCode !== undefined && MAY_NOT.has(serverCode);

/** The same refusal in the same words, whatever the server's version calls it and with whatever status. */
function tellRefusal(path: string, status: number, serverCode: string | undefined): string {
  if (!isForbidden(serverCode))
    return `Rocket.Chat refused ${path} with status ${status} (${serverCode ?? "no code"})`;
  return `Rocket.Chat refused ${path}: the bot user may not do this there. It is no member of the room, or lacks a permission`;
}

/** Something else answered in Rocket.Chat's place, so that whether the request got through is not known. */
function strangerError({ ok, status }: Response, path: string): NetworkError | ProtocolError {
  if (ok) {
    const check = "Check that `serverUrl` is the address of a Rocket.Chat";
    return new ProtocolError(`${path} did not answer with JSON of a Rocket.Chat. ${check}`, {
      reason: "unreadable-answer",
    });
  }
  const what = `${path} got status ${status} with a page that is not Rocket.Chat's`;
  return new NetworkError(`${what}. If this lasts, look at the proxy before it`, { status });
}

/** What errors call a file. */
export const THE_FILE = "the file";

/**
 * The answer for a file, which is a 200. Rejects with RestError when the server refuses it, which it does without a body
 * (recording `download-rules`), and with NetworkError for a page, which is a proxy's or the file store's.
 */
export function assertServed(response: Response): Response {
  const { status } = response;
  if (status === 200) return response;
  if (response.headers.has("content-type")) throw strangerError(response, THE_FILE);
  throw new RestError(`The file was refused with status ${status}`, { status, endpoint: THE_FILE });
}

/** Undefined for anything that is not a JSON object: proxies and 6.5 answer with HTML, 8.3 with plain text. */
async function readJson(response: Response, path: string): Promise<JsonObject | undefined> {
  if (!(response.headers.get("content-type") ?? "").includes("json")) return undefined;
  const text = new TextDecoder().decode(await readLimited(response, path, MAX_ANSWER_BYTES));
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

async function readLimited(response: Response, path: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new ProtocolError(`${path} answered more than ${maxBytes} bytes`, {
        reason: "too-large",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/** What the server says in a sentence where it has no code (recording `send-errors`). */
const SENTENCES = new Map([
  ["You can't send messages because the room is readonly.", "room-is-readonly"],
  ["You_have_been_muted", "you-have-been-muted"],
]);

/**
 * The code of a refusal: `errorType`, else the trailing `[code]` of `error`, else `error` when it is a bare code.
 * Codes are lowercase words; anything else might be an echo of what was sent.
 */
function codeOf(body: JsonObject): string | undefined {
  const error = readText(body, "error") ?? "";
  const type = readText(body, "errorType")?.slice(0, MAX_CODE_LENGTH);
  return type ?? /\[([a-z_-]+)\]$/.exec(error)?.[1] ?? /^[a-z_-]+$/.exec(error)?.[0] ?? SENTENCES.get(error);
}
