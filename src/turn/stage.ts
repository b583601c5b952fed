// Owns the values that the stages of an event's turn are given, and the ways in which a turn can end.

import type { MessageFacts } from "../facts/message.ts";
import type { RoomFacts } from "../facts/room.ts";
import type { LearnedKnowledge } from "../intake/knowledge.ts";
import type { RoomLookup, UserLookup } from "../intake/lookups.ts";
import type { RawMessageEvent } from "../intake/receive.ts";
import type { Companions } from "./companions.ts";
import type { Dropped, InboundHost } from "./host.ts";
import type { FileQuery, FileStore, MessageFiles } from "./media.ts";
import type { Runs } from "./runs.ts";
import type { Surroundings, SurroundingsQuery } from "./surroundings.ts";

export interface TurnDependencies {
  readonly host: InboundHost;
  readonly rooms: Pick<RoomLookup, "room">;
  readonly users: UserLookup;
  readonly known: LearnedKnowledge;
  readonly runs: Runs;
  readonly companions: Companions;
  /** Wall clock of this machine, epoch milliseconds. */
  readonly now: () => number;
  /** The same of the server, as far as it is known: by this the age of what it wrote is told. */
  readonly serverNow: () => number;
  /** When the event was stored, in epoch milliseconds of this machine's clock. */
  readonly receivedAt: number;
  /** Posts text in a room or thread and answers with the message id. */
  readonly post: (where: { roomId: string; threadId: string | undefined }, text: string) => Promise<string>;
  /** The root of a message's thread, itself if it is none's reply; undefined when it is not in the room. */
  readonly findRoot: (roomId: string, messageId: string) => Promise<string | undefined>;
  /** A message as it is now; undefined when it is not there any more. */
  readonly fetchMessage: (messageId: string) => Promise<MessageFacts | undefined>;
  /** The latest messages of a room, in order. */
  readonly readRecent: (room: RoomFacts, limit: number) => Promise<readonly MessageFacts[]>;
  /** Stores what a reaction asks, to be run in its turn; answers false where the same was asked before. */
  readonly takeUp: (asked: RawMessageEvent) => Promise<boolean>;
  /** What is around an admitted message; never asked about any other. */
  readonly lookAround: (query: SurroundingsQuery) => Promise<Surroundings>;
  /** Brings files of the room's messages to the host; never asked for any but an admitted message's sake. */
  readonly fetchFiles: (query: FileQuery) => Promise<MessageFiles>;
  /** Takes files that are not needed after all from the host again. Never rejects. */
  readonly discardFiles: FileStore["discard"];
}

export type TurnOutcome =
  | { readonly kind: "ran" }
  /** The agent was told of it and reads it in its next turn. */
  | { readonly kind: "told" }
  /** A reaction asks for something, and has a turn of its own. */
  | { readonly kind: "taken-up" }
  | { readonly kind: "commanded" }
  /** The sender's next message brings its files along. */
  | { readonly kind: "joined" }
  | Dropped;
