// Owns what the bot says to a command: short lines that read well on a phone.

import type { ChatType } from "../facts/room.ts";
import type { Approval, Decision } from "./approval.ts";

/** What `!status` tells. Instants are epoch milliseconds, sizes are tokens. */
export interface StatusFacts {
  readonly agent: string;
  readonly model: string;
  readonly session: SessionFacts | undefined;
  /** What is being answered in this conversation, oldest first. */
  readonly running: readonly { readonly sender: string; readonly sentAt: number }[];
  /** Messages of this conversation that wait for their turn. */
  readonly waiting: number;
  readonly account: string;
  readonly link: LinkFacts;
  /** Words that the sender may use here. */
  readonly words: readonly string[];
}

export interface SessionFacts {
  readonly startedAt: number | undefined;
  readonly usedTokens: number | undefined;
  readonly contextTokens: number | undefined;
}

export interface LinkFacts {
  /** `ready` while connected, else OpenClaw's word for what the account is doing. */
  readonly state: string;
  readonly connectedAt: number | undefined;
}

export function formatStatus(facts: StatusFacts, now: number): string {
  const { agent, model, session, account, link, words } = facts;
  return [
    `Agent ${agent}, model \`${model}\``,
    `Session: ${formatSession(session, now)}`,
    `Now: ${formatQueue(facts, now)}`,
    `Account ${account}: ${formatLink(link, now)}`,
    `You may use ${formatWords(words)}`,
  ].join("\n");
}

function formatSession(session: SessionFacts | undefined, now: number): string {
  if (session === undefined) return "not begun";
  const { startedAt, usedTokens, contextTokens } = session;
  const age = startedAt === undefined ? "age unknown" : `${formatAge(now - startedAt)} old`;
  if (usedTokens === undefined) return `${age}, context use not known yet`;
  if (contextTokens === undefined || contextTokens <= 0) return `${age}, context ${formatCount(usedTokens)}`;
  const share = Math.round((100 * usedTokens) / contextTokens);
  return `${age}, context ${formatCount(usedTokens)} of ${formatCount(contextTokens)} (${share} %)`;
}

function formatQueue({ running, waiting }: StatusFacts, now: number): string {
  const [first, ...more] = running;
  const queued = more.length + waiting;
  const behind = queued === 0 ? "nothing waiting" : `${queued} waiting`;
  if (first === undefined) return `idle, ${behind}`;
  return `answering ${first.sender} for ${formatAge(now - first.sentAt)}, ${behind}`;
}

function formatLink({ state, connectedAt }: LinkFacts, now: number): string {
  if (state !== "ready") return `not connected (${state})`;
  return connectedAt === undefined
    ? "connected"
    : `connected since ${formatInstant(connectedAt)} (${formatAge(now - connectedAt)})`;
}

/** What `!help` says: one line for each word that the sender may use here. */
export function formatHelp(words: readonly string[]): string {
  return [
    "You may use these here:",
    ...words.map((word) => `\`!${word}\` ${PURPOSES.get(word) ?? ""}`.trim()),
  ].join("\n");
}

const PURPOSES: ReadonlyMap<string, string> = new Map([
  ["help", "this list"],
  ["status", "what the agent is doing"],
  ["model", "the model of this conversation; `!model NAME` changes it, `!model default` resets it"],
  ["stop", "ends the current answer here and drops the messages waiting behind it"],
  ["approve", "allows what the agent asks to do; `!approve ID allow-once`, `allow-always` or `deny`"],
  ["deny", "refuses it; `!deny ID`"],
  ["new", "a fresh session"],
  ["reset", "empties the session"],
  ["compact", "shortens the session's context"],
  ["think", "how much the model thinks"],
  ["fast", "fast mode"],
  ["verbose", "how much is shown of the work"],
  ["reasoning", "whether the reasoning is shown"],
  ["usage", "what is shown of token use"],
  ["queue", "what happens to messages that come during an answer"],
  ["context", "what fills the context"],
]);

/** Why a command is not carried out, in one line that names it and who may run it. */
export function formatRefusal(word: string, place: { chatType: ChatType; operatorsListed: boolean }): string {
  if (place.operatorsListed)
    return `\`!${word}\` is for the command operators of this bot (\`commandAllowFrom\`).`;
  return place.chatType === "direct"
    ? `\`!${word}\` is for command operators (\`commandAllowFrom\`), and for people who are paired or in \`allowFrom\`.`
    : `\`!${word}\` is for command operators (\`commandAllowFrom\`), and this bot has none.`;
}

