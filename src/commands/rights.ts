// Owns who may run which command, as a question that OpenClaw's own command gate answers.

import { mentionsBot } from "../facts/mention.ts";
import type { MessageFacts } from "../facts/message.ts";
import type { ChatType } from "../facts/room.ts";
import type { AccountSettings } from "../settings.ts";
import { COMMAND_WORDS, type Command } from "./parse.ts";

/**
 * OpenClaw's own commands that `commands.extra` opens to operators: those that steer one session. What takes a
 * request for the model as its text, writes configuration, runs programs or touches other sessions stays out.
 */
export const EXTRA_WORDS: ReadonlySet<string> = new Set([
  "new",
  "reset",
  "compact",
  "think",
  "fast",
  "verbose",
  "reasoning",
  "usage",
  "queue",
  "context",
]);

/** Everybody who may speak here, the operators of the account, or nobody because there is no such command. */
export type Right = "speaker" | "operator" | "unknown";

export function rightOf({ kind, word }: Command, settings: AccountSettings): Right {
  if (kind === "help" || kind === "status") return "speaker";
  if (kind !== "other") return "operator";
  return settings.commands.extra && EXTRA_WORDS.has(word) ? "operator" : "unknown";
}

/** The words that somebody who may speak here may use, as an operator or not. */
export function wordsFor(settings: AccountSettings, operator: boolean): readonly string[] {
  if (!operator) return ["help", "status"];
  return [...COMMAND_WORDS, ...(settings.commands.extra ? EXTRA_WORDS : [])];
}

/**
 * The ids that are operators in a place: `commandAllowFrom`. Without it nobody is in rooms and group DMs, and in
 * a direct message those who were let in by name of their id: the listed and the `paired`. `"*"` makes nobody
 * an operator.
 */
export function operatorsIn(
  settings: AccountSettings,
  { chatType, paired }: { readonly chatType: ChatType; readonly paired: readonly string[] },
): readonly string[] {
  if (settings.commandAllowFrom.length > 0) return settings.commandAllowFrom.filter(isId);
  if (chatType !== "direct") return [];
  return [...settings.allowFrom, ...(settings.dmPolicy === "pairing" ? paired : [])].filter(isId);
}

function isId(entry: string): boolean {
  return entry !== "*";
}

/**
 * Whether a command is for others than this bot: it names another bot, or anybody before its word, whom the server may
 * not know. Everybody and a team are nobody else.
 */
export function isForOthers(command: Command, message: MessageFacts, settings: AccountSettings): boolean {
  if (mentionsBot(message, settings)) return false;
  const users = message.mentions.filter(({ kind }) => kind === "user");
  if (command.addressed) return users.length > 0 || message.mentions.length === 0;
  return users.some(({ id }) => settings.bots.has(id));
}
