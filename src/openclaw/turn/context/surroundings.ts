// Owns how a message's surroundings are put to the agent, and whose messages it may see among them.

import { formatInboundEnvelope } from "openclaw/plugin-sdk/channel-inbound";
import {
  buildHistoryContextFromEntries,
  buildInboundHistoryFromEntries,
  type HistoryMediaEntry,
} from "openclaw/plugin-sdk/reply-history";
import { buildChannelMetadata, filterSupplementalContextItems } from "openclaw/plugin-sdk/security-runtime";
import { nameFiles } from "../../../facts/attachment.ts";
import { isRewritten, type MessageFacts, type UserFacts } from "../../../facts/message.ts";
import { withoutQuoteLinks } from "../../../facts/quote.ts";
import type { RoomFacts } from "../../../facts/room.ts";
import { resolveSenderRule } from "../../../policy/access.ts";
import type { AccountSettings } from "../../../settings.ts";
import type { Surroundings } from "../../../turn/surroundings.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import type { TurnScope } from "../scope.ts";

/**
 * The recent messages that a turn is shown, in order. The agent's own words are in its transcript; those of a direct message
 * are read for a new session alone, which has none.
 */
export function shownRecent(scope: TurnScope, around: Surroundings): readonly MessageFacts[] {
  const limit = limitOf(scope);
  return showTo(scope, "history", around.recent)
    .filter(({ sender }) => isDirect(scope) || sender.id !== scope.settings.userId)
    .slice(limit === 0 ? around.recent.length : -limit);
}

const isDirect = ({ input }: TurnScope): boolean => input.room.chatType === "direct";

function limitOf(scope: TurnScope): number {
  return isDirect(scope) ? directLimit(scope) : scope.settings.historyLimit;
}

/** What is shown of a message: its words, and its files by name. */
function wordsOf(message: MessageFacts): string {
  const text = withoutQuoteLinks(message);
  return message.files.length === 0 ? text : [text, nameFiles(message.files)].filter(Boolean).join("\n");
}

export interface Shown {
  readonly around: Surroundings;
  readonly body: string;
  /** Pictures of recent messages, by message id. */
  readonly pictures: ReadonlyMap<string, readonly HistoryMediaEntry[]>;
}

/** The parts of an inbound context that come from the message's surroundings. */
export function presentSurroundings(scope: TurnScope, { around, body, pictures }: Shown) {
  const limit = limitOf(scope);
  const entries = shownRecent(scope, around).map((message) => {
    const media = pictures.get(message.id);
    return {
      sender: nameTo(scope, message),
      body: wordsOf(message),
      timestamp: message.sentAt,
      messageId: message.id,
      ...(media && { media: [...media] }),
    };
  });
  const withHistory = buildHistoryContextFromEntries({
    entries,
    currentMessage: body,
    historyKind: "recent",
    excludeLast: false,
    formatEntry: ({ sender, body: text, timestamp, messageId }) =>
      envelope(scope, { sender, text: `${text} [id:${messageId}]`, sentAt: timestamp ?? 0 }),
  });
  const inboundHistory = buildInboundHistoryFromEntries({ entries, limit });
  return {
    body: withHistory,
    message: inboundHistory === undefined ? {} : { inboundHistory },
    sessionTranscript: {
      historyLimit: limit,
      historyKind: isDirect(scope) ? ("pending" as const) : ("recent" as const),
    },
    supplemental: { ...presentThread(scope, around), ...presentQuote(scope, around) },
    extra: presentRoom(scope, around),
  };
}

function directLimit({ settings, input }: TurnScope): number {
  return settings.dmHistoryLimits.get(input.message.sender.id) ?? settings.dmHistoryLimit;
}

function maySee({ settings, input }: TurnScope, message: MessageFacts): boolean {
  return maySeeFor({ settings, room: input.room, asker: input.message.sender.id }, message);
}

/** For whom messages of a room are shown. */
export interface Viewing {
  readonly settings: AccountSettings;
  readonly room: RoomFacts;
  /** The id of the person who asks; undefined where nobody is known to. */
  readonly asker: string | undefined;
}

/** Who may speak here may also be read; the asker and the bot itself always. An edited text is its editor's as well. */
export function maySeeFor(viewing: Viewing, message: MessageFacts): boolean {
  const { sender, edited } = message;
  const writers = isRewritten(message) ? [sender, edited?.by] : [sender];
  return writers.every((writer) => maySeeWriter(viewing, writer?.id));
}

function maySeeWriter({ settings, room, asker }: Viewing, id: string | undefined): boolean {
  if (room.chatType === "direct") return true;
  if (id !== undefined && (id === asker || id === settings.userId)) return true;
  const { groupPolicy, groupAllowFrom } = resolveSenderRule(settings, room);
  if (groupPolicy === "open" || groupAllowFrom.includes("*")) return true;
  return id !== undefined && groupAllowFrom.includes(id);
}

