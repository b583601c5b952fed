// Owns what has an order: sorts the steps of a recording into phases and lanes. Pure.
import { at, isObject, type Json, textAt } from "./json.ts";
import { blur } from "./placeholders.ts";
import type { FrameStep, PhaseStep, Recording, Step } from "./recording.ts";

export type Event = Exclude<Step, PhaseStep>;
export type Lanes = Map<string, Event[]>;

/** The phase of what came in no particular one. */
export const WHENEVER = "(in any phase)";

/**
 * The steps by phase, and by lane within it. Steps of one lane have an order, steps of two lanes have none: a REST answer and
 * the echo of its message may come in either order, so may `result` and `updated`.
 *
 * @param late what the server sends may stand in a later phase than its own, as on a loaded machine: then it has an order
 *   and no phase
 */
export function sortIntoLanes(recording: Recording, { late = false } = {}): Map<string, Lanes> {
  const phases = new Map<string, Lanes>();
  const countsHeartbeat = heartbeatFilter(recording.timed);
  let name = "(before the first phase)";
  for (const step of recording.steps) {
    if (step.kind === "phase") name = step.name;
    else if (countsHeartbeat(step)) {
      const sent = step.kind === "frame" && step.dir === "in";
      const lanes = getOrAdd(phases, late && sent ? WHENEVER : name, () => new Map<string, Event[]>());
      getOrAdd(lanes, laneOf(step), () => []).push(step);
    }
  }
  return phases;
}

/**
 * When the server pings depends on how long the scenario took, so a ping and the pong that answers it count in timed
 * scenarios only. A pong that answers no ping was sent on purpose and counts.
 */
function heartbeatFilter(timed: boolean): (step: Event) => boolean {
  const unanswered = new Map<string, number>();
  return (step) => {
    if (timed || step.kind !== "frame") return true;
    const { socket } = step;
    const pings = unanswered.get(socket) ?? 0;
    if (step.dir === "in" && textAt(step.frame, "msg") === "ping") {
      unanswered.set(socket, pings + 1);
      return false;
    }
    if (
      step.dir === "out" &&
      textAt(step.frame, "msg") === "pong" &&
      at(step.frame, "id") === undefined &&
      pings > 0
    ) {
      unanswered.set(socket, pings - 1);
      return false;
    }
    return true;
  };
}

function laneOf(step: Event): string {
  if (step.kind === "rest") return `${step.actor} REST`;
  if (step.kind === "socket") return `${step.socket} socket`;
  return `${step.socket} ${step.dir === "out" ? "sent" : laneOfFrame(step.frame)}`;
}

function laneOfFrame(frame: Json): string {
  const msg = textAt(frame, "msg") ?? "";
  const collection = textAt(frame, "collection") ?? "";
  if (msg === "changed" && at(frame, "fields", "eventName") !== undefined) {
    // no order between the messages of two rooms, though they come on one subscription
    const room =
      collection === "stream-room-messages" ? textAt(frame, "fields", "args", 1, "roomName") : undefined;
    return blur([collection, String(at(frame, "fields", "eventName")), room ?? ""].join(" ").trim());
  }
  if (["added", "changed", "removed"].includes(msg)) return `collection ${collection}`;
  return ["result", "updated", "ready", "nosub"].includes(msg) ? msg : "other";
}

/** What a step is about whatever its content: steps with one title are compared with each other. */
export function titleOf(step: Event): string {
  if (step.kind === "rest") return `${step.method} ${blur(step.path.replace("/api/v1/", ""))}`;
  if (step.kind === "socket") return `socket ${step.event}`;
  return titleOfFrame(step);
}

function titleOfFrame({ dir, frame }: FrameStep): string {
  const msg = textAt(frame, "msg") ?? "frame";
  const head = `${dir === "in" ? "<" : ">"} ${msg}`;
  const id = textAt(frame, "id");
  if (msg === "method") return `${head} ${textAt(frame, "method") ?? ""}`;
  if (msg === "sub") return `${head} ${textAt(frame, "name") ?? ""}`;
  if (msg === "ready") return `${head} ${JSON.stringify(at(frame, "subs") ?? null)}`;
  const eventName = at(frame, "fields", "eventName");
  if (msg === "changed" && eventName !== undefined) {
    return `${head} ${blur(`${eventName} ${kindOfEvent(at(frame, "fields", "args", 0))}`)}`.trimEnd();
  }
  // our own ids of methods and subscriptions are short, the server's are not
  if (id !== undefined && id.length < 8) return `${head} ${id}`;
  return `${head} ${textAt(frame, "collection") ?? ""}`.trimEnd();
}

/** Tells apart the sorts of event that one stream carries, so that a missing one does not shift all that follow. */
function kindOfEvent(first: Json | undefined): string {
  if (typeof first === "string") return first;
  if (!isObject(first)) return "";
  if (first.t !== undefined) return String(first.t);
  const marks = { editedAt: "edited", tmid: "reply", reactions: "reacted", tcount: "thread parent" };
  return Object.entries(marks).find(([key]) => first[key])?.[1] ?? "";
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
