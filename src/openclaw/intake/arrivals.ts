// Owns telling apart what the connection delivers: a message, the news of a deletion, or of a changed setting.

import type { Connection, ConnectionHandlers } from "../../connection/driver.ts";
import type { StreamEvent } from "../../ddp/protocol.ts";
import { NotOnlineError } from "../../errors.ts";
import { type FrameHead, FrameReader, MessageFrame } from "../../facts/frame.ts";
import { type ArrivalLanes, createArrivalLanes } from "../../intake/arrivals.ts";
import type { CatchUp } from "../../intake/catch-up.ts";
import type { RawMessageEvent } from "../../intake/receive.ts";
import { noteOtherWriter } from "../account/observe.ts";
import type { WriterWatch } from "../account/other-writer.ts";
import type { AccountScope } from "../account/scope.ts";
import { noteSettingChange, SETTINGS_STREAM } from "../account/server-facts.ts";
import type { Presence } from "../presence/presence.ts";
import { type Deletions, type Gone, readGone } from "./deletions.ts";
import type { Ingress } from "./ingress.ts";
import { idsOf, toRawEvent } from "./raw-event.ts";

/** All messages of all rooms that the bot user may see, by one subscription (recording `subscriptions`). */
const MESSAGE_STREAM = { stream: "stream-room-messages", eventName: "__my_messages__" };

/** What every connection of an account listens to. */
export const STREAMS = [MESSAGE_STREAM, SETTINGS_STREAM];

export interface ArrivalOptions {
  readonly scope: AccountScope;
  readonly connection: Pick<Connection, "giveUp">;
  readonly ingress: Ingress;
  readonly catchUp: CatchUp;
  readonly deletions: Deletions;
  readonly presence: Pick<Presence, "take">;
  readonly writers: WriterWatch;
}

/** An account's arrivals on their way into its queue. */
export interface Arrivals {
  readonly take: ConnectionHandlers["onEvent"];
  /** Reads a message out of its frame, and drops it at once where that is all that would come of it. */
  readonly glance: NonNullable<ConnectionHandlers["glance"]>;
  /** There is a new connection, which looks for what the one before has missed. */
  renew(): void;
}

/** Takes what the connection delivers. Nobody is asked about an arrival but in the lane of its room. */
export function createArrivals(options: ArrivalOptions): Arrivals {
  const { scope, connection } = options;
  const lanes = createArrivalLanes(connection.giveUp);
  const reader = new FrameReader();
  options.catchUp.follow(lanes.isSettled);
  const isFree = (roomId: string) => !lanes.isBusy(roomId) && !options.catchUp.holds(roomId);
  return {
    renew: lanes.renew,
    glance(text) {
      try {
        return glance(options, reader.read(text));
      } catch {
        // The whole way meets the same, and knows what follows from it.
        return undefined;
      }
    },
    take(event, characters) {
      const [frame] = event.args;
      if (frame instanceof MessageFrame) return takeFrame(options, { lanes, frame, isFree, characters });
      // It says nothing of whether messages come.
      if (options.presence.take(event)) return undefined;
      scope.health.heard(Date.now());
      if (event.eventName === SETTINGS_STREAM.eventName) return takeSettingChange(scope, event);
      const gone = readGone(event);
      if (gone !== undefined) return takeGone(options, { lanes, gone, characters });
      return takeMessage(options, { lanes, raw: toRawEvent(event), characters });
    },
  };
}

function glance(
  { scope, ingress }: ArrivalOptions,
  head: FrameHead | undefined,
): ReturnType<Arrivals["glance"]> {
  if (head === undefined) return undefined;
  if (ingress.drop(head)) {
    scope.health.heard(Date.now());
    return "done";
  }
  const frame = head.open();
  return frame && { ...MESSAGE_STREAM, args: [frame] };
}

function takeSettingChange({ typing, settings }: AccountScope, event: StreamEvent): undefined {
  // Among the settings is whether people are shown by their real names.
  typing.forgetName();
  // It waits for an answer of the server's that may be on its way.
  void noteSettingChange(settings.accountId, event);
}

interface Piece {
  readonly lanes: ArrivalLanes;
  readonly characters: number;
}

function takeGone(
  { connection, ingress }: ArrivalOptions,
  { lanes, gone, characters }: Piece & { readonly gone: Gone },
): Promise<void> | undefined {
  const ready = () => undefined;
  if (!("prune" in gone)) {
    const { roomId, messageId } = gone;
    return lanes.take({
      roomId,
      characters,
      ready,
      admit: () => ingress.admitDeletions(roomId, [messageId]),
    });
  }
  const { prune } = gone;
  const admit = () => void ingress.admitPrune(prune).catch(connection.giveUp);
  return lanes.take({ roomId: prune.roomId, characters, ready, admit });
}

/** A message that names nobody, as most, is taken by its frame. */
function takeFrame(
  options: ArrivalOptions,
  {
    frame,
    isFree,
    ...piece
  }: Piece & { readonly frame: MessageFrame; readonly isFree: (roomId: string) => boolean },
): Promise<void> | undefined {
  options.scope.health.heard(Date.now());
  const roomId = options.ingress.passBy(frame, isFree);
  if (roomId === undefined)
    return takeMessage(options, { ...piece, raw: { message: frame.message(), room: frame.room } });
  options.deletions.noteRoom(roomId);
  return undefined;
}

/** Stores a message behind what its room has missed. */
function takeMessage(
  options: ArrivalOptions,
  { lanes, raw, characters }: Piece & { readonly raw: RawMessageEvent },
): Promise<void> | undefined {
  const { scope, ingress, catchUp, writers } = options;
  if (writers.isForeign(raw.message)) noteOtherWriter(scope);
  // Of what is not served nothing was missed.
  const awaitTurn = () => (ingress.watches(raw) ? catchUp.awaitTurn(raw) : undefined);
  return lanes.take({
    roomId: idsOf(raw).room ?? "",
    characters,
    ready() {
      const asking = ingress.learn(raw);
      return asking === undefined ? awaitTurn() : asking.then(awaitTurn);
    },
    admit() {
      if (scope.ctx.abortSignal.aborted) throw new NotOnlineError("stopped");
      const admitted = ingress.admit(raw);
      if (typeof admitted !== "number") return admitted.then(() => note(options, raw));
      note(options, raw);
      return undefined;
    },
  });
}

function note({ ingress, deletions }: ArrivalOptions, raw: RawMessageEvent): void {
  const roomId = ingress.watchedRoom(raw);
  if (roomId !== undefined) deletions.noteRoom(roomId);
}
