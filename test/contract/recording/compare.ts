// Owns the verdict on two recordings of one scenario: which steps agree, and what the others differ in. Pure.
import type { Json } from "./json.ts";
import { type Event, sortIntoLanes, titleOf, WHENEVER } from "./lanes.ts";
import { blurNumbers } from "./placeholders.ts";
import type { Answer, Recording, RestStep } from "./recording.ts";
import { compareShape, difference, Identities } from "./shape.ts";

const CLOCK_TOLERANCE_MS = 2000;
const LONGEST_TEXT = 500;
const CUT_PAGE = /…\(page cut, \d+ characters\)$/;

/** A difference that is known and accepted. `match` is a regular expression on the printed line. */
export interface IgnoreRule {
  scenario?: string | undefined;
  match: string;
  reason: string;
  profile?: string | undefined;
}

export interface Verdict {
  scenario: string;
  agree: number;
  total: number;
  /** One line a difference: `scenario | phase | lane | step | what: recorded -> played`. */
  differences: string[];
  /** The lines that an ignore rule accepts, by rule. */
  ignored: Map<IgnoreRule, string[]>;
}

/**
 * Compares what a server said with the recording of the real one. A step agrees when no difference is left after `rules`;
 * `late` as for `sortIntoLanes`.
 */
export function compareRecordings(
  real: Recording,
  played: Recording,
  rules: IgnoreRule[] = [],
  { late = false } = {},
): Verdict {
  const verdict: Verdict = {
    scenario: real.scenario,
    agree: 0,
    total: 0,
    differences: [],
    ignored: new Map(),
  };
  const identities = new Identities();
  const [a, b] = [sortIntoLanes(real, { late }), sortIntoLanes(played, { late })];
  const phases = [...new Set([...a.keys(), ...b.keys()])];
  const inOrder = [...phases.filter((phase) => phase !== WHENEVER), ...(late ? [WHENEVER] : [])];
  for (const phase of inOrder) {
    const [ours, theirs] = [a.get(phase), b.get(phase)];
    for (const lane of restFirst([...(ours?.keys() ?? []), ...(theirs?.keys() ?? [])])) {
      const place = `${real.scenario} | ${phase} | ${lane}`;
      for (const pair of pairUp(ours?.get(lane) ?? [], theirs?.get(lane) ?? [])) {
        const lines = comparePair(pair, { identities, timed: real.timed }).map(
          (line) => `${place} | ${line}`,
        );
        judge(verdict, lines, rules);
      }
    }
  }
  return verdict;
}

/** REST answers name the ids that the frames of the same phase then use. */
function restFirst(lanes: string[]): string[] {
  const isRest = (lane: string) => lane.endsWith(" REST");
  const all = [...new Set(lanes)];
  return [...all.filter(isRest), ...all.filter((lane) => !isRest(lane))];
}

function judge(verdict: Verdict, lines: string[], rules: IgnoreRule[]): void {
  verdict.total++;
  const left = lines.filter((line) => {
    const rule = rules.find(
      (r) => (r.scenario ?? verdict.scenario) === verdict.scenario && new RegExp(r.match).test(line),
    );
    if (rule) verdict.ignored.set(rule, [...(verdict.ignored.get(rule) ?? []), line]);
    return rule === undefined;
  });
  if (left.length === 0) verdict.agree++;
  verdict.differences.push(...left);
}

interface Pair {
  real?: Event;
  played?: Event;
  moved?: boolean;
}

/** Pairs the steps of two lanes by title: in order first, then those that only changed their place, then what is left. */
function pairUp(real: Event[], played: Event[]): Pair[] {
  const { pairs, left, right } = longestCommonOrder(real, played);
  const extra = [...right];
  for (const step of left) {
    const place = extra.findIndex((other) => titleOf(other) === titleOf(step));
    const other = place < 0 ? undefined : extra.splice(place, 1)[0];
    pairs.push(other ? { real: step, played: other, moved: true } : { real: step });
  }
  return [...pairs, ...extra.map((step) => ({ played: step }))];
}

