// Owns the port to OpenClaw: what turning a message into an agent turn needs of the host, and nothing else.

import type { Approval } from "../commands/approval.ts";
import type { Command } from "../commands/parse.ts";
import type { ApprovalOutcome, LinkFacts, ModelFacts, SessionFacts } from "../commands/replies.ts";
import type { MessageFacts, UserFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { ImplicitMention } from "../policy/activation.ts";
import type { DropReason } from "../policy/admission.ts";
import type { AccountSettings } from "../settings.ts";
import type { FileLimits, FileQuery, Heard, MessageFiles, StoredFile } from "./media.ts";
import type { SessionMemory, Surroundings } from "./surroundings.ts";

/** A message in its room, with the text that the agent is to read. */
export interface TurnInput {
  readonly message: MessageFacts;
  readonly room: RoomFacts;
  /** The message's text without the bot's own name. */
  readonly text: string;
  readonly wasMentioned: boolean;
  /** The other ways in which the message addresses the bot, of those that the configuration allows. */
  readonly implicitMentions: readonly ImplicitMention[];
  /** What the message asks for when it is a command; a command needs no mention. */
  readonly command?: Command | undefined;
  /** What a voice message says that was listened to before it was known whether it names the bot. */
  readonly heard?: Heard | undefined;
  /** Something that happened in the room: it begins no thread. */
  readonly isNotice?: true;
  /** The reaction to the message that asks for this, as the server names it. */
  readonly reaction?: string;
}

export type Access =
  | { readonly kind: "allow" }
  /** An unknown person in a direct message, to be given a pairing code. */
  | { readonly kind: "pair" }
  /** `reason` is OpenClaw's reason code. */
  | { readonly kind: "refuse"; readonly cause: "sender" | "activation"; readonly reason: string };

/** The bot was added to a room. */
export interface Arrival {
  readonly inviter: UserFacts;
  /** The latest messages that people wrote there, in order. */
  readonly readRecent: (limit: number) => Promise<readonly MessageFacts[]>;
}

/** Something for the agent to know that asks for no answer. */
export interface Announcement {
  /** The event's own identity. */
  readonly identity: string;
  /** What it belongs to, of what may happen many times within seconds. */
  readonly group: string;
  /** One sentence. */
  readonly text: string;
}

/** Posts in the room and thread of the command and answers with the message id. */
export type PostReply = (text: string) => Promise<string>;

/** How the reply to a command reaches its place. */
export interface CommandPort {
  readonly post: PostReply;
  /** The thread of the command; undefined at top level, and where the thread's root is not in the room. */
  readonly threadId: string | undefined;
}

/** How the replies of a turn reach its room. */
export interface ReplyPort {
  /** The thread of the question; undefined at top level, and where the thread's root is not in the room. */
  readonly threadId: string | undefined;
  /** Posts one chunk of a reply in a thread, or at top level, and answers with its message id. */
  post(text: string, threadId: string | undefined): Promise<string>;
  /** The root of the thread that a reply to a message enters; undefined when the message is not of this room. */
  findRoot(messageId: string): Promise<string | undefined>;
}

/** Why a message went no further. */
export interface Dropped {
  readonly kind: "dropped";
  readonly reason: DropReason;
  readonly detail?: string;
}

/** What an admitted turn needs of Rocket.Chat. */
export interface TurnPort extends ReplyPort {
  /**
   * Judges the message once more, by what holds now: to be asked when its turn begins. Undefined when it may run; otherwise
   * the signal of the dispatch has aborted.
   */
  judgeAnew(): Promise<Dropped | undefined>;
  /** What the agent is to be shown besides the message. */
  lookAround(session: SessionMemory): Promise<Surroundings>;
  /** Brings files of the message, or of another of its room, to the host. */
  fetchFiles(message: FileQuery["message"], limits: FileLimits): Promise<MessageFiles>;
}

export interface StopFacts {
  /** Whether the session had a run under way. */
  readonly otherRun: boolean;
  /** Stored messages that were waiting behind it. */
  readonly dropped: number;
}

/** What OpenClaw and the account know of a conversation. */
export interface ConversationFacts {
  readonly agent: string;
  readonly model: string;
  readonly session: SessionFacts | undefined;
  /** Stored messages of this conversation that wait for their turn. */
  readonly waiting: number;
  readonly link: LinkFacts;
}

/** One routed message at the host. Access is resolved first. */
export interface HostTurn {
  /** The conversation as the agent sees it: its session, in this room. */
  readonly conversation: string;
  /** OpenClaw's whole decision by the configuration in force now: sender, room, command and mention gates. */
  resolveAccess(): Promise<Access>;
  /** The work's outcome; OpenClaw hears meanwhile that the message is worked on, however long it takes. */
  atWork<T>(work: Promise<T>): Promise<T>;
  /** What is said in a recording, as OpenClaw transcribes it; undefined when it cannot. Never rejects. */
  transcribe(recording: StoredFile): Promise<string | undefined>;
  /** Registers the sender for pairing and sends the code, unless it was sent before. Rejects when `send` does. */
  requestPairing(send: (text: string) => Promise<void>): Promise<void>;
  /**
   * Has the agent introduce itself in a room that it was added to, by what can be read there; OpenClaw does it once for each
   * room, unless it is configured not to. Rejects only on hold.
   */
  introduce(arrival: Arrival): Promise<void>;
  /** Has the agent read this at the beginning of its next turn of the conversation; in place of pairing and dispatch. */
  announce(announcement: Announcement): void;
  /**
   * Whether the server refused the answer for good, so that trying again is of no use; then the log says so, and the sender
   * of a room's message is told. Never rejects.
   */
  takeRefusal(error: unknown): Promise<boolean>;
  /** Runs the agent and delivers its replies. When `signal` aborts, the run ends and nothing more is delivered. */
  dispatch(port: TurnPort, signal: AbortSignal): Promise<void>;
  /** OpenClaw's decision whether the sender may run operators' commands here. */
  authorizeCommand(): Promise<boolean>;
  /** Has OpenClaw carry out one of its own commands, such as `/new`, after `authorizeCommand` said yes. */
  runOwnCommand(text: string, port: CommandPort): Promise<void>;
  /** Ends what runs in the session, after `authorizeCommand` said yes, and meanwhile tells what that is. */
  stop(tell: (facts: StopFacts) => Promise<unknown>): Promise<void>;
  /** The id of what a message of the bot asks to be approved; undefined when it asks nothing. */
  findApproval(message: Pick<MessageFacts, "id" | "sentAt" | "updatedAt">): Promise<string | undefined>;
  /** Decides about something that waits for approval, after `authorizeCommand` said yes. */
  resolveApproval(approval: Approval): Promise<ApprovalOutcome>;
  describe(): Promise<ConversationFacts>;
  listModels(): Promise<ModelFacts>;
  /**
   * Changes the model of this conversation from its next turn on, after `authorizeCommand` said yes. `choice`
   * is `provider/model` or `default`; answers with the reason when it was refused.
   */
  selectModel(choice: string): Promise<string | undefined>;
}

export interface InboundHost {
  /** The settings in force now. */
  settings(): AccountSettings;
  openTurn(input: TurnInput): HostTurn;
}
