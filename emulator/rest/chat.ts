// The endpoints chat.* that write: send, edit, delete, react, pin, star, follow.
import { setTimeout } from "node:timers/promises";
import type { Message, User } from "../world/documents.ts";
import { PlainError, ServerError } from "../world/errors.ts";
import {
  deleteMessage,
  editMessage,
  followMessage,
  pinMessage,
  react,
  starMessage,
  unpinMessage,
} from "../world/messages/message-changes.ts";
import { asPosted, sendMessage } from "../world/messages/messages.ts";
import { type Post, postMessage } from "../world/messages/posts.ts";
import { whisperRefusal } from "../world/notices.ts";
import { allows } from "../world/permissions.ts";
import type { World } from "../world.ts";
import {
  body,
  flag,
  InvalidInput,
  keys,
  nullableText,
  object,
  type Route,
  route,
  text,
} from "./call/route.ts";

/** The sender's own echo, and the refusal of the same id sent at once, come before the answer. */
const ANSWER_DELAY_MS = 5;

interface SendBody {
  message: Record<string, unknown>;
}

const messageSchema = {
  type: "object",
  properties: {
    _id: nullableText,
    rid: nullableText,
    msg: nullableText,
    tmid: nullableText,
    tshow: { type: "boolean", nullable: true },
    alias: nullableText,
    emoji: nullableText,
    avatar: nullableText,
    attachments: { type: "array", items: { type: "object" }, nullable: true },
    blocks: { type: "array", items: { type: "object" }, nullable: true },
    customFields: { type: "object", nullable: true },
  },
};

const send = route("POST", "chat.sendMessage", {
  limit: ({ since89 }) => (since89 ? { calls: 5, windowMs: 1000 } : undefined),
  body: body<SendBody>(
    object({ message: messageSchema, previewUrls: { type: "array", items: text, nullable: true } }, [
      "message",
    ]),
  ),
  laxBody: keys<SendBody>(
    {},
    ["message"],
    () => new ServerError("error-invalid-params", 'The "message" parameter must be provided.'),
  ),
  async run({ world, user, body: { message } }) {
    const { rid } = message;
    if (typeof rid !== "string") throw new PlainError("The 'rid' property on the message object is missing.");
    const sent = sendOrWhisper(world, user, { ...message, rid });
    if (!sent) throw new PlainError(duplicateText(world));
    await setTimeout(ANSWER_DELAY_MS);
    return { message: asPosted(world, sent, typeof message._id === "string") };
  },
});

function sendOrWhisper(
  world: World,
  user: User,
  draft: Record<string, unknown> & { rid: string },
): Message | undefined {
  try {
    return sendMessage(world, user, draft);
  } catch (error) {
    whisperRefusal(world, user, draft.rid, error);
    throw error;
  }
}

/** What the server stumbles over when the id of a message is taken. */
function duplicateText(world: World): string {
  return world.traits.legacy
    ? "Cannot read property 'starred' of undefined"
    : "Cannot read properties of undefined (reading 'starred')";
}

interface PostBody {
  roomId?: string | string[];
  channel?: string | string[];
  text?: string;
  alias?: string;
  emoji?: string;
  avatar?: string;
  attachments?: Record<string, unknown>[];
  parseUrls?: boolean;
  /** A lax server takes null. */
  tmid?: string | null;
}

const target = { oneOf: [text, { type: "array", items: text }] };
const postFields = {
  text: { type: "string", nullable: false },
  alias: text,
  emoji: text,
  avatar: text,
  attachments: { type: "array", items: { type: "object" } },
  customFields: { type: "object" },
  parseUrls: flag,
};

const post = route("POST", "chat.postMessage", {
  body: body<PostBody>({
    oneOf: [
      object({ roomId: target, tmid: text, ...postFields }, ["roomId"]),
      object({ channel: target, ...postFields }, ["channel"]),
    ],
  }),
  laxBody: keys<PostBody>({ text }, [], missingKey),
  run({ world, user, body: { roomId, channel, ...rest } }) {
    if (rest.parseUrls !== undefined && world.traits.coercesBodies)
      throw new InvalidInput(NO_PARSE_URLS, "suffixed");
    const fields = known(rest);
    const named = channel ?? roomId ?? [];
    const [first, ...others] = [named].flat();
    if (first === undefined) throw new ServerError("invalid-channel");
    const posted = postMessage(world, user, first, fields);
    for (const other of others) postMessage(world, user, other, fields);
    return { ts: world.now().getTime(), channel: first, message: asPosted(world, posted, false) };
  },
});

const NO_PARSE_URLS = [
  "must NOT have additional properties",
  "must have required property 'channel'",
  "must match exactly one schema in oneOf",
].join("\n ");

/** A lax server drops the keys it does not know. */
function known({ text: words, alias, emoji, avatar, attachments, parseUrls, tmid }: PostBody): Post {
  return {
    ...(words === undefined ? {} : { text: words }),
    ...(alias === undefined ? {} : { alias }),
    ...(emoji === undefined ? {} : { emoji }),
    ...(avatar === undefined ? {} : { avatar }),
    ...(attachments === undefined ? {} : { attachments }),
    ...(parseUrls === undefined ? {} : { parseUrls }),
    ...(tmid === undefined ? {} : { tmid }),
  };
}

/** How a lax server names a key it misses. */
function missingKey(key: string): Error {
  return new PlainError(`Match error: Missing key '${key}'`);
}

interface UpdateBody {
  roomId: string;
  msgId: string;
  text: string;
  previewUrls?: string[];
  customFields?: object;
}

