// Owns the making of placeholders: replaces what changes from run to run, and every secret, in the steps of one scenario. Pure.
import { isObject, type Json } from "./json.ts";
import type { Step } from "./recording.ts";

const SHORTEST_SECRET = 6;
// The server's own ids: 17 characters without those that are easily mistaken, or 24 hexadecimal digits.
const RANDOM_ID = /^[2-9A-HJ-NP-Za-km-z]{17}$/;
const OBJECT_ID = /^[0-9a-f]{24}$/;
const ID_LENGTHS = [17, 24];
const WORD = /[A-Za-z0-9]{17,48}/g;
const ID_KEYS = new Set(
  "_id id rid tmid drid prid uid uids userId session roomId msgId messageId mid replies fileId teamId X-User-Id name roomName".split(
    " ",
  ),
);
const BCRYPT = /\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}/g;
const HEX_DIGEST = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;
const BASE64_DIGEST = /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/g;
const TOKEN = /(?<![\w-])[\w-]{43}(?![\w=-])/g;
const ISO_DATE = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/g;
const EPOCH_MS = /(?<![\w.])1[5-9]\d{11}(?!\w)/g;
const [EARLIEST_MS, LATEST_MS] = [1.5e12, 2e12];

/** What is known about a run before it begins. */
export interface Known {
  /** Address of the server, without a slash at the end. */
  base: string;
  /** The part of a name that is unique to the run. */
  run: string;
  /** Ids with a name of their own: id -> name. */
  ids: Map<string, string>;
  /** Secrets: text -> name, as `token:alice`. */
  secrets: Map<string, string>;
}

export class Redactor {
  private readonly known: Known;
  private readonly secrets: Map<string, string>;
  private readonly wordLikeIds = new Set<string>();
  private readonly numbers = { id: new Map<string, number>(), date: new Map<string, number>() };
  private readonly hidden = { token: new Map<string, number>(), hash: new Map<string, number>() };

  constructor(known: Known) {
    this.known = known;
    this.secrets = new Map(known.secrets);
  }

  /** Has a secret replaced by `<name>` from now on; short texts are not replaced, they would hit innocent words. */
  keepSecret(secret: string | undefined, name: string): void {
    if (secret !== undefined && secret.length >= SHORTEST_SECRET) this.secrets.set(secret, name);
  }

  /** The steps with placeholders, numbered by first appearance. */
  redact(steps: Step[]): Step[] {
    for (const step of steps) this.learnIds(step);
    return steps.map((step) => redactFields(step, (value, key) => this.value(value, key)));
  }

  /** Names of the secrets, and samples of what looks like one, that are left in a text. Must be empty before it is written. */
  leaks(text: string): string[] {
    const named = [...this.secrets].filter(([secret]) => text.includes(secret)).map(([, name]) => name);
    const shapes = [TOKEN, BCRYPT, HEX_DIGEST, BASE64_DIGEST].flatMap((shape) => text.match(shape) ?? []);
    return [...named, ...shapes.filter((found) => !isFiller(found)).map((found) => `${found.slice(0, 4)}…`)];
  }

  /** An id without a digit looks like a word; where ids stand it is one all the same. */
  private learnIds(value: unknown, key = ""): void {
    if (typeof value === "string") {
      if (ID_KEYS.has(key) && RANDOM_ID.test(value)) this.wordLikeIds.add(value);
    } else if (Array.isArray(value)) for (const item of value) this.learnIds(item, key);
    else if (isObject(value)) for (const [inner, item] of Object.entries(value)) this.learnIds(item, inner);
  }

