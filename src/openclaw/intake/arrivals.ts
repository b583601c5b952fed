// Owns what becomes of each event of the connection: a message, the news of a deletion, or of a changed setting.

import type { ConnectionHandlers } from "../../connection/driver.ts";
import type { StreamEvent } from "../../ddp/protocol.ts";
import type { CatchUp } from "../../intake/catch-up.ts";
import type { RawMessageEvent } from "../../intake/receive.ts";
import { noteOtherWriter } from "../account/observe.ts";
import type { WriterWatch } from "../account/other-writer.ts";
import type { AccountScope } from "../account/scope.ts";
import { noteSettingChange, SETTINGS_STREAM } from "../account/server-facts.ts";
import { type Deletions, type Gone, readGone } from "./deletions.ts";
import type { Ingress } from "./ingress.ts";
import { toRawEvent } from "./raw-event.ts";

/** All messages of all rooms that the bot user may see, by one subscription (recording `subscriptions`). */
const MESSAGE_STREAM = { stream: "stream-room-messages", eventName: "__my_messages__" };

/** What every connection of an account listens to. */
export const STREAMS = [MESSAGE_STREAM, SETTINGS_STREAM];

export interface ArrivalOptions {
  readonly scope: AccountScope;
  readonly ingress: Ingress;
  readonly catchUp: CatchUp;
  readonly deletions: Deletions;
  readonly writers: WriterWatch;
}

/** Takes what the connection delivers. */
export function createArrivals(options: ArrivalOptions): ConnectionHandlers["onEvent"] {
  const { scope, ingress, writers } = options;
  return (event) => {
    scope.health.heard(Date.now());
    if (event.eventName === SETTINGS_STREAM.eventName) return takeSettingChange(scope, event);
    const gone = readGone(event);
    if (gone !== undefined) return admitGone(ingress, gone);
    if (writers.isForeign(event.args[0])) noteOtherWriter(scope);
    return store(options, toRawEvent(event));
  };
}

function takeSettingChange(
  { typing, settings }: AccountScope,
  event: StreamEvent,
): Promise<void> | undefined {
  // Among the settings is whether people are shown by their real names.
  typing.forgetName();
  return noteSettingChange(settings.accountId, event);
}

async function admitGone(ingress: Ingress, gone: Gone): Promise<void> {
  if ("prune" in gone) await ingress.admitPrune(gone.prune);
  else await ingress.admitDeletions([gone.messageId]);
}

/** Stores a message behind what its room has missed. */
function store(options: ArrivalOptions, raw: RawMessageEvent): Promise<void> | undefined {
  const { ingress, catchUp } = options;
  const turn = catchUp.awaitTurn(raw);
  const admitted = turn === undefined ? ingress.admit(raw) : turn.then(() => ingress.admit(raw));
  if (typeof admitted !== "number") return admitted.then(() => note(options, raw));
  note(options, raw);
  return undefined;
}

function note({ ingress, catchUp, deletions }: ArrivalOptions, raw: RawMessageEvent): void {
  catchUp.noteLive(raw);
  const roomId = ingress.watchedRoom(raw);
  if (roomId !== undefined) deletions.noteRoom(roomId);
}
