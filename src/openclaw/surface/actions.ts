// Owns what the message tool can do beside sending, and the switch that turns each action off.

import { jsonResult, readReactionParams, readStringParam } from "openclaw/plugin-sdk/channel-actions";
import type { ChannelPlugin, OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { Revision } from "../../facts/change.ts";
import { deleteOwn, editOwn, pin, react, removeOwnReactions } from "../../outbound/reactions.ts";
import { resolveTargetRoom } from "../../outbound/send.ts";
import { parseTarget } from "../../outbound/target.ts";
import type { RestClient } from "../../rest/client.ts";
import { fetchRevision } from "../../rest/reactions.ts";
import type { AccountSettings, ActionGroup } from "../../settings.ts";
import { splitReply } from "../account/reply-text.ts";
import { sendingFor } from "../account/sending.ts";
import { inspectAccount, isConfigured, listAccountIds, resolveAccount } from "../config/account.ts";
import { isBroadcast, sendBroadcast } from "./broadcast.ts";
import { downloadFiles, uploadFile } from "./file-actions.ts";
import { describeMember, listEmoji, openConversation } from "./lookups.ts";
import { type Context, listPins, nameMessage, noMessage, readMessages, readOne, search } from "./reading.ts";
import { describeParameters } from "./tool-schema.ts";

type Actions = NonNullable<ChannelPlugin["actions"]>;

/** Our actions, and the switch in `actions` of the configuration that turns each off. */
const SWITCHES = {
  react: "reactions",
  reactions: "reactions",
  read: "messages",
  edit: "messages",
  delete: "messages",
  "upload-file": "messages",
  "download-file": "messages",
  "conversation-open": "messages",
  pin: "pins",
  unpin: "pins",
  "list-pins": "pins",
  "member-info": "memberInfo",
  "emoji-list": "emojiList",
  search: "search",
} as const satisfies Record<string, ActionGroup>;
type Action = keyof typeof SWITCHES;

const isOurs = (action: string): action is Action => Object.hasOwn(SWITCHES, action);

/** How many people are named for one emoji. */
const MAX_REACTORS = 100;

export const actions: Actions = {
  describeMessageTool({ cfg, accountId }) {
    const offered: ["send", ...Action[]] = ["send", ...listActions(cfg, accountId)];
    return { actions: offered, schema: describeParameters(offered) };
  },
  supportsAction: ({ action }) => isOurs(action) || action === "send",
  // What is not prepared for OpenClaw's delivery comes back to handleAction.
  prepareSendPayload: ({ ctx, payload }) => (isBroadcast(ctx) ? null : payload),
  async handleAction(ctx) {
    if (isBroadcast(ctx)) return sendBroadcast(ctx);
    const account = resolveAccount(ctx.cfg, ctx.accountId);
    const { action } = ctx;
    if (!isOurs(action) || !account.actions[SWITCHES[action]])
      throw new Error(`The action ${action} is turned off for this Rocket.Chat account`);
    if (action === "upload-file") return uploadFile(ctx);
    const rest = sendingFor(account).rest;
    const answer = await answerReading(action, { ctx, account, rest });
    if (answer !== undefined) return jsonResult({ ok: true, ...answer });
    const message = await findMessage(ctx, rest);
    return jsonResult({ ok: true, ...(await perform(action, { ctx, account, rest, message })) });
  },
};

interface Acting {
  readonly ctx: Context;
  readonly account: AccountSettings;
  readonly rest: RestClient;
}

/** Carries out what changes no message; undefined for what does. */
async function answerReading(action: Action, { ctx, account, rest }: Acting): Promise<object | undefined> {
  const scope = { rest, account };
  switch (action) {
    case "read":
      return readMessages(ctx, scope);
    case "list-pins":
      return listPins(ctx, scope);
    case "search":
      return search(ctx, scope);
    case "reactions":
      return listReactions(rest, (await readOne(ctx, scope)).message.id);
    case "download-file":
      return downloadFiles(account, await readOne(ctx, scope));
    case "member-info":
      return describeMember(ctx, rest);
    case "emoji-list":
      return listEmoji(ctx, rest);
    case "conversation-open":
      return openConversation(ctx, { rest, settings: account });
    default:
      return undefined;
  }
}

function listActions(cfg: OpenClawConfig, accountId: string | null | undefined): Action[] {
  const ids = accountId == null ? listAccountIds(cfg) : [accountId];
  const accounts = ids.map((id) => inspectAccount(cfg, id)).filter(isConfigured);
  return Object.keys(SWITCHES)
    .filter(isOurs)
    .filter((action) => accounts.some((account) => account.actions[SWITCHES[action]]));
}

async function perform(
  action: Action,
  { ctx: { params }, account, rest, message }: Acting & { readonly message: Revision },
): Promise<object> {
  switch (action) {
    case "react": {
      const removeErrorMessage = "An emoji is needed to remove a reaction.";
      const { emoji, remove, isEmpty } = readReactionParams(params, { removeErrorMessage });
      if (isEmpty) return { removed: await removeOwnReactions(rest, message, account.username) };
      const name = await react(rest, { messageId: message.id, emoji, stands: !remove });
      return remove ? { removed: name } : { added: name };
    }
    case "edit":
      assertOwn(message, account);
      await editOwn(rest, message, await textOf(params, account, rest));
      return { edited: message.id };
    case "delete":
      assertOwn(message, account);
      await deleteOwn(rest, message);
      return { deleted: message.id };
    case "pin":
    case "unpin":
      await pin(rest, message, action === "pin");
      return { [`${action}ned`]: message.id };
    default:
      throw new Error(`There is no action ${action}`);
  }
}

/** Who reacted to a message, and how. */
async function listReactions(rest: RestClient, messageId: string): Promise<object> {
  const message = await fetchRevision(rest, messageId);
  if (message === undefined) throw noMessage(messageId);
  return {
    reactions: [...message.reactions].map(([emoji, usernames]) => ({
      emoji,
      count: usernames.length,
      users: usernames.slice(0, MAX_REACTORS),
    })),
  };
}

async function textOf(
  params: Context["params"],
  account: AccountSettings,
  rest: RestClient,
): Promise<string> {
  const [text, ...more] = await splitReply(
    account,
    rest,
    readStringParam(params, "message", { required: true }),
  );
  if (text === undefined || more.length > 0)
    throw new Error("The new text must fit into one message of this server; send another message instead");
  return text;
}

function assertOwn(message: Revision, account: AccountSettings): void {
  if (message.sender.id !== account.userId)
    throw new Error("Only messages that the bot user itself sent can be edited or deleted");
}

/** The message an action is about: the named one, or the one being answered; it must stand in the conversation meant. */
async function findMessage(ctx: Context, rest: RestClient): Promise<Revision> {
  const { params, toolContext } = ctx;
  const messageId = nameMessage(ctx);
  const message = await fetchRevision(rest, messageId);
  const to =
    readStringParam(params, "to") ??
    toolContext?.currentMessagingTarget ??
    (toolContext?.currentChannelId && `room:${toolContext.currentChannelId}`);
  if (message === undefined || (to !== undefined && (await findRoom(rest, to)) !== message.roomId))
    throw noMessage(messageId);
  return message;
}

async function findRoom(rest: RestClient, to: string): Promise<string | undefined> {
  const target = parseTarget(to) ?? parseTarget(to.replace(/^room:/, ""));
  return target && resolveTargetRoom(rest, target);
}
