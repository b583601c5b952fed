// Owns the form of a recording: its steps, and how they are read from and written to JSON lines.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { isObject, type Json, type JsonObject, parseJson } from "./json.ts";

/** One REST call with its answer. `failure` stands where no answer came. */
export interface RestStep {
  kind: "rest";
  actor: string;
  method: string;
  path: string;
  query?: JsonObject;
  headersSent: JsonObject;
  body?: Json;
  form?: Json;
  raw?: string;
  /** The answer lists things of the whole server: compare keys, not elements. */
  loose?: boolean;
  ms?: number;
  answer: Answer;
}

export interface Answer {
  status: number;
  headers: JsonObject;
  body?: Json;
  text?: string;
  binary?: { bytes: number };
  failure?: string;
}

/** One DDP frame; text that is no JSON is recorded as `{unparsed}`. */
export interface FrameStep {
  kind: "frame";
  actor: string;
  socket: string;
  dir: "in" | "out";
  frame: Json;
  ms?: number;
}

export interface SocketStep {
  kind: "socket";
  actor: string;
  socket: string;
  event: "open" | "close";
  code?: number;
  reason?: string;
  by?: string;
  /** Milliseconds since the start of the scenario. */
  ms: number;
}

export interface PhaseStep {
  kind: "phase";
  name: string;
}

export type Step = RestStep | FrameStep | SocketStep | PhaseStep;

export interface Recording {
  scenario: string;
  about: string;
  /** Of the server; empty in a recording of our own. */
  version: string;
  /** The times of the steps count too. */
  timed: boolean;
  steps: Step[];
}

/** The profiles of which there are recordings. */
export const PROFILES = ["8.3", "7.7", "6.5"] as const;
export type Profile = (typeof PROFILES)[number];

/** Recorded on a loaded machine: frames stand in later phases than their own. */
export const LATE: ReadonlySet<Profile> = new Set(["7.7"]);

/** The recorded servers, by profile. */
const RECORDED: Record<Profile, string> = {
  "8.3": "rocketchat-8.3.jsonl.gz",
  "7.7": "rocketchat-7.7.1.jsonl.gz",
  "6.5": "rocketchat-6.5.3.jsonl.gz",
};

/** Loads the vendored recordings of a real server, by scenario (test/fixtures/recordings/README.md). */
export function loadRecordings(profile: Profile): Map<string, Recording> {
  const file = new URL(`../../fixtures/recordings/${RECORDED[profile]}`, import.meta.url);
  return parseRecordings(gunzipSync(readFileSync(file)).toString());
}

/** Reads JSON lines; each `meta` line begins a recording. Throws with the line's number when one is malformed. */
export function parseRecordings(text: string): Map<string, Recording> {
  const recordings = new Map<string, Recording>();
  let current: Recording | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const value = parseJson(line);
    if (!isObject(value)) throw new Error(`line ${index + 1} is no JSON object`);
    if (value.kind === "meta") {
      current = decodeMeta(value);
      recordings.set(current.scenario, current);
    } else if (current) current.steps.push(decodeStep(value, index + 1));
    else throw new Error(`line ${index + 1} stands before any meta line`);
  }
  return recordings;
}

/** Writes a recording as JSON lines, in the form that `parseRecordings` reads. */
export function formatRecording({ steps, scenario, about, version, timed }: Recording): string {
  const meta = { n: 0, kind: "meta", scenario, about, version, ...(timed && { timed }) };
  const lines = steps.map((step, index) => ({
    n: index + 1,
    ...(step.kind === "rest" && { dir: "call" }),
    ...step,
  }));
  return [meta, ...lines].map((line) => `${JSON.stringify(line)}\n`).join("");
}

function decodeMeta(line: JsonObject): Recording {
  const { scenario, about, version } = line;
  if (typeof scenario !== "string") throw new Error("a meta line names no scenario");
  return {
    scenario,
    about: typeof about === "string" ? about : "",
    version: typeof version === "string" ? version : "",
    timed: line.timed === true,
    steps: [],
  };
}

function decodeStep(line: JsonObject, number: number): Step {
  const fail = (key: string): never => {
    throw new Error(`line ${number}: ${key} is missing or of the wrong type`);
  };
  const text = (key: string): string => {
    const value = line[key];
    return typeof value === "string" ? value : fail(key);
  };
  const ms = typeof line.ms === "number" ? { ms: line.ms } : {};
  switch (line.kind) {
    case "phase":
      return { kind: "phase", name: text("name") };
    case "frame": {
      const dir = line.dir === "in" ? "in" : "out";
      return {
        kind: "frame",
        actor: text("actor"),
        socket: text("socket"),
        dir,
        frame: line.frame ?? fail("frame"),
        ...ms,
      };
    }
    case "socket":
      return decodeSocket(line, { actor: text("actor"), socket: text("socket"), ms: ms.ms ?? fail("ms") });
    case "rest": {
      const answer = isObject(line.answer) ? decodeAnswer(line.answer) : fail("answer");
      const sent = { actor: text("actor"), method: text("method"), path: text("path") };
      return { kind: "rest", ...sent, ...decodeSent(line), ...ms, answer };
    }
    default:
      return fail("kind");
  }
}

function decodeSocket(line: JsonObject, base: { actor: string; socket: string; ms: number }): SocketStep {
  const { code, reason, by } = line;
  return {
    kind: "socket",
    ...base,
    event: line.event === "open" ? "open" : "close",
    ...(typeof code === "number" && { code }),
    ...(typeof reason === "string" && { reason }),
    ...(typeof by === "string" && { by }),
  };
}

function decodeSent(
  line: JsonObject,
): Pick<RestStep, "query" | "headersSent" | "body" | "form" | "raw" | "loose"> {
  const { query, headersSent, body, form, raw } = line;
  return {
    headersSent: isObject(headersSent) ? headersSent : {},
    ...(isObject(query) && { query }),
    ...(body !== undefined && { body }),
    ...(form !== undefined && { form }),
    ...(typeof raw === "string" && { raw }),
    ...(line.loose === true && { loose: true }),
  };
}

function decodeAnswer(value: JsonObject): Answer {
  const { status, headers, body, text, binary, failure } = value;
  const bytes = isObject(binary) ? binary.bytes : undefined;
  return {
    status: typeof status === "number" ? status : 0,
    headers: isObject(headers) ? headers : {},
    ...(body !== undefined && { body }),
    ...(typeof text === "string" && { text }),
    ...(typeof bytes === "number" && { binary: { bytes } }),
    ...(typeof failure === "string" && { failure }),
  };
}
