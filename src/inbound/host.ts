// Owns the port to OpenClaw: what turning a message into an agent turn needs of the host, and nothing else.

import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { ImplicitMention } from "../policy/activation.ts";
import type { AccountSettings } from "../settings.ts";

/** A message in its room, with the text that the agent is to read. */
export interface TurnInput {
  readonly message: MessageFacts;
  readonly room: RoomFacts;
  /** The message's text without the bot's own name. */
  readonly text: string;
  readonly wasMentioned: boolean;
  /** The other ways in which the message addresses the bot, of those that the configuration allows. */
  readonly implicitMentions: readonly ImplicitMention[];
}

export type Access =
  | { readonly kind: "allow" }
  /** An unknown person in a direct message, to be given a pairing code. */
  | { readonly kind: "pair" }
  /** `reason` is OpenClaw's reason code. */
  | { readonly kind: "refuse"; readonly cause: "sender" | "activation"; readonly reason: string };

/** Something for the agent to know that asks for no answer. */
export interface Announcement {
  /** The event's own identity. */
  readonly identity: string;
  /** What it belongs to, of what may happen many times within seconds. */
  readonly group: string;
  /** One sentence. */
  readonly text: string;
}

/** How the replies of a turn reach its room. */
export interface ReplyPort {
  /** Posts one chunk of a reply in a thread, or at top level, and answers with its message id. */
  post(text: string, threadId: string | undefined): Promise<string>;
  /** The root of the thread that a reply to a message enters; undefined when the message is not of this room. */
  findRoot(messageId: string): Promise<string | undefined>;
}

/** One routed message at the host. Its calls are made in this order, each at most once. */
export interface HostTurn {
  /** OpenClaw's whole decision: sender, room, command and mention gates. */
  resolveAccess(): Promise<Access>;
  /** Registers the sender for pairing; the text to send, or undefined when a code was sent before. */
  requestPairing(): Promise<string | undefined>;
  /** Runs the agent and delivers its replies. */
  dispatch(replies: ReplyPort): Promise<void>;
  /** Has the agent read this at the beginning of its next turn of the conversation; in place of pairing and dispatch. */
  announce(announcement: Announcement): void;
}

export interface InboundHost {
  /** The settings in force now; a changed configuration shows at the next message. */
  settings(): AccountSettings;
  openTurn(input: TurnInput): HostTurn;
}