  private value(value: Json, key: string): Json {
    if (typeof value === "string") return key === "lastTokenPart" ? "<token-part>" : this.text(value);
    if (typeof value === "number") return this.instant(value, key);
    if (Array.isArray(value)) return value.map((item) => this.value(item, key));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([k, item]) => [this.text(k), this.value(item, k)]));
  }

  private instant(value: number, key: string): Json {
    if (key === "$date") return this.date(value);
    return value > EARLIEST_MS && value < LATEST_MS
      ? `<ms:${numberOf(this.numbers.date, String(value))}>`
      : value;
  }

  private text(text: string): string {
    const { base, run } = this.known;
    let out = text;
    const longestFirst = [...this.secrets].sort(([a], [b]) => b.length - a.length);
    for (const [secret, name] of longestFirst) out = out.replaceAll(secret, `<${name}>`);
    for (const shape of [BCRYPT, HEX_DIGEST, BASE64_DIGEST]) {
      out = out.replace(shape, (found) => `<hash:${numberOf(this.hidden.hash, found)}>`);
    }
    out = out.replace(TOKEN, (found) =>
      isFiller(found) ? found : `<token:new.${numberOf(this.hidden.token, found)}>`,
    );
    out = out.replaceAll(base, "<base>").replaceAll(base.replace(/^http/, "ws"), "<base-ws>");
    out = out.replaceAll(new URL(base).host, "<host>").replaceAll(run, "<run>");
    out = out.replace(ISO_DATE, (found) => this.date(Date.parse(found)));
    out = out.replace(EPOCH_MS, (found) => `<ms:${numberOf(this.numbers.date, found)}>`);
    return out.replace(WORD, (word) => (this.isId(word) ? this.id(word) : word));
  }

  private date(ms: number): string {
    return `<date:${numberOf(this.numbers.date, String(ms))}>`;
  }

  private id(id: string): string {
    return `<id:${this.known.ids.get(id) ?? numberOf(this.numbers.id, id)}>`;
  }

  /** One id, or the two user ids that 6.5 joins to the id of a direct room. */
  private isId(word: string): boolean {
    if (this.isSingleId(word)) return true;
    return ID_LENGTHS.some((cut) => this.isSingleId(word.slice(0, cut)) && this.isSingleId(word.slice(cut)));
  }

  private isSingleId(word: string): boolean {
    if (this.known.ids.has(word) || this.wordLikeIds.has(word)) return true;
    if (OBJECT_ID.test(word)) return /\d/.test(word);
    return RANDOM_ID.test(word) && (/\d/.test(word) || (word.match(/[a-z][A-Z]/g) ?? []).length >= 3);
  }
}

/** Applies `redact` to everything of a step that came from or went to the wire. */
function redactFields(step: Step, redact: (value: Json, key: string) => Json): Step {
  const text = (value: string, key = ""): string => String(redact(value, key));
  const object = (value: Json): { [key: string]: Json } => {
    const out = redact(value, "");
    return isObject(out) ? out : {};
  };
  if (step.kind === "frame") return { ...step, frame: redact(step.frame, "frame") };
  if (step.kind === "socket")
    return { ...step, ...(step.reason !== undefined && { reason: text(step.reason) }) };
  if (step.kind === "phase") return { ...step, name: text(step.name) };
  const { answer } = step;
  return {
    ...step,
    path: text(step.path),
    headersSent: object(step.headersSent),
    ...(step.query && { query: object(step.query) }),
    ...(step.body !== undefined && { body: redact(step.body, "body") }),
    ...(step.form !== undefined && { form: redact(step.form, "form") }),
    ...(step.raw !== undefined && { raw: text(step.raw) }),
    answer: {
      ...answer,
      headers: object(answer.headers),
      ...(answer.body !== undefined && { body: redact(answer.body, "body") }),
      ...(answer.text !== undefined && { text: text(answer.text) }),
      ...(answer.failure !== undefined && { failure: text(answer.failure) }),
    },
  };
}

/** One character over and over: a text made to be long, no secret. */
function isFiller(text: string): boolean {
  return /^(.)\1+$/.test(text);
}

function numberOf(numbers: Map<string, number>, key: string): number {
  const found = numbers.get(key);
  if (found !== undefined) return found;
  numbers.set(key, numbers.size + 1);
  return numbers.size;
}