const updateFields = {
  roomId: text,
  msgId: text,
  previewUrls: { type: "array", items: text },
  customFields: { type: "object" },
};

const update = route("POST", "chat.update", {
  body: body<UpdateBody>(
    {
      oneOf: [
        object({ ...updateFields, text }, ["roomId", "msgId", "text"]),
        object({ ...updateFields, content: { type: "object" } }, ["roomId", "msgId", "content"]),
      ],
    },
    "bare",
  ),
  olderBody: body<UpdateBody>(object({ ...updateFields, text }, ["roomId", "msgId", "text"])),
  laxBody: keys<UpdateBody>({ roomId: text, msgId: text }, ["roomId", "msgId", "text"], missingKey),
  run({ world, user, body: { roomId, msgId, text: words, previewUrls, customFields } }) {
    const message = messageOfRoom(world, roomId, msgId);
    if (customFields !== undefined && !world.traits.legacy) throw new PlainError("Custom fields not enabled");
    if (typeof words !== "string")
      throw new PlainError(`Match error: Expected string, got ${typeof words} in field text`);
    return { message: { ...editMessage(world, user, { message, text: words, previewUrls }) } };
  },
});

function messageOfRoom(world: World, roomId: string, msgId: string): Message {
  const message = world.messages.get(msgId);
  if (!message) throw new PlainError(`No message found with the id of "${msgId}".`);
  if (message.rid !== roomId)
    throw new PlainError("The room id provided does not match where the message is from.");
  return message;
}

interface DeleteBody {
  roomId: string;
  msgId: string;
  asUser?: boolean;
}

const remove = route("POST", "chat.delete", {
  body: body<DeleteBody>(object({ roomId: text, msgId: text, asUser: flag }, ["msgId", "roomId"])),
  laxBody: keys<DeleteBody>({ roomId: text, msgId: text }, ["msgId", "roomId"], missingKey),
  run({ world, user, body: { roomId, msgId, asUser } }) {
    const message = messageOfRoom(world, roomId, msgId);
    const forced = allows("force-delete-message", user, world.membership(roomId, user._id));
    if (asUser === true && message.u._id !== user._id && !forced) {
      throw new PlainError(
        'Unauthorized. You must have the permission "force-delete-message" to delete other\'s message as them.',
      );
    }
    deleteMessage(world, user, message);
    return {
      _id: msgId,
      ts: String(world.now().getTime()),
      message: { _id: msgId, rid: roomId, u: message.u },
    };
  },
});

interface ReactBody {
  messageId: string;
  emoji?: string;
  reaction?: string;
  shouldReact?: boolean;
}

const reactTo = route("POST", "chat.react", {
  body: body<ReactBody>({
    oneOf: [
      object({ emoji: text, messageId: text, shouldReact: flag }, ["emoji", "messageId"]),
      object({ reaction: text, messageId: text, shouldReact: flag }, ["reaction", "messageId"]),
    ],
  }),
  laxBody: keys<ReactBody>(
    { messageId: text, shouldReact: flag },
    ["messageId"],
    () => new ServerError("error-messageid-param-not-provided", 'The required "messageId" param is missing.'),
  ),
  run({ world, user, body: { messageId, emoji, reaction, shouldReact } }) {
    const message = requireMessage(world, messageId);
    const name = emoji ?? reaction;
    if (!name) {
      throw new ServerError("error-emoji-param-not-provided", 'The required "emoji" param is missing.');
    }
    react(world, user, { message, emoji: name, should: shouldReact });
    return {};
  },
});

function requireMessage(world: World, id: string): Message {
  const message = world.messages.get(id);
  if (!message)
    throw new ServerError(
      "error-message-not-found",
      'The provided "messageId" does not match any existing message.',
    );
  return message;
}

const BY_ID = object({ messageId: text }, ["messageId"]);
const byMessageId = body<{ messageId: string }>(BY_ID);
const byMid = body<{ mid: string }>(object({ mid: text }, ["mid"]));

/** An endpoint that does one thing to the message it is given. */
function onMessage(
  path: string,
  run: (world: World, user: User, message: Message) => Record<string, unknown> | undefined,
  check = byMessageId,
): Route {
  return route("POST", path, {
    body: check,
    laxBody: byMessageId,
    run: ({ world, user, body: { messageId } }) => run(world, user, requireMessage(world, messageId)) ?? {},
  });
}

function onThread(path: string, follows: boolean): Route {
  return route("POST", path, {
    body: byMid,
    run({ world, user, body: { mid } }) {
      const message = world.messages.get(mid);
      if (!message)
        throw new ServerError("error-invalid-message", "Invalid message", { method: "followMessage" });
      followMessage(world, user, { message, follows });
      return {};
    },
  });
}

export const CHAT: Route[] = [
  send,
  post,
  update,
  remove,
  reactTo,
  onMessage(
    "chat.pinMessage",
    (world, user, message) => ({ message: pinMessage(world, user, message) }),
    body<{ messageId: string }>(BY_ID, "bare"),
  ),
  onMessage("chat.unPinMessage", (world, user, message) => void unpinMessage(world, user, message)),
  onMessage(
    "chat.starMessage",
    (world, user, message) => void starMessage(world, user, { message, starred: true }),
  ),
  onMessage(
    "chat.unStarMessage",
    (world, user, message) => void starMessage(world, user, { message, starred: false }),
  ),
  onThread("chat.followMessage", true),
  onThread("chat.unfollowMessage", false),
];
