// Which stream a subscription listens to, who may, and what it gets of a broadcast.
import type { Broadcast, Message, User } from "../world/documents.ts";
import { ServerError } from "../world/errors.ts";
import type { World } from "../world.ts";
import { isRecord } from "./ejson.ts";

/** One accepted `sub`. */
export interface StreamSubscription {
  id: string;
  /** The publication: `stream-room-messages` and so on. */
  name: string;
  eventName: string;
  /** For `stream-user-presence`: whose presence. */
  watched: Set<string>;
}

export const PRESENCE = "stream-user-presence";
export const MY_MESSAGES = "__my_messages__";

const STREAMS = new Set([
  "stream-room-messages",
  "stream-notify-room",
  "stream-notify-room-users",
  "stream-notify-user",
  "stream-notify-logged",
  "stream-notify-all",
  "stream-user-presence",
  "stream-roles",
  "stream-room-data",
]);

/** Throws when the stream is unknown or the user (if any) may not listen to it. */
export function openStream(
  world: World,
  user: User | undefined,
  { id, name, params }: { id: string; name: string; params: unknown[] },
): StreamSubscription {
  if (!STREAMS.has(name)) throw new ServerError(404, `Subscription '${name}' not found`);
  const eventName = params[0];
  if (eventName === undefined) throw new ServerError(500, "Internal server error");
  if (eventName === "" && name !== "stream-user-presence") throw new ServerError("invalid-event-name");
  if (typeof eventName !== "string") throw new ServerError("not-allowed");
  if (!mayListen(world, user, name, eventName)) throw new ServerError("not-allowed");
  return { id, name, eventName, watched: watchedBy(params[1]) };
}

function watchedBy(options: unknown): Set<string> {
  return new Set(isRecord(options) ? idsIn(options.added) : []);
}

/** A further `sub` of a connection that watches presences already changes whom it watches, and ends at once. */
export function watchOthers(watching: StreamSubscription, options: unknown): void {
  if (!isRecord(options)) return;
  for (const uid of idsIn(options.added)) watching.watched.add(uid);
  for (const uid of idsIn(options.removed)) watching.watched.delete(uid);
}

const idsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((uid) => typeof uid === "string") : [];

function mayListen(world: World, user: User | undefined, name: string, eventName: string): boolean {
  switch (name) {
    case "stream-room-messages":
      return eventName === MY_MESSAGES || mayRead(world, user, eventName);
    case "stream-notify-room":
      return mayRead(world, user, ridOf(eventName));
    case "stream-notify-room-users":
      return user !== undefined && world.membership(ridOf(eventName), user._id) !== undefined;
    case "stream-notify-user":
      return user !== undefined && eventName.startsWith(`${user._id}/`);
    case "stream-notify-all":
    case "stream-user-presence":
      return true;
    default:
      return user !== undefined;
  }
}

function mayRead(world: World, user: User | undefined, rid: string): boolean {
  const room = world.rooms.get(rid);
  return user !== undefined && room !== undefined && world.canAccess(room, user);
}

function ridOf(eventName: string): string {
  return eventName.slice(0, eventName.lastIndexOf("/"));
}

/** What of a broadcast a subscription delivers; undefined: nothing. */
export function framesFor(
  world: World,
  user: User | undefined,
  subscription: StreamSubscription,
  broadcast: Broadcast,
): Record<string, unknown> | undefined {
  if (broadcast.stream === "hang-up" || subscription.name !== `stream-${broadcast.stream}`) return undefined;
  const changed = (eventName: string, args: unknown[]) => ({
    msg: "changed",
    collection: subscription.name,
    id: "id",
    fields: { eventName, args },
  });
  switch (broadcast.stream) {
    case "room-messages": {
      const args = messageArgs(world, user, subscription.eventName, broadcast);
      return args && changed(subscription.eventName, args);
    }
    case "notify-room": {
      const eventName = `${broadcast.rid}/${broadcast.event}`;
      if (eventName !== subscription.eventName || !mayRead(world, user, broadcast.rid)) return undefined;
      return changed(eventName, broadcast.args);
    }
    case "notify-user": {
      const eventName = `${broadcast.uid}/${broadcast.event}`;
      return eventName === subscription.eventName ? changed(eventName, broadcast.args) : undefined;
    }
    case "user-presence": {
      if (!subscription.watched.has(broadcast.uid)) return undefined;
      const fields = { uid: broadcast.uid, args: [broadcast.args], eventName: broadcast.uid };
      return { msg: "changed", collection: subscription.name, id: broadcast.uid, fields };
    }
    default:
      return broadcast.event === subscription.eventName
        ? changed(broadcast.event, broadcast.args)
        : undefined;
  }
}

function messageArgs(
  world: World,
  user: User | undefined,
  eventName: string,
  { message, also = [] }: { message: Message; also?: string[] },
): unknown[] | undefined {
  const room = world.rooms.get(message.rid);
  if (!user || !room) return undefined;
  if (!world.canAccess(room, user) && !also.includes(user._id)) return undefined;
  if (eventName === message.rid) return [message];
  if (eventName !== MY_MESSAGES) return undefined;
  const roomParticipant = world.membership(room._id, user._id) !== undefined;
  return [
    message,
    { roomParticipant, roomType: room.t, ...(room.name === undefined ? {} : { roomName: room.name }) },
  ];
}
