// What `chat.postMessage` does beside sending: it finds the room by name, joins it, opens direct rooms.
import type { World } from "../../world.ts";
import { directRoom } from "../direct.ts";
import type { Message, Room, User } from "../documents.ts";
import { PlainError, ServerError } from "../errors.ts";
import { NO_TIME } from "../files/uploads.ts";
import { addUser } from "../memberships.ts";
import { allows } from "../permissions.ts";
import { insertMessage, requireLicense, requireMayPost, topParent } from "./messages.ts";

export interface Post {
  text?: string;
  alias?: string;
  emoji?: string;
  avatar?: string;
  attachments?: Record<string, unknown>[];
  parseUrls?: boolean;
  tmid?: string | null;
}

/** @param target a room id, a room name with or without `#`, a user name with `@`, a user id */
export function postMessage(world: World, user: User, target: string, post: Post): Message {
  requireLicense(world);
  const room = findTarget(world, user, target);
  const { text = "", alias = "", attachments = [], parseUrls = attachments.length === 0, ...rest } = post;
  const disguised = alias !== "" || post.avatar !== undefined;
  if (disguised && !allows("message-impersonate", user)) throw new PlainError("Not enough permission");
  if (!world.traits.legacy && text.length > world.maxMessageSize)
    throw new PlainError("error-message-size-exceeded");
  const outside = world.membership(room._id, user._id) === undefined;
  if (outside && room.t === "c" && world.canAccess(room, user)) addUser(world, room, user);
  requireMayPost(world, room._id, user);
  const parent = post.tmid ? topParent(world, post.tmid) : undefined;
  const fields = {
    alias,
    msg: text.trim(),
    attachments: world.traits.legacy ? attachments.map((one) => ({ ts: NO_TIME, ...one })) : attachments,
    parseUrls,
    groupable: false,
    ...rest,
    ...(parent ? { tmid: parent._id } : {}),
  };
  return insertMessage(world, room, { user, ts: world.now(), fields });
}

function findTarget(world: World, user: User, target: string): Room {
  const name = target.replace(/^[#@]/, "");
  const room = target.startsWith("@") ? undefined : (world.rooms.get(name) ?? world.roomNamed(name));
  if (room) return room;
  const other = target.startsWith("#") ? undefined : (world.userNamed(name) ?? world.users.get(name));
  if (!other) throw new ServerError("invalid-channel");
  return directRoom(world, [user, other]);
}
