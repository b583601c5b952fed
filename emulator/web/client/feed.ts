// What the plugin did with each message, collected from the demo's feed: one story a message.
import { isJson, type Json, textOf } from "./wire.ts";

export interface Step {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly fields: Json;
}

/** Everything that is known of one message, in the order it happened. */
export interface Story {
  readonly messageId: string;
  readonly rid: string;
  readonly steps: Step[];
}

export type Outcome = "dropped" | "waiting" | "running" | "answered" | "ended" | "handled";

/** Drops that say nothing to a person: the agent's own messages, notices of the server. */
const UNINTERESTING = new Set(["own-message", "system-message", "not-a-member"]);

const REASONS: Readonly<Record<string, string>> = {
  "not-mentioned": "The agent was not mentioned, and this room needs a mention.",
  "others-mentioned": "Only others were mentioned.",
  "room-not-allowed": "This room is not among the rooms the agent serves.",
  "room-unknown": "The server did not tell anything about this room.",
  "sender-not-allowed": "This person may not speak to the agent here.",
  "pairing-pending": "This person is not approved yet and was given a pairing code.",
  "direct-messages-off": "Direct messages are switched off.",
  "group-dms-off": "Direct messages of several people are switched off.",
  "bot-message": "It comes from another bot.",
  "re-emission": "It is an old message that was sent again.",
  encrypted: "It is encrypted.",
  stopped: "It was stopped before its turn.",
  empty: "It has no text.",
  malformed: "It could not be read.",
};

/** What became of what needs no turn, by the log's word for it. */
const HANDLED: Readonly<Record<string, string>> = {
  commanded: "carried out",
  told: "told to the agent in its next turn",
  joined: "taken with the sender's next message",
};

export class Stories {
  /** By message id, in the order of the first step. */
  readonly all = new Map<string, Story>();
  /** What the plugin last said about its connection; empty before it said anything. */
  connection = "";
  /** The user name of the plugin's bot user. */
  readonly bot: string;
  readonly #changed: () => void;

  constructor(bot: string, changed: () => void) {
    this.bot = bot;
    this.#changed = changed;
  }

  /** Follows the feed; the browser reconnects by itself and is told everything again. */
  follow(address: string): void {
    const source = new EventSource(address);
    source.onopen = () => this.all.clear();
    source.onmessage = ({ data }) => {
      const event: unknown = JSON.parse(String(data));
      if (isJson(event)) this.take(event);
      this.#changed();
    };
  }

  take(event: Json): void {
    const name = textOf(event, "name");
    const fields = isJson(event.fields) ? event.fields : {};
    if (/^(connected|connection lost|account )/.test(name)) this.connection = name;
    const messageId = textOf(fields, "message");
    if (!messageId || UNINTERESTING.has(textOf(fields, "reason"))) return;
    const known = this.all.get(messageId);
    // A message that is sent again (for a reaction, a thread) is judged again; the first judgment counts.
    if (known && name === "message dropped" && outcomeOf(known) !== "waiting") return;
    const story = known ?? { messageId, rid: textOf(fields, "room"), steps: [] };
    story.steps.push({ name, at: Number(event.at), fields });
    this.all.set(messageId, story);
  }
}

/** What counts: where a message was dropped and is asked about later, by a reaction or an edit, only that. */
function latest({ steps }: Story): readonly Step[] {
  const since = steps.slice(steps.findLastIndex(({ name }) => name === "message dropped") + 1);
  return since.some(({ name }) => name === "turn started") ? since : steps;
}

export function outcomeOf(story: Story): Outcome {
  const steps = latest(story);
  const has = (name: string) => steps.some((step) => step.name === name);
  if (has("message dropped")) return "dropped";
  if (has("reply sent")) return "answered";
  if (has("turn ended")) return "ended";
  if (has("message handled")) return "handled";
  return has("turn started") ? "running" : "waiting";
}

/** The outcome in a few words. */
export function headlineOf(story: Story): string {
  const steps = latest(story);
  const last = steps.findLast(({ name }) => name === "reply sent" || name === "turn ended");
  const took = last ? seconds(last.at - (steps[0]?.at ?? last.at)) : "";
  switch (outcomeOf(story)) {
    case "dropped":
      return `not answered: ${reasonOf(story).replaceAll("-", " ")}`;
    case "answered":
      return `answered in ${took}`;
    case "ended":
      return `ended without an answer after ${took}`;
    case "handled":
      return (
        HANDLED[textOf(story.steps.find(({ name }) => name === "message handled")?.fields, "as")] ?? "done"
      );
    case "running":
      return "the agent is working";
    default:
      return "stored, waiting for its turn";
  }
}

/** The reason of a drop by its name; empty when the message was not dropped, or was asked about later. */
export function reasonOf(story: Story): string {
  return textOf(latest(story).find(({ name }) => name === "message dropped")?.fields, "reason");
}

/** What a reason means, in a sentence; empty for a reason this page does not know. */
export function explain(reason: string): string {
  return REASONS[reason] ?? "";
}

export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
