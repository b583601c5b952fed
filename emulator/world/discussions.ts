// Discussions: rooms made from a room or a message, with a notice in the parent room.
import { refOf, type World } from "../world.ts";
import type { Message, Room, User } from "./documents.ts";
import { insertMessage } from "./messages/messages.ts";
import { systemMessage } from "./notices.ts";
import { createRoom } from "./rooms.ts";
import { empty } from "./shapes.ts";

const NAME_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";

export interface NewDiscussion {
  by: User;
  title: string;
  /** User names. */
  users: string[];
  /** The first words in it. */
  reply?: string | undefined;
  /** The message it is about. */
  message?: Message | undefined;
}

/** Makes the room; answers it as the endpoint does, as it was before anybody was counted. */
export function createDiscussion(
  world: World,
  parent: Room,
  { by, title, users, reply, message }: NewDiscussion,
): Record<string, unknown> {
  const members = message ? [message.u.username, ...users] : users;
  const extra = {
    fname: title,
    ...(message ? { description: message.msg } : empty(world.traits, "description")),
    topic: parent.fname ?? parent.name ?? "",
    prid: parent._id,
    encrypted: false,
  };
  const name = `${world.sources.random(16, NAME_ALPHABET)}2`;
  const type = parent.t === "c" ? "c" : "p";
  const room = createRoom(world, { name, type, by, members, extra });
  const { description, ...rest } = room;
  const described = description ? { description } : {};
  const answered = { rid: room._id, inserted: true, ...rest, ...described, usersCount: 0 };
  const notice = systemMessage(world, {
    room: parent,
    t: "discussion-created",
    msg: title,
    by: refOf(by),
    extra: { drid: room._id, ...(message ? { attachments: [quoteOf(world, parent, message)] } : {}) },
  });
  if (world.traits.legacy && message) postQuote(world, room, { by, quote: quoteOf(world, parent, message) });
  if (reply !== undefined) insertMessage(world, room, { user: by, ts: world.now(), fields: { msg: reply } });
  if (!world.traits.legacy) world.tell({ stream: "room-messages", message: notice });
  return answered;
}

/** In 6.5 the discussion begins with the message it is about; it is not counted. */
function postQuote(
  world: World,
  room: Room,
  { by, quote }: { by: User; quote: Record<string, unknown> },
): void {
  const now = world.now();
  const first: Message = {
    _id: world.newId(),
    rid: room._id,
    msg: "",
    u: refOf(by),
    ts: now,
    _updatedAt: now,
    attachments: [quote],
  };
  world.messages.set(first._id, first);
  world.tell({ stream: "room-messages", message: first });
}

function quoteOf({ traits }: World, parent: Room, message: Message): Record<string, unknown> {
  const kind = parent.t === "c" ? "channel" : "group";
  return {
    text: message.msg,
    author_name: message.u.username,
    author_icon: `/avatar/${message.u.username}`,
    message_link: `/${kind}/${parent.name}?msg=${message._id}`,
    ...(message.attachments ? { attachments: message.attachments } : empty(traits, "attachments")),
    ts: message.ts,
  };
}
