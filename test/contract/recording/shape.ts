// Owns the comparison of two JSON values by shape: keys, types, enumerations, error texts, identities. Pure.
import { isObject, type Json, type JsonObject } from "./json.ts";
import { blur, blurNumbers, idsIn, isId } from "./placeholders.ts";

/** Texts with a fixed set of values. */
const ENUMERATIONS = new Set("t msg type collection eventName roomType role status unicode mime".split(" "));
/** Enumerations at the top of a DDP frame only; elsewhere these keys hold the names of rooms and users. */
const FRAME_ENUMERATIONS = new Set(["name", "method"]);
/** Texts that count where an error is told. */
const ERROR_TEXTS = new Set("error errorType reason message text".split(" "));
/** Numbers that count. */
const COUNTERS = new Set(
  "tcount count total offset error usersCount unread userMentions groupMentions unreadNotLoaded".split(" "),
);
/** Bytes as text: what looks like an id in them is none. */
const DATA = new Set(["image_preview"]);
const LONGEST_SHOWN = 110;

/** Which id of one recording is which of the other. An id equal to an earlier one must be so on both sides. */
export class Identities {
  private readonly there = new Map<string, string>();
  private readonly back = new Map<string, string>();

  /** Whether the two may be the same thing; remembers them as such if neither was seen before. */
  match(ours: string, theirs: string): boolean {
    if (!this.there.has(ours) && !this.back.has(theirs)) {
      this.there.set(ours, theirs);
      this.back.set(theirs, ours);
    }
    return this.there.get(ours) === theirs;
  }

  /** What `match` has paired the id of the first recording with. */
  partner(ours: string): string | undefined {
    return this.there.get(ours);
  }
}

/** What surrounds the values being compared. */
export interface Scope {
  identities: Identities;
  /** Where we are, for the report: `body.message.u`. */
  where: string;
  /** The key under which the value stands. */
  key?: string;
  /** Inside an error: its texts count. */
  error: boolean;
  /** Compare keys and types only. */
  loose: boolean;
  /** "top" at a frame itself, "field" at one of its own keys. */
  frame?: "top" | "field" | "deep";
}

/** Lists how `theirs` differs from `ours` in shape, one line a difference; empty when they agree. */
export function compareShape(ours: Json | undefined, theirs: Json | undefined, scope: Scope): string[] {
  if (typeOf(ours) !== typeOf(theirs)) return [difference(scope.where, typed(ours), typed(theirs))];
  if (Array.isArray(ours) && Array.isArray(theirs)) return compareLists(ours, theirs, scope);
  if (isObject(ours) && isObject(theirs)) return compareObjects(ours, theirs, scope);
  if (typeof ours === "string" && typeof theirs === "string") return compareTexts(ours, theirs, scope);
  if (scope.loose || ours === theirs) return [];
  const counts = typeof ours === "boolean" || (typeof ours === "number" && COUNTERS.has(scope.key ?? ""));
  return counts ? [difference(scope.where, ours, theirs)] : [];
}

function compareObjects(ours: JsonObject, theirs: JsonObject, scope: Scope): string[] {
  const error = scope.error || tellsAnError(ours);
  // ids stand in keys too (`<id:3>/deleteMessage`), so keys are paired by their blurred form
  const a = new Map(Object.keys(ours).map((key) => [blur(key), ours[key]]));
  const b = new Map(Object.keys(theirs).map((key) => [blur(key), theirs[key]]));
  const inside = (key: string) => (scope.where === "frame" ? key : `${scope.where}.${key}`);
  const missing = [...a]
    .filter(([key]) => !b.has(key))
    .map(([key, v]) => difference(inside(key), v, undefined));
  const extra = [...b]
    .filter(([key]) => !a.has(key))
    .map(([key, v]) => difference(inside(key), undefined, v));
  const frame = scope.frame && (scope.frame === "top" ? "field" : "deep");
  const deeper = [...a].flatMap(([key, value]) =>
    b.has(key)
      ? compareShape(value, b.get(key), { ...scope, where: inside(key), key, error, ...(frame && { frame }) })
      : [],
  );
  return [...missing, ...extra, ...deeper];
}

