// Owns what the message tool may read: the messages of a conversation, of a thread in it, what is pinned, what is found.

import {
  readPositiveIntegerParam,
  readStringParam,
  resolveReactionMessageId,
} from "openclaw/plugin-sdk/channel-actions";
import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { readCommand } from "../../commands/parse.ts";
import type { MessageFacts } from "../../facts/message.ts";
import type { RoomFacts } from "../../facts/room.ts";
import { findThreadRoot } from "../../outbound/resolve-target.ts";
import { resolveTargetRoom } from "../../outbound/send.ts";
import type { RestClient } from "../../rest/client.ts";
import {
  fetchMessage,
  fetchMessagesUntil,
  fetchPinned,
  fetchThread,
  searchMessages,
} from "../../rest/messages.ts";
import { fetchRoom, holdsDiscussion } from "../../rest/rooms.ts";
import type { AccountSettings } from "../../settings.ts";
import { recallTarget } from "../account/named-places.ts";
import { runningSettings } from "../config/room-tools.ts";
import { maySeeFor } from "../turn/context/surroundings.ts";
import { readMessageId } from "../turn/handover.ts";
import { readTarget } from "./targets.ts";

export type Context = Parameters<NonNullable<NonNullable<ChannelPlugin["actions"]>["handleAction"]>>[0];

/** How many messages are read where nothing else is asked for, and at most: a page of the server's. */
const [LIMIT, MAX_LIMIT] = [20, 100];

/** The newest messages of the conversation or of one of its threads, in order; `before` and `after` are ids or instants. */
export async function readMessages(ctx: Context, scope: Scope) {
  const reading = await openReading(ctx, scope);
  const { rest, room } = reading;
  const count = limitOf(ctx);
  const threadId = idParam(ctx, "threadId");
  const one = idParam(ctx, "messageId");
  if (one !== undefined) return { messages: [await findMessage(reading, one)].map(show) };
  if (threadId !== undefined) {
    const rootId = await findThreadRoot(rest, { roomId: room.id, messageId: threadId });
    if (rootId === undefined) throw new Error(`There is no thread ${threadId} in this conversation`);
    const [root, replies] = await Promise.all([
      fetchMessage(rest, rootId),
      fetchThread(rest, { rootId, count }),
    ]);
    return { threadId: rootId, ...present(root ? [root, ...replies] : replies, reading) };
  }
  const [before, after] = await Promise.all([
    instantOf(ctx, reading, "before"),
    instantOf(ctx, reading, "after"),
  ]);
  // The server leaves out what was sent at either instant.
  const until = before === undefined ? Date.now() + AHEAD_MS : before - 1;
  const asked = Math.max(count, WINDOW);
  const found = await fetchMessagesUntil(rest, { room, until, since: after, count: asked });
  const { messages } = present(found, reading);
  return { messages: messages.slice(-count), hasMore: found.length === asked || messages.length > count };
}

/** Reads more than is shown, for notices among the messages. */
const WINDOW = 50;

/** How far the server's clock may be ahead. Milliseconds. */
const AHEAD_MS = 60 * 60_000;

/** What is pinned in the conversation, in the server's order. */
export async function listPins(ctx: Context, scope: Scope) {
  const reading = await openReading(ctx, scope);
  const count = limitOf(ctx);
  const found = await fetchPinned(scope.rest, { roomId: reading.room.id, count });
  return { pins: present(found, reading).messages, hasMore: found.length === count };
}

/** The messages of the conversation with some words, newest first. */
export async function search(ctx: Context, scope: Scope) {
  const reading = await openReading(ctx, scope);
  // The server takes its own words (`from:`, `has:`) out, then what is left between slashes for a pattern, and works on
  // that for as long as it takes.
  const text = readStringParam(ctx.params, "query", { required: true }).replaceAll("/", " ").trim();
  if (text === "") throw new Error("Give query: the words to look for");
  const query = { roomId: reading.room.id, text, count: limitOf(ctx) };
  return present(await searchMessages(scope.rest, query), reading);
}

/** The message that an action reads something of, the named one or the one being answered, and its room. */
export async function readOne(
  ctx: Context,
  scope: Scope,
): Promise<{ readonly room: RoomFacts; readonly message: MessageFacts }> {
  const messageId = nameMessage(ctx);
  const reading = await openReading(ctx, scope);
  return { room: reading.room, message: await findShown(reading, messageId) };
}

/** The id of the message that an action is about. Throws when none is named and none is being answered. */
export function nameMessage({ params, toolContext }: Context): string {
  const named = resolveReactionMessageId({ args: params, ...(toolContext && { toolContext }) });
  if (named === undefined) throw new Error("Give messageId: the id of a message in this conversation");
  return readMessageId(String(named));
}

