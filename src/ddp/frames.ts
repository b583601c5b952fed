// Owns writing and reading the text of DDP frames: untrusted text -> a frame or a reason, and our frames -> text.
import { encodeEjson } from "./ejson.ts";

/** What we send (recordings connect-and-version, login-resume, subscriptions, heartbeat). */
export type OutgoingFrame =
  | { msg: "connect"; version: "1"; support: readonly ["1"] }
  | { msg: "ping"; id: string }
  | { msg: "pong"; id?: string }
  | { msg: "method"; id: string; method: string; params: readonly unknown[] }
  | { msg: "sub"; id: string; name: string; params: readonly unknown[] };

/** `error.error` is a number or a string on the wire; here always text. */
export interface WireError {
  readonly serverCode: string;
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;
}

/** What we understand. `ignored` is traffic that is right and that nothing here needs. */
export type IncomingFrame =
  | { msg: "connected" }
  | { msg: "failed"; version: string }
  | { msg: "ping"; id: string | undefined }
  | { msg: "pong" }
  | { msg: "result"; id: string; outcome: { value: unknown } | { error: WireError } }
  | { msg: "ready"; subs: readonly string[] }
  | { msg: "nosub"; id: string; error: WireError | undefined }
  | { msg: "changed"; collection: string; eventName: string; args: readonly unknown[] }
  | { msg: "error"; reason: string }
  | { msg: "ignored" };

export type BadFrameReason = "not-json" | "not-an-object" | "unknown-msg" | "malformed-frame";

export type DecodedFrame = { frame: IncomingFrame } | { reason: BadFrameReason };

type Fields = Readonly<Record<string, unknown>>;

/** Correct frames of the protocol that carry nothing for a bot: Meteor's collections and write notices. */
const IGNORED = new Set(["updated", "added", "removed", "addedBefore", "movedBefore"]);

/** Text of the server that may enter a message of ours is cut to this many characters. */
const MAX_SERVER_TEXT = 200;

/** Decodes one text frame. Never throws; unknown and malformed frames come back as a reason. */
export function decodeFrame(text: string): DecodedFrame {
  const parsed = parse(text);
  if (parsed === undefined) return { reason: "not-json" };
  if (!isFields(parsed)) return { reason: "not-an-object" };
  const { msg } = parsed;
  // Some servers greet with {"server_id":"0"}: a frame without `msg` is to be skipped.
  if (msg === undefined || (typeof msg === "string" && IGNORED.has(msg))) {
    return { frame: { msg: "ignored" } };
  }
  const decode = typeof msg === "string" && Object.hasOwn(DECODERS, msg) ? DECODERS[msg] : undefined;
  if (decode === undefined) return { reason: "unknown-msg" };
  const frame = decode(parsed);
  return frame === null ? { reason: "malformed-frame" } : { frame };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The text of one of our frames; dates and the like in `params` are spelled as EJSON. */
export function encodeFrame(frame: OutgoingFrame): string {
  return JSON.stringify("params" in frame ? { ...frame, params: encodeEjson(frame.params) } : frame);
}

/** One decoder per `msg`; null says that a field is missing or of the wrong type. */
const DECODERS: Readonly<Record<string, (fields: Fields) => IncomingFrame | null>> = {
  connected: () => ({ msg: "connected" }),
  failed: ({ version }) => ({ msg: "failed", version: textOf(version) ?? "unknown" }),
  ping: ({ id }) => ({ msg: "ping", id: typeof id === "string" ? id : undefined }),
  pong: () => ({ msg: "pong" }),
  result: decodeResult,
  ready: ({ subs }) => (isTextArray(subs) ? { msg: "ready", subs } : null),
  nosub: ({ id, error }) =>
    typeof id === "string"
      ? { msg: "nosub", id, error: error === undefined ? undefined : decodeWireError(error) }
      : null,
  changed: decodeChanged,
  error: ({ reason }) => ({ msg: "error", reason: textOf(reason) ?? "unknown" }),
};

/** `result` is absent when the method returned nothing; an `error` wins over a `result`. */
function decodeResult({ id, error, result }: Fields): IncomingFrame | null {
  if (typeof id !== "string") return null;
  const outcome = error === undefined ? { value: result } : { error: decodeWireError(error) };
  return { msg: "result", id, outcome };
}

/** Stream events have `fields.eventName` and `fields.args`, the document id is always "id"; other collections are ignored. */
function decodeChanged({ collection, fields }: Fields): IncomingFrame | null {
  if (typeof collection !== "string") return null;
  if (!collection.startsWith("stream-")) {
    return { msg: "ignored" };
  }
  if (!isFields(fields) || typeof fields.eventName !== "string" || !Array.isArray(fields.args)) return null;
  const args: readonly unknown[] = fields.args;
  return { msg: "changed", collection, eventName: fields.eventName, args };
}

function decodeWireError(error: unknown): WireError {
  const fields = isFields(error) ? error : {};
  const details = isFields(fields.details) ? fields.details : {};
  const { timeToReset } = details;
  return {
    serverCode: textOf(fields.error) ?? "unknown",
    reason: textOf(fields.reason),
    retryAfterMs: typeof timeToReset === "number" && timeToReset >= 0 ? timeToReset : undefined,
  };
}

/** One line of printable text, fit for a message or a log. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number"
    ? String(value)
        .slice(0, MAX_SERVER_TEXT)
        .replace(/\p{C}+/gu, " ")
    : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