function tellsAnError(value: JsonObject): boolean {
  const { success, msg, status } = value;
  return (
    "errorType" in value ||
    "isClientSafe" in value ||
    success === false ||
    msg === "error" ||
    status === "error"
  );
}

function compareLists(ours: Json[], theirs: Json[], scope: Scope): string[] {
  const lengths = difference(`${scope.where}.length`, ours.length, theirs.length);
  if (scope.loose) return (ours.length === 0) === (theirs.length === 0) ? [] : [lengths];
  if (ours.length !== theirs.length) return [lengths, ...compareElements(ours, theirs, scope)];
  if (ours.length > 1 && ours.every(isId) && theirs.every(isId)) return compareIdSets(ours, theirs, scope);
  return ours.flatMap((value, i) =>
    compareShape(value, theirs[i], { ...scope, where: `${scope.where}[${i}]` }),
  );
}

/** Lists of unequal length: what their objects look like all together. */
function compareElements(ours: Json[], theirs: Json[], scope: Scope): string[] {
  const [a, b] = [ours, theirs].map((list) => list.filter(isObject));
  if (!a?.length || !b?.length) return [];
  const { key: _, ...rest } = scope;
  const merged = { ...rest, where: `${scope.where}[*]`, loose: true };
  return compareShape(Object.assign({}, ...a), Object.assign({}, ...b), merged);
}

/** Lists of ids (`uids`, `replies`) have no order of their own: those already known are paired first. */
function compareIdSets(ours: string[], theirs: string[], scope: Scope): string[] {
  const left = [...theirs];
  const unknown = ours.filter((id) => {
    const partner = scope.identities.partner(id);
    const place = partner === undefined ? -1 : left.indexOf(partner);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
  return unknown.flatMap((id, i) =>
    compareIds([id], [left[i] ?? ""], { ...scope, where: `${scope.where}[]` }),
  );
}

function compareTexts(ours: string, theirs: string, scope: Scope): string[] {
  const { key = "", where } = scope;
  const found = scope.loose || DATA.has(key) ? [] : compareIds(idsIn(ours), idsIn(theirs), scope);
  const counts = (scope.error && ERROR_TEXTS.has(key)) || (!scope.loose && isEnumeration(key, scope.frame));
  if (counts && blurNumbers(ours) !== blurNumbers(theirs)) found.push(difference(where, ours, theirs));
  return found;
}

function isEnumeration(key: string, frame: Scope["frame"]): boolean {
  return ENUMERATIONS.has(key) || (frame === "field" && FRAME_ENUMERATIONS.has(key));
}

function compareIds(ours: string[], theirs: string[], { identities, where }: Scope): string[] {
  if (ours.length !== theirs.length) {
    // an id on one side only; texts in which two numbers of ids stand are free texts
    return ours.length && theirs.length
      ? []
      : [difference(`${where} (id)`, ours.join(" "), theirs.join(" "))];
  }
  return ours.flatMap((id, i) => {
    const other = theirs[i] ?? "";
    if (identities.match(id, other)) return [];
    return [difference(`${where} (identity)`, `${id}, so far ${identities.partner(id) ?? "new"}`, other)];
  });
}

function typeOf(value: Json | undefined): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function typed(value: Json | undefined): string | undefined {
  return value === undefined ? undefined : `${typeOf(value)} ${shown(value)}`;
}

/** One line of the report: `where: expected -> found`. */
export function difference(where: string, ours: Json | undefined, theirs: Json | undefined): string {
  return `${where}: ${shown(ours)} -> ${shown(theirs)}`;
}

function shown(value: Json | undefined): string {
  if (value === undefined) return "absent";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
