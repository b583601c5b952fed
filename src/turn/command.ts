// Owns what each command of the bot does, from the admitted command to its reply.

import { readApproval } from "../commands/approval.ts";
import { findModel, findNearModels } from "../commands/models.ts";
import type { Command } from "../commands/parse.ts";
import {
  formatApproval,
  formatApprovalUsage,
  formatHelp,
  formatModelChanged,
  formatModels,
  formatRefusal,
  formatStatus,
  formatStopped,
  formatUnknown,
  formatUnknownModel,
} from "../commands/replies.ts";
import { rightOf, wordsFor } from "../commands/rights.ts";
import { NamesPendingError } from "../errors.ts";
import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import { isSenderUndecided } from "../policy/access.ts";
import type { AccountSettings } from "../settings.ts";
import type { HostTurn } from "./host.ts";
import type { Runs } from "./runs.ts";

export interface CommandScope {
  readonly command: Command;
  readonly message: MessageFacts;
  readonly room: RoomFacts;
  readonly settings: AccountSettings;
  readonly turn: HostTurn;
  readonly runs: Runs;
  /** The thread of the command, as the port's `threadId`. */
  readonly findThread: () => Promise<string | undefined>;
  /** Posts in the room and thread of the command. */
  readonly reply: (text: string) => Promise<string>;
  readonly now: () => number;
  /** When the command was stored, in epoch milliseconds of this machine's clock. */
  readonly receivedAt: number;
}

/**
 * Carries out a command of somebody who may speak here, or says in one line why not. Resolves when the reply
 * is posted; rejects when it could not be carried out now and should be tried again.
 */
export async function runCommand(scope: CommandScope): Promise<void> {
  const { command, settings, turn, reply } = scope;
  const right = rightOf(command, settings);
  if (right === "unknown") {
    await reply(formatUnknown(command.word));
    return;
  }
  const operator = await turn.authorizeCommand();
  // Whoever may be an operator by a name that is not looked up yet is not told that he is none.
  if (right === "operator" && !operator && isSenderUndecided(settings, scope.message.sender))
    throw new NamesPendingError();
  if (right === "operator" && !operator) {
    const place = {
      chatType: scope.room.chatType,
      operatorsListed: settings.commandAllowFrom.length > 0,
    };
    await reply(formatRefusal(command.word, place));
    return;
  }
  const words = wordsFor(settings, operator);
  switch (command.kind) {
    case "help":
      return void (await reply(formatHelp(words)));
    case "status":
      return void (await reply(await describeStatus(scope, words)));
    case "model":
      return selectModel(scope);
    case "stop":
      return stopConversation(scope);
    case "approve":
    case "deny":
      return decide(scope);
    case "other":
      return turn.runOwnCommand(`/${command.word} ${command.args}`.trim(), {
        post: reply,
        threadId: await scope.findThread(),
      });
  }
}

async function describeStatus({ turn, runs, settings, now }: CommandScope, words: readonly string[]) {
  const { agent, model, session, waiting, link } = await turn.describe();
  const running = runs.list(turn.conversation);
  const account = settings.name ?? settings.accountId;
  return formatStatus({ agent, model, session, waiting, link, running, account, words }, now());
}

async function selectModel({ command, turn, reply }: CommandScope): Promise<void> {
  const models = await turn.listModels();
  const name = command.args.replaceAll("`", "").trim();
  if (name === "" || name === "list") {
    await reply(formatModels(models));
    return;
  }
  const found = name === "default" ? name : findModel(name, models.choices);
  if (found === undefined) {
    await reply(formatUnknownModel(name, findNearModels(name, models.choices)));
    return;
  }
  const refusal = await turn.selectModel(found);
  await reply(refusal ?? formatModelChanged((await turn.listModels()).current));
}

async function decide({ command, turn, reply }: CommandScope): Promise<void> {
  const approval = readApproval(command);
  const text =
    approval === undefined
      ? formatApprovalUsage(command.word)
      : formatApproval(approval, await turn.resolveApproval(approval));
  if (text !== undefined) await reply(text);
}

/**
 * Ends what this connection has under way at once, whether OpenClaw took it over already or not; then
 * OpenClaw's `/stop` ends what else runs in the session and drops what it holds back itself.
 */
async function stopConversation({ message, turn, runs, reply, receivedAt }: CommandScope): Promise<void> {
  const ended = runs.stop(turn.conversation, { id: message.id, sentAt: message.sentAt, receivedAt });
  const senders = ended.slice(0, 1).map(({ sender }) => sender);
  await turn.stop(({ otherRun, dropped }) =>
    reply(formatStopped({ senders, otherRun, dropped: dropped + Math.max(0, ended.length - 1) })),
  );
}
