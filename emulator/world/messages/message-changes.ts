// What can happen to a posted message: edit, delete, reaction, pin, star, follow, link preview.
import { refOf, type World } from "../../world.ts";
import type { Message, Room, User } from "../documents.ts";
import { isKnownEmoji } from "../emoji.ts";
import { PlainError, ServerError } from "../errors.ts";
import { removeFiles } from "../files/uploads.ts";
import { systemMessage, touch } from "../notices.ts";
import { allows, isReadOnlyFor } from "../permissions.ts";
import { empty } from "../shapes.ts";
import { parseMarkdown } from "./mentions.ts";
import { interpret, requireLicense, requireMayPost } from "./messages.ts";
import { resetLast } from "./prune.ts";

/** Changes a message's text. The same text again changes nothing and is told to nobody. */
export function editMessage(
  world: World,
  user: User,
  { message, text, previewUrls }: { message: Message; text: string; previewUrls?: string[] | undefined },
): Message {
  requireLicense(world);
  const membership = world.membership(message.rid, user._id);
  const own = message.u._id === user._id && world.setting("Message_AllowEditing") === true;
  if (!own && !allows("edit-message", user, membership)) {
    throw new ServerError("error-action-not-allowed", "Message editing not allowed", {
      method: "updateMessage",
      action: "Message_editing",
    });
  }
  requireEditable(world, user, message);
  requireMayPost(world, message.rid, user);
  const [attachment] = message.attachments ?? [];
  const captioned = attachment?.description !== undefined;
  if ((attachment?.description ?? message.msg) === text) return message;
  if (captioned) setCaption(world, attachment, text);
  else message.msg = withFenceClosed(text);
  interpret(world, message, user);
  if (world.traits.mentionsFromMarkdown) message.urls ??= [];
  if (previewUrls)
    for (const link of message.urls ?? []) if (!previewUrls.includes(link.url)) link.ignoreParse = true;
  message._updatedAt = world.now();
  message.editedAt = world.now();
  message.editedBy = { _id: user._id, username: user.username };
  keepLast(world, message);
  const parent = message.tmid ? world.messages.get(message.tmid) : undefined;
  if (parent && world.traits.editedReplyResendsParent)
    world.tell({ stream: "room-messages", message: parent });
  world.tell({ stream: "room-messages", message });
  return message;
}

/** An edit closes a code block that its text leaves open. */
function withFenceClosed(text: string): string {
  return text.split("```").length % 2 === 0 ? `${text}\n\`\`\`` : text;
}

/** The text of a file's message that has a place for a description goes there. */
function setCaption(world: World, attachment: Record<string, unknown>, text: string): void {
  attachment.description = text;
  if (text === "") delete attachment.descriptionMd;
  else attachment.descriptionMd = parseMarkdown(text, world.traits);
}

/** A setting may forbid to edit what is older than some minutes; 0 forbids nothing. */
function requireEditable(world: World, user: User, message: Message): void {
  if (isWithin(world, message, "Message_AllowEditing_BlockEditInMinutes")) return;
  if (allows("bypass-time-limit-edit-and-delete", user)) return;
  throw new ServerError("error-message-editing-blocked", "Message editing is blocked", {
    method: "updateMessage",
  });
}

/** Whether a message is younger than the minutes of a setting; 0 limits nothing. */
function isWithin(world: World, message: Message, setting: string): boolean {
  const minutes = Number(world.setting(setting));
  return minutes === 0 || world.sources.now() - message.ts.getTime() <= minutes * 60_000;
}

/** Deletes for good and tells the id; a thread's parent only loses its content and is sent again. */
export function deleteMessage(world: World, user: User, message: Message): void {
  const membership = world.membership(message.rid, user._id);
  const own =
    message.u._id === user._id &&
    allows("delete-own-message", user, membership) &&
    world.setting("Message_AllowDeleting") === true &&
    (isWithin(world, message, "Message_AllowDeleting_BlockDeleteInMinutes") ||
      allows("bypass-time-limit-edit-and-delete", user));
  if (
    !own &&
    !allows("delete-message", user, membership) &&
    !allows("force-delete-message", user, membership)
  ) {
    throw new ServerError("error-action-not-allowed", "Not allowed");
  }
  removeFiles(world, message);
  if ((message.tcount ?? 0) > 0 || world.setting("Message_ShowDeletedStatus") === true)
    blank(world, user, message);
  else erase(world, message);
}

function blank(world: World, user: User, message: Message): void {
  const now = world.now();
  for (const key of ["md", "file", "files"]) Reflect.deleteProperty(message, key);
  Object.assign(message, {
    msg: "",
    t: "rm",
    urls: [],
    mentions: [],
    attachments: [],
    reactions: {},
    editedAt: now,
    _updatedAt: now,
  });
  message.editedBy = { _id: user._id, username: user.username };
  leaveThread(world, message);
  world.tell({ stream: "room-messages", message });
}

/** A reply less: from 7.0 on the parent is sent again only when it was the last one. */
function leaveThread(world: World, { tmid }: Message): void {
  const parent = tmid ? world.messages.get(tmid) : undefined;
  if (parent?.tcount === undefined) return;
  parent.tcount -= 1;
  parent._updatedAt = world.now();
  if (world.traits.legacy || parent.tcount === 0) world.tell({ stream: "room-messages", message: parent });
}

