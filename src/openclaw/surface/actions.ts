// Owns what the message tool can do beside sending: reactions, edits and deletions, on messages of the conversation at hand.

import {
  jsonResult,
  readReactionParams,
  readStringParam,
  resolveReactionMessageId,
} from "openclaw/plugin-sdk/channel-actions";
import type { ChannelPlugin, OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { Revision } from "../../facts/change.ts";
import { deleteOwn, editOwn, react, removeOwnReactions } from "../../outbound/reactions.ts";
import { resolveTargetRoom } from "../../outbound/send.ts";
import { parseTarget } from "../../outbound/target.ts";
import type { RestClient } from "../../rest/client.ts";
import { fetchRevision } from "../../rest/reactions.ts";
import type { AccountSettings } from "../../settings.ts";
import { splitReply } from "../account/reply-text.ts";
import { sendingFor } from "../account/sending.ts";
import { inspectAccount, isConfigured, listAccountIds, resolveAccount } from "../config/account.ts";
import { readMessageId } from "../turn/handover.ts";
import { isBroadcast, sendBroadcast } from "./broadcast.ts";
import { downloadFiles, uploadFile } from "./file-actions.ts";

type Actions = NonNullable<ChannelPlugin["actions"]>;
type Context = Parameters<NonNullable<Actions["handleAction"]>>[0];

/** Our actions, and the switch in `actions` of the configuration that turns each off. */
const SWITCHES = {
  react: "reactions",
  reactions: "reactions",
  edit: "messages",
  delete: "messages",
  "upload-file": "messages",
  "download-file": "messages",
} as const;
type Action = keyof typeof SWITCHES;

const isOurs = (action: string): action is Action => Object.hasOwn(SWITCHES, action);

/** How many people are named for one emoji. */
const MAX_REACTORS = 100;

export const actions: Actions = {
  describeMessageTool: ({ cfg, accountId }) => ({ actions: ["send", ...listActions(cfg, accountId)] }),
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
    const message = await findMessage(ctx, rest);
    if (action === "download-file")
      return jsonResult({ ok: true, ...(await downloadFiles(account, message)) });
    return jsonResult({ ok: true, ...(await perform(action, { ctx, account, rest, message })) });
  },
};

function listActions(cfg: OpenClawConfig, accountId: string | null | undefined): Action[] {
  const ids = accountId == null ? listAccountIds(cfg) : [accountId];
  const accounts = ids.map((id) => inspectAccount(cfg, id)).filter(isConfigured);
  return Object.keys(SWITCHES)
    .filter(isOurs)
    .filter((action) => accounts.some((account) => account.actions[SWITCHES[action]]));
}

async function perform(
  action: Exclude<Action, "upload-file" | "download-file">,
  {
    ctx: { params },
    account,
    rest,
    message,
  }: { ctx: Context; account: AccountSettings; rest: RestClient; message: Revision },
): Promise<object> {
  switch (action) {
    case "react": {
      const removeErrorMessage = "An emoji is needed to remove a reaction.";
      const { emoji, remove, isEmpty } = readReactionParams(params, { removeErrorMessage });
      if (isEmpty) return { removed: await removeOwnReactions(rest, message, account.username) };
      const name = await react(rest, { messageId: message.id, emoji, stands: !remove });
      return remove ? { removed: name } : { added: name };
    }
    case "reactions":
      return {
        reactions: [...message.reactions].map(([emoji, usernames]) => ({
          emoji,
          count: usernames.length,
          users: usernames.slice(0, MAX_REACTORS),
        })),
      };
    case "edit":
      assertOwn(message, account);
      await editOwn(rest, message, await textOf(params, account, rest));
      return { edited: message.id };
    case "delete":
      assertOwn(message, account);
      await deleteOwn(rest, message);
      return { deleted: message.id };
  }
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
async function findMessage({ params, toolContext }: Context, rest: RestClient): Promise<Revision> {
  const named = resolveReactionMessageId({ args: params, ...(toolContext && { toolContext }) });
  if (named === undefined) throw new Error("Give messageId: the id of a message in this conversation");
  const messageId = readMessageId(String(named));
  const message = await fetchRevision(rest, messageId);
  const to =
    readStringParam(params, "to") ??
    toolContext?.currentMessagingTarget ??
    (toolContext?.currentChannelId && `room:${toolContext.currentChannelId}`);
  if (message === undefined || (to !== undefined && (await findRoom(rest, to)) !== message.roomId))
    throw new Error(`There is no message ${messageId} in this conversation`);
  return message;
}

async function findRoom(rest: RestClient, to: string): Promise<string | undefined> {
  const target = parseTarget(to) ?? parseTarget(to.replace(/^room:/, ""));
  return target && resolveTargetRoom(rest, target);
}
