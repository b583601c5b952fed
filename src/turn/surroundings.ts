// Owns what an admitted message's turn is shown besides it: recent messages, its thread, what it quotes, its room.

import { readCommand } from "../commands/parse.ts";
import { RocketChatError, TimeoutError } from "../errors.ts";
import type { MessageFacts } from "../facts/message.ts";
import { quotedMessageId } from "../facts/quote.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { RoomLookup } from "../intake/lookups.ts";
import type { Log } from "../log.ts";
import type { RestClient } from "../rest/client.ts";
import { fetchMessage, fetchMessagesUntil, fetchThread } from "../rest/messages.ts";
import { adviseRetry } from "../retry.ts";
import type { AccountSettings } from "../settings.ts";

/** The session of a turn, as far as what it is shown depends on it. Instants are epoch milliseconds. */
export interface SessionMemory {
  /** The agent has no memory of the conversation. */
  readonly isNew: boolean;
  /** When its memory begins; nothing older is shown as recent. */
  readonly since: number | undefined;
}

/** What the agent is shown besides the message. Messages are in order and as they are on the server now. */
export interface Surroundings {
  readonly recent: readonly MessageFacts[];
  /** Of a message in a thread: the message the thread hangs on; undefined when it is gone. */
  readonly starter: MessageFacts | undefined;
  /** Earlier messages of a thread that the agent enters, the starter not among them. */
  readonly earlier: readonly MessageFacts[];
  readonly quoted: MessageFacts | undefined;
  /** Of a discussion: the room that it was started in. */
  readonly parent: RoomFacts | undefined;
}

export const NOTHING_AROUND: Surroundings = {
  recent: [],
  starter: undefined,
  earlier: [],
  quoted: undefined,
  parent: undefined,
};

export interface SurroundingsQuery {
  readonly message: MessageFacts;
  readonly room: RoomFacts;
  readonly settings: AccountSettings;
  readonly session: SessionMemory;
}

export interface SurroundingsSource {
  readonly rest: RestClient;
  readonly rooms: Pick<RoomLookup, "room">;
  readonly log: Log;
  /** How long the message waits for what is around it; what comes later is left out. */
  readonly patience: () => AbortSignal;
}

/** How long a message waits for its surroundings. Milliseconds. */
export const SURROUNDINGS_WAIT_MS = 10_000;

/** Reads more than is shown, for what the sender allowlist takes away. */
const WINDOW = 50;

/**
 * Reads a turn's surroundings from the server; to be called for admitted messages only. What cannot be read is
 * left out and logged: the message itself is more important than what is around it. Never rejects for a server's
 * sake.
 */
export async function readSurroundings(
  source: SurroundingsSource,
  query: SurroundingsQuery,
): Promise<Surroundings> {
  const { rest, rooms, log } = source;
  const patience = source.patience();
  const { message, room } = query;
  const { threadId } = message;
  const attempt = async <T>(what: string, read: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await unlessAborted(read(), patience);
    } catch (error) {
      if (!(error instanceof RocketChatError)) throw error;
      log.warn(`${what} could not be read and is left out`, { error, room: room.id });
      return otherwise;
    }
  };
  const quotedId = quotedMessageId(message);
  const { parentId } = room;
  const limits = limitsOf(query);
  const [recent, starter, earlier, quoted, parent] = await Promise.all([
    attempt("history", () => readRecent(rest, query, limits.recent), []),
    attempt("thread", async () => (threadId ? fetchMessage(rest, threadId) : undefined), undefined),
    attempt("thread", () => readThread(rest, message, limits.earlier), []),
    attempt("quote", async () => (quotedId ? fetchMessage(rest, quotedId) : undefined), undefined),
    attempt("room", async () => (parentId ? rooms.room(parentId) : undefined), undefined),
  ]);
  return {
    recent,
    starter: isShown(starter, message) ? starter : undefined,
    earlier,
    quoted: isShown(quoted, message) ? quoted : undefined,
    parent,
  };
}

export interface EarlierQuery {
  readonly message: MessageFacts;
  readonly room: RoomFacts;
  /** How long before the message. Milliseconds. */
  readonly ms: number;
  /** Whether to reject for what passes by itself. */
  readonly mustKnow: boolean;
}