function erase(world: World, message: Message): void {
  world.messages.delete(message._id);
  world.trash.push({ message, deletedAt: world.now() });
  leaveThread(world, message);
  const room = world.rooms.get(message.rid);
  if (room) {
    room.msgs -= 1;
    touch(world, room);
    if (room.lastMessage?._id === message._id) resetLast(world, room);
  }
  world.tell({
    stream: "notify-room",
    rid: message.rid,
    event: "deleteMessage",
    args: [{ _id: message._id }],
  });
}

function keepLast(world: World, message: Message): void {
  const room = world.rooms.get(message.rid);
  if (room?.lastMessage?._id === message._id) room.lastMessage = { ...message };
}

/**
 * Adds or takes a reaction; without `should` it turns it round.
 *
 * @param emoji with or without colons; aliases are reactions of their own
 */
export function react(
  world: World,
  user: User,
  { message, emoji, should }: { message: Message; emoji: string; should?: boolean | undefined },
): void {
  const room = world.rooms.get(message.rid);
  const name = emoji.replaceAll(":", "");
  if (!isKnownEmoji(name) && !isCustomEmoji(world, name))
    throw new ServerError("error-not-allowed", "Invalid emoji provided.", { method: "setReaction" });
  if (!room || !world.canAccess(room, user)) {
    throw new ServerError("not-authorized", "Not Authorized", { method: "setReaction" });
  }
  if (room.reactWhenReadOnly !== true && isReadOnlyFor(room, user, world.membership(room._id, user._id))) {
    throw new PlainError("You can't send messages because the room is readonly.");
  }
  if (room.muted?.includes(user.username)) {
    const text = "You have been muted and cannot speak in this room";
    throw new ServerError("error-not-allowed", text, { rid: room._id });
  }
  const key = `:${name}:`;
  const had = message.reactions?.[key]?.usernames.includes(user.username) ?? false;
  if (should !== undefined && should === had) return;
  const reactions = { ...message.reactions };
  const others = (reactions[key]?.usernames ?? []).filter((username) => username !== user.username);
  const usernames = had ? others : [...others, user.username];
  if (usernames.length > 0) reactions[key] = { usernames };
  else delete reactions[key];
  if (Object.keys(reactions).length > 0) message.reactions = reactions;
  else delete message.reactions;
  message._updatedAt = world.now();
  keepLast(world, message);
  world.tell({ stream: "room-messages", message });
}

function isCustomEmoji({ customEmoji }: World, name: string): boolean {
  return customEmoji.has(name) || [...customEmoji.values()].some((aliases) => aliases.includes(name));
}

/** Pins a message; answers the notice, or from 7.0 on the message that was pinned already. */
export function pinMessage(world: World, user: User, message: Message): Message {
  const room = requirePinRight(world, user, message, "pinMessage");
  if (message.pinned === true && !world.traits.pinResends) return message;
  setPinned(world, user, message, true);
  if (world.traits.pinResends) world.tell({ stream: "room-messages", message });
  const quote = {
    text: message.msg,
    author_name: message.u.username,
    author_icon: `/avatar/${message.u.username}`,
    ...(world.traits.recentUploads ? empty(world.traits, "content") : {}),
    ts: message.ts,
    attachments: (message.attachments ?? []).map((one) => (one.attachments ? null : one)),
  };
  return systemMessage(world, {
    room,
    t: "message_pinned",
    msg: "",
    by: refOf(user),
    extra: { attachments: [quote] },
  });
}

export function unpinMessage(world: World, user: User, message: Message): void {
  const room = world.rooms.get(message.rid);
  if (!room || !world.canAccess(room, user)) {
    throw new ServerError("error-invalid-message", "Message you are unpinning was not found", {
      method: "unpinMessage",
      action: "Message_pinning",
    });
  }
  requirePinRight(world, user, message, "unpinMessage");
  setPinned(world, user, message, false);
  world.tell({ stream: "room-messages", message });
}

function requirePinRight(world: World, user: User, message: Message, method: string): Room {
  const room = world.rooms.get(message.rid);
  if (!room || !allows("pin-message", user, world.membership(message.rid, user._id))) {
    throw new ServerError("not-authorized", "Not Authorized", { method });
  }
  return room;
}

function setPinned(world: World, user: User, message: Message, pinned: boolean): void {
  const now = world.now();
  message.pinned = pinned;
  message.pinnedAt = now;
  message.pinnedBy = { _id: user._id, username: user.username };
  message._updatedAt = now;
}

export function starMessage(
  world: World,
  user: User,
  { message, starred }: { message: Message; starred: boolean },
): void {
  const others = (message.starred ?? []).filter((star) => star._id !== user._id);
  message.starred = starred ? [...others, { _id: user._id }] : others;
  message._updatedAt = world.now();
  world.tell({ stream: "room-messages", message });
}

/** Follows or leaves a thread. */
export function followMessage(
  world: World,
  user: User,
  { message, follows }: { message: Message; follows: boolean },
): void {
  const room = world.rooms.get(message.rid);
  if (!room || !world.canAccess(room, user)) throw new PlainError("error-not-allowed");
  const others = (message.replies ?? []).filter((uid) => uid !== user._id);
  message.replies = follows ? [...others, user._id] : others;
  message._updatedAt = world.now();
  world.tell({ stream: "room-messages", message });
}

/** Fills in what the addressed pages say, and sends the message again when any was known. */
export function addPreviews(world: World, message: Message): void {
  let found = false;
  for (const link of message.urls ?? []) {
    const page = link.ignoreParse === true ? undefined : world.pages.get(link.url);
    if (!page) continue;
    link.meta = page;
    found = true;
  }
  if (!found || !world.messages.has(message._id)) return;
  message._updatedAt = world.now();
  world.tell({ stream: "room-messages", message });
}