/** The longest common subsequence by title, and what stands outside of it on either side. */
function longestCommonOrder(
  real: Event[],
  played: Event[],
): { pairs: Pair[]; left: Event[]; right: Event[] } {
  const a = real.map((step) => ({ step, title: titleOf(step) }));
  const b = played.map((step) => ({ step, title: titleOf(step) }));
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  const length = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const same = a[i]?.title === b[j]?.title;
      lengths[i * width + j] = same ? length(i + 1, j + 1) + 1 : Math.max(length(i + 1, j), length(i, j + 1));
    }
  }
  const pairs: Pair[] = [];
  const left: Event[] = [];
  const right: Event[] = [];
  for (let [i, j] = [0, 0]; i < a.length || j < b.length; ) {
    const [x, y] = [a[i], b[j]];
    if (x && y && x.title === y.title) {
      pairs.push({ real: x.step, played: y.step });
      i++;
      j++;
    } else if (x && (!y || length(i + 1, j) >= length(i, j + 1))) {
      left.push(x.step);
      i++;
    } else if (y) {
      right.push(y.step);
      j++;
    }
  }
  return { pairs, left, right };
}

interface Circumstances {
  identities: Identities;
  timed: boolean;
}

function comparePair({ real, played, moved }: Pair, circumstances: Circumstances): string[] {
  if (!real || !played) {
    const step = real ?? played;
    return step ? [`${titleOf(step)} | ${real ? "only in the recording" : "only in the run"}`] : [];
  }
  const found = compareSteps(real, played, circumstances);
  if (moved) found.push("out of order");
  return found.map((line) => `${titleOf(real)} | ${line}`);
}

function compareSteps(real: Event, played: Event, { identities, timed }: Circumstances): string[] {
  const late =
    timed &&
    real.ms !== undefined &&
    played.ms !== undefined &&
    Math.abs(real.ms - played.ms) > CLOCK_TOLERANCE_MS
      ? [difference("ms", real.ms, played.ms)]
      : [];
  if (real.kind === "socket" && played.kind === "socket") {
    return [
      ...late,
      ...changed("event", real.event, played.event),
      ...changed("code", real.code, played.code),
      ...changed("reason", real.reason, played.reason),
      ...changed("by", real.by, played.by),
    ];
  }
  if (real.kind === "frame" && played.kind === "frame") {
    const scope = { identities, where: "frame", error: false, loose: false, frame: "top" as const };
    return [...late, ...compareShape(real.frame, played.frame, scope)];
  }
  if (real.kind === "rest" && played.kind === "rest")
    return [...late, ...compareAnswers(real, played, identities)];
  return [difference("kind", real.kind, played.kind)];
}

function compareAnswers(real: RestStep, played: RestStep, identities: Identities): string[] {
  const [a, b] = [real.answer, played.answer];
  const scope = {
    identities,
    where: "body",
    error: a.status >= 400 || b.status >= 400,
    loose: real.loose === true || played.loose === true,
  };
  return [
    ...changed("status", a.status, b.status),
    ...changed("failure", a.failure && blurNumbers(a.failure), b.failure && blurNumbers(b.failure)),
    ...changed("content-type", contentType(a), contentType(b)),
    ...changed("headers", headerNames(a), headerNames(b)),
    ...changed("x-ratelimit-limit", a.headers["x-ratelimit-limit"], b.headers["x-ratelimit-limit"]),
    ...compareShape(a.body, b.body, scope),
    ...comparePlainText(a.text, b.text),
    ...changed("bytes", a.binary?.bytes, b.binary?.bytes),
  ];
}

function contentType({ headers }: Answer): string | undefined {
  const type = headers["content-type"];
  return typeof type === "string" ? type.split(";")[0] : undefined;
}

function headerNames({ headers }: Answer): string {
  const names = Object.keys(headers).filter((name) => name !== "content-type");
  return names.sort().join(" ");
}

/** Long texts are pages: that there is one is all that counts. So is one of which the recording keeps the beginning only. */
function comparePlainText(real: string | undefined, played: string | undefined): string[] {
  if (real === undefined || played === undefined) return changed("text", real, played);
  if (real.length >= LONGEST_TEXT) return [];
  if (CUT_PAGE.test(real)) return changed("text", isPage(real), isPage(played));
  return blurNumbers(real) === blurNumbers(played) ? [] : [difference("text", real, played)];
}

function isPage(text: string): string {
  return /^\s*<!doctype html>/i.test(text) ? "an HTML page" : "no HTML page";
}

function changed(where: string, ours: Json | undefined, theirs: Json | undefined): string[] {
  return ours === theirs ? [] : [difference(where, ours, theirs)];
}