/** What was written in a message's place before it, in order. Nothing where that cannot be read, which is logged. */
export async function readBefore(
  { rest, log, patience }: Omit<SurroundingsSource, "rooms">,
  { message, room, ms, mustKnow }: EarlierQuery,
): Promise<readonly MessageFacts[]> {
  const query = { room, until: message.sentAt, since: message.sentAt - ms, count: WINDOW };
  try {
    const inThread = message.threadId !== undefined;
    const reading = inThread ? readThread(rest, message, WINDOW) : fetchMessagesUntil(rest, query);
    const found = await unlessAborted(reading, patience());
    return found.filter((other) => isEarlier(other, message));
  } catch (error) {
    if (!(error instanceof RocketChatError) || (mustKnow && adviseRetry(error).kind !== "blocked"))
      throw error;
    log.warn("what was written before could not be read and is left out", { error, room: room.id });
    return [];
  }
}

/** How many messages of each kind are shown, by Slack's rules. */
function limitsOf({ message, room, settings, session }: SurroundingsQuery): {
  recent: number;
  earlier: number;
} {
  const { thread, historyLimit } = settings;
  const isReply = message.threadId !== undefined;
  if (room.chatType === "direct") {
    const own = settings.dmHistoryLimits.get(message.sender.id) ?? settings.dmHistoryLimit;
    // A thread of a direct message shares its session, which may know nothing of the thread.
    return { recent: isReply || !session.isNew ? 0 : own, earlier: isReply ? thread.initialHistoryLimit : 0 };
  }
  const entersThread = isReply && session.isNew;
  const inThread = isReply && thread.historyScope === "thread";
  return {
    recent: entersThread && inThread ? 0 : historyLimit,
    earlier: entersThread ? Math.min(thread.initialHistoryLimit, historyLimit) : 0,
  };
}

async function readRecent(
  rest: RestClient,
  { message, room, settings, session }: SurroundingsQuery,
  limit: number,
): Promise<MessageFacts[]> {
  if (limit === 0) return [];
  const count = Math.max(limit, WINDOW);
  const inThread =
    message.threadId !== undefined && room.chatType !== "direct" && settings.thread.historyScope === "thread";
  if (inThread)
    return (await readThread(rest, message, count)).filter(({ sentAt }) => sentAt >= (session.since ?? 0));
  const query = { room, until: message.sentAt, since: session.since, count };
  const found = await fetchMessagesUntil(rest, query);
  return found.filter((other) => isEarlier(other, message));
}

async function readThread(rest: RestClient, message: MessageFacts, count: number): Promise<MessageFacts[]> {
  if (count === 0 || message.threadId === undefined) return [];
  const found = await fetchThread(rest, { rootId: message.threadId, count: Math.max(count, WINDOW) });
  return found.filter((other) => isEarlier(other, message)).slice(-count);
}

function isEarlier(other: MessageFacts, message: MessageFacts): boolean {
  return other.id !== message.id && other.sentAt <= message.sentAt && isShown(other, message);
}

/**
 * What people wrote in the room of the message to be read, and still can be: no notices, nothing deleted or encrypted,
 * no commands. The link of a quote and the thread of a message are the sender's text, and may name what stands in rooms
 * that the bot may read and the sender may not.
 */
export function isShown(
  other: MessageFacts | undefined,
  { roomId }: Pick<MessageFacts, "roomId">,
): other is MessageFacts {
  if (other === undefined || other.roomId !== roomId || other.systemType !== undefined) return false;
  if (other.text === "" && other.files.length === 0) return false;
  return readCommand(other.text) === undefined;
}

/** A rate limit or a slow server must not hold a question up for the sake of its surroundings. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: ended, resolve } = Promise.withResolvers<"late">();
  const end = (): void => resolve("late");
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  try {
    const first = await Promise.race([work.then((value) => ({ value })), ended]);
    if (first !== "late") return first.value;
    work.catch(() => {});
    throw new TimeoutError("Rocket.Chat did not answer in time", { afterMs: SURROUNDINGS_WAIT_MS });
  } finally {
    signal.removeEventListener("abort", end);
  }
}