/** Those of some messages that the agent may see under `contextVisibility`. */
export function showTo(
  scope: TurnScope,
  kind: "history" | "thread" | "quote",
  messages: readonly MessageFacts[],
): readonly MessageFacts[] {
  const mode = scope.settings.contextVisibility;
  return filterSupplementalContextItems({
    items: messages,
    mode,
    kind,
    isSenderAllowed: (message) => maySee(scope, message),
  }).items;
}

/** The agent's own words are in its transcript, except a root that it wrote before the thread had one. */
function presentThread(scope: TurnScope, { starter, earlier }: Surroundings) {
  const own = scope.settings.userId;
  const [root] = starter === undefined ? [] : showTo(scope, "thread", [starter]);
  const replies = showTo(scope, "thread", earlier).filter(({ sender }) => sender.id !== own);
  if (earlier.length === 0) return root === undefined ? {} : { thread: { label: threadLabel(scope, root) } };
  const history = (root === undefined ? replies : [root, ...replies]).map((message) =>
    retell(scope, message),
  );
  return {
    thread: {
      ...(root && { starterBody: wordsOf(root), label: threadLabel(scope, root) }),
      ...(history.length > 0 && { historyBody: history.join("\n\n") }),
    },
  };
}

/** A message as it stands in the history of its thread. */
function retell(scope: TurnScope, message: MessageFacts): string {
  return envelope(scope, {
    sender: nameTo(scope, message),
    text: `${wordsOf(message)} [id:${message.id}]`,
    sentAt: message.sentAt,
  });
}

const LABEL_LENGTH = 80;

function threadLabel({ input: { room } }: TurnScope, root: MessageFacts): string {
  const start = wordsOf(root).replace(/\s+/g, " ").slice(0, LABEL_LENGTH);
  return `Rocket.Chat thread in ${room.label ?? "a direct message"}: ${start}`;
}

/** OpenClaw judges the quote by `contextVisibility`, to which it is an own kind. */
function presentQuote(scope: TurnScope, { quoted }: Surroundings) {
  if (quoted === undefined) return {};
  const { id } = quoted;
  const senderAllowed = maySee(scope, quoted);
  return {
    quote: { id, body: wordsOf(quoted), sender: nameTo(scope, quoted), senderAllowed, isQuote: true },
  };
}

/** What members wrote over the room: shown as data, never as instructions. */
function presentRoom({ input: { room } }: TurnScope, { parent }: Surroundings) {
  const metadata = buildChannelMetadata({
    source: CHANNEL_ID,
    label: "Rocket.Chat room description",
    entries: [
      room.topic && `Topic: ${room.topic}`,
      room.description && `Description: ${room.description}`,
      room.announcement && `Announcement: ${room.announcement}`,
      parent && `Discussion in ${parent.label ?? parent.id} (room:${parent.id})`,
    ],
  });
  return metadata === undefined ? {} : { ChannelPromptContext: [metadata] };
}

/** The agent is told of its own words as such. */
export function nameTo({ settings }: TurnScope, message: MessageFacts): string {
  return nameOf(message, message.sender.id === settings.userId ? "you (this assistant)" : undefined);
}

/** Who wrote a message, and who rewrote it. */
function nameOf(message: MessageFacts, author = nameOfUser(message.sender)): string {
  if (!isRewritten(message)) return author;
  const editor = message.edited?.by;
  return `${author}, edited by ${editor === undefined ? "another person" : nameOfUser(editor)}`;
}

/** Only a message begins a line. */
export const indentLines = (text: string): string => text.replace(LINE_END, "\n  ");

const LINE_END = /\r\n?|[\n\u2028\u2029]/g;

/** Signs that part names from words in what is retold. A server may allow them in usernames. */
const PARTING = /[\s:,()[\]]/;

/** By what nobody else has: people call themselves what they like, as the bot or as others. */
export function nameOfUser({ username, id }: UserFacts): string {
  return username === undefined || PARTING.test(username) ? id : username;
}

function envelope(
  { core, cfg, input: { room } }: TurnScope,
  { sender, text, sentAt }: { sender: string; text: string; sentAt: number },
): string {
  return formatInboundEnvelope({
    channel: "Rocket.Chat",
    from: room.label ?? sender,
    timestamp: sentAt,
    // What begins a line has been said by somebody.
    body: indentLines(text),
    chatType: room.chatType,
    senderLabel: sender,
    envelope: core.channel.reply.resolveEnvelopeFormatOptions(cfg),
  });
}