/** The account that reads, and its client. */
export interface Scope {
  readonly rest: RestClient;
  readonly account: AccountSettings;
}

/** A conversation that is read, and whose messages are shown of it. */
interface Reading {
  readonly rest: RestClient;
  readonly room: RoomFacts;
  shows(message: MessageFacts): boolean;
}

async function openReading(ctx: Context, { rest, account }: Scope): Promise<Reading> {
  const room = await findReadable(ctx, rest);
  return { rest, room, shows: viewOf(ctx, account, room) };
}

/** Whose messages are shown: as in the context of a turn those that `contextVisibility` lets through, to an operator all. */
function viewOf(ctx: Context, account: AccountSettings, room: RoomFacts): Reading["shows"] {
  const settings = runningSettings(account);
  if (ctx.conversationReadOrigin === "direct-operator" || settings.contextVisibility === "all")
    return () => true;
  const viewing = { settings, room, asker: ctx.requesterSenderId ?? undefined };
  return (message) => maySeeFor(viewing, message);
}

/**
 * The conversation that is to be read: the one that the agent is in, or any for an operator (the command line). OpenClaw
 * asks the same before, and this is the second lock: the bot is in rooms that the person asking may not see.
 */
async function findReadable(ctx: Context, rest: RestClient): Promise<RoomFacts> {
  const { params, toolContext, conversationReadOrigin } = ctx;
  const current = toolContext?.currentChannelId;
  const named = readStringParam(params, "to") ?? readStringParam(params, "channelId") ?? current;
  const target = named === undefined ? undefined : (recallTarget(named) ?? readTarget(named));
  if (target === undefined || "name" in target)
    throw new Error("Give channelId: room:<id of the conversation to read>");
  const roomId = await resolveTargetRoom(rest, target);
  const here = current === undefined ? undefined : readTarget(current);
  const isHere = here !== undefined && "id" in here && here.kind === "room" && here.id === roomId;
  if (!isHere && conversationReadOrigin !== "direct-operator")
    throw new Error("Only the conversation that you are in can be read");
  const room = await fetchRoom(rest, roomId);
  if (room === undefined)
    throw new Error("There is no such room on Rocket.Chat, or the bot user is not in it");
  const { parentId } = room;
  const isProven = parentId === undefined || (await holdsDiscussion(rest, { ...room, parentId }));
  return isProven ? room : { ...room, parentId: undefined };
}

function limitOf({ params }: Context): number {
  return Math.min(readPositiveIntegerParam(params, "limit") ?? LIMIT, MAX_LIMIT);
}

function idParam({ params }: Context, name: string): string | undefined {
  const text = readStringParam(params, name);
  return text === undefined ? undefined : readMessageId(text);
}

/** One message of the conversation. Rejects alike for one that is not there, stands elsewhere or is not shown. */
async function findShown({ rest, room, shows }: Reading, messageId: string): Promise<MessageFacts> {
  const message = await fetchMessage(rest, messageId);
  if (message === undefined || message.roomId !== room.id || !shows(message)) throw noMessage(messageId);
  return message;
}

async function findMessage(reading: Reading, messageId: string): Promise<MessageFacts> {
  const message = await findShown(reading, messageId);
  if (!isReadable(message)) throw noMessage(messageId);
  return message;
}

export function noMessage(messageId: string): Error {
  return new Error(`There is no message ${messageId} in this conversation`);
}

/** When the message with an id was sent, or the instant that is written. Epoch milliseconds. */
async function instantOf(ctx: Context, reading: Reading, name: string): Promise<number | undefined> {
  const text = idParam(ctx, name);
  if (text === undefined) return undefined;
  const instant = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(instant)) return instant;
  return (await findMessage(reading, text)).sentAt;
}

/** Of what the server answered, what people wrote in this room and may be shown: a command is no word for a model. */
function present(found: readonly MessageFacts[], { room, shows }: Reading) {
  const isShown = (message: MessageFacts): boolean =>
    message.roomId === room.id && isReadable(message) && shows(message);
  return { messages: found.filter(isShown).map(show) };
}

function isReadable({ systemType, text, files }: MessageFacts): boolean {
  if (systemType !== undefined || (text === "" && files.length === 0)) return false;
  return readCommand(text) === undefined;
}

function show({ id, text, sender, sentAt, threadId, edited, files }: MessageFacts) {
  return {
    id,
    text,
    user: { id: sender.id, username: sender.username, name: sender.name },
    timestampMs: sentAt,
    timestampUtc: new Date(sentAt).toISOString(),
    ...(threadId !== undefined && { threadId }),
    ...(edited !== undefined && { editedBy: edited.by?.username ?? "somebody" }),
    ...(files.length > 0 && { files: files.map(({ name }) => name) }),
  };
}