export function formatUnknown(word: string): string {
  return `There is no command \`!${word}\` here. \`!help\` lists yours.`;
}

export function formatStopped(stopped: {
  /** Whose messages were being answered. */
  readonly senders: readonly string[];
  /** Whether OpenClaw had a run under way that no message of this connection had begun. */
  readonly otherRun: boolean;
  readonly dropped: number;
}): string {
  const { senders, otherRun, dropped } = stopped;
  const behind = dropped === 0 ? "" : `, and dropped ${formatMessages(dropped)} waiting`;
  if (senders.length > 0) return `Stopped the answer to ${listNames([...new Set(senders)])}${behind}.`;
  if (otherRun) return `Stopped the agent's run here${behind}.`;
  return dropped === 0
    ? "Nothing is running here."
    : `Nothing was running; dropped ${formatMessages(dropped)} waiting.`;
}

/** What has become of an attempt to decide about something that waits for approval. */
export type ApprovalOutcome =
  | {
      readonly kind: "decided";
      /** OpenClaw says so itself, in the place where it was decided. */
      readonly isTold: boolean;
    }
  /** There is none with this id: it was never asked for, was decided, or its time is over. */
  | { readonly kind: "not-found" }
  /** `reason` is OpenClaw's. */
  | { readonly kind: "refused"; readonly reason: string };

const DECIDED: Record<Decision, string> = {
  "allow-once": "Approved, this once",
  "allow-always": "Approved, and always from now on",
  deny: "Denied",
};

/** Undefined when there is nothing more to say. */
export function formatApproval({ id, decision }: Approval, outcome: ApprovalOutcome): string | undefined {
  const name = `\`${id.replaceAll("`", "").slice(0, MAX_ECHO)}\``;
  switch (outcome.kind) {
    case "decided":
      return outcome.isTold ? undefined : `${DECIDED[decision]}: ${name}.`;
    case "not-found":
      return `Nothing with the id ${name} waits for approval. It may have been decided already, or it has expired.`;
    case "refused":
      return `${name} could not be decided: ${outcome.reason}`;
  }
}

export function formatApprovalUsage(word: string): string {
  const usage = word === "deny" ? "`!deny ID`" : "`!approve ID allow-once`, `allow-always` or `deny`";
  return `Write ${usage}. The id is in the question.`;
}

export interface ModelFacts {
  /** `provider/model` of this conversation's next turn. */
  readonly current: string;
  /** `provider/model` of all that may be chosen. */
  readonly choices: readonly string[];
}

const MAX_CHOICES = 20;

export function formatModels({ current, choices }: ModelFacts): string {
  const shown = choices.slice(0, MAX_CHOICES).map((name) => `\`${name}\``);
  const more = choices.length > MAX_CHOICES ? ` and ${choices.length - MAX_CHOICES} more` : "";
  const list =
    shown.length === 0 ? "There are no others to choose." : `You can choose ${shown.join(", ")}${more}.`;
  return `The model here is \`${current}\`. ${list}`;
}

export function formatModelChanged(current: string): string {
  return `From the next message on, the model here is \`${current}\`.`;
}

export function formatUnknownModel(name: string, near: readonly string[]): string {
  const asked = name.replaceAll("`", "").slice(0, MAX_ECHO);
  const list = near.map((choice) => `\`${choice}\``).join(", ");
  return near.length === 0
    ? `There is no model \`${asked}\`. \`!model\` lists them.`
    : `There is no model \`${asked}\`. Similar: ${list}.`;
}

/** How much of what somebody typed is said back. Characters. */
const MAX_ECHO = 60;

function formatWords(words: readonly string[]): string {
  return words.map((word) => `\`!${word}\``).join(" ");
}

function formatMessages(count: number): string {
  return count === 1 ? "1 message" : `${count} messages`;
}

function listNames(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A span in its largest unit, such as `12 min`; the clocks of two machines may make it negative. */
export function formatAge(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.round(ms / 1000))} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  return ms < DAY_MS ? `${Math.floor(ms / HOUR_MS)} h` : `${Math.floor(ms / DAY_MS)} d`;
}

function formatInstant(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function formatCount(tokens: number): string {
  return tokens < 1000 ? String(tokens) : `${(tokens / 1000).toFixed(tokens < 10_000 ? 1 : 0)}k`;
}
