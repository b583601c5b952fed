// The endpoints chat.* that read: one message, threads, changes, lists, search.
import type { Message, Room, User } from "../world/documents.ts";
import { PlainError, ServerError } from "../world/errors.ts";
import { changesSince, threadReplies, threadsOf } from "../world/messages/histories.ts";
import type { World } from "../world.ts";
import {
  keys,
  number,
  object,
  PAGE,
  type Page,
  paged,
  query,
  Reply,
  type Route,
  route,
  text,
} from "./call/route.ts";

/** A lax server takes the numbers of a page, and nothing else amiss. */
const LAX_PAGE = { count: number, offset: number };

const getMessage = route("GET", "chat.getMessage", {
  query: query<{ msgId: string }>(object({ msgId: text }, ["msgId"])),
  laxQuery: keys<{ msgId: string }>(
    { msgId: text },
    ["msgId"],
    () => new PlainError('The "msgId" query parameter must be provided.'),
  ),
  run({ world, user, query: { msgId } }) {
    const message = world.messages.get(msgId);
    if (!message) return new Reply(400, { success: false });
    requireRead(world, user, message.rid, "getSingleMessage");
    return { message };
  },
});

const threadMessages = route("GET", "chat.getThreadMessages", {
  query: query<Page & { tmid: string }>(object({ ...PAGE, tmid: text }, ["tmid"])),
  laxQuery: keys<Page & { tmid: string }>(
    { ...LAX_PAGE, tmid: text },
    ["tmid"],
    () => new ServerError("error-invalid-params", 'The required "tmid" query param is missing.'),
  ),
  run({ world, user, query: { tmid, ...page } }) {
    const parent = world.messages.get(tmid);
    if (!parent) throw new ServerError("error-invalid-message", "Invalid Message");
    requireRead(world, user, parent.rid, "getThreadMessages");
    const { page: messages, counts } = paged(threadReplies(world, parent), page);
    return { messages, ...counts };
  },
});

interface ThreadsQuery extends Page {
  rid: string;
  type?: string;
}

const threadsList = route("GET", "chat.getThreadsList", {
  query: query<ThreadsQuery>(
    object({ ...PAGE, rid: text, type: { ...text, enum: ["unread", "following"] }, text }, ["rid"]),
  ),
  laxQuery: keys<ThreadsQuery>(
    { ...LAX_PAGE, rid: text },
    ["rid"],
    () => new PlainError("Match error: Expected string, got undefined"),
  ),
  run({ world, user, query: { rid, type, ...page } }) {
    const room = world.rooms.get(rid);
    if (!room || !world.canAccess(room, user)) throw new ServerError("error-not-allowed", "Not Allowed");
    const unread = world.membership(rid, user._id)?.tunread ?? [];
    const fits = ({ _id, replies }: Message) =>
      type === "following" ? replies?.includes(user._id) : type === "unread" ? unread.includes(_id) : true;
    const { page: threads, counts } = paged(threadsOf(world, room).filter(fits), page);
    return { threads, ...counts };
  },
});

const syncThread = route("GET", "chat.syncThreadMessages", {
  query: query<{ tmid: string; updatedSince: string }>(
    object({ ...PAGE, tmid: text, updatedSince: text }, ["tmid", "updatedSince"]),
  ),
  run({ world, user, query: { tmid, updatedSince } }) {
    const parent = world.messages.get(tmid);
    if (!parent) throw new ServerError("error-invalid-message", "Invalid Message");
    requireRead(world, user, parent.rid, "syncThreadMessages");
    const since = new Date(updatedSince);
    const update = threadReplies(world, parent).filter((reply) => reply._updatedAt > since);
    const remove = world.trash
      .filter(({ message, deletedAt }) => message.tmid === tmid && deletedAt > since)
      .map(({ message, deletedAt }) => ({ ...message, _deletedAt: deletedAt, __collection__: "message" }));
    return { messages: { update, remove } };
  },
});

interface SyncQuery {
  roomId: string;
  lastUpdate?: string;
  type?: string;
}

const sync = route("GET", "chat.syncMessages", {
  query: query<SyncQuery>(
    object({ roomId: text, lastUpdate: text, type: text, next: text, previous: text, count: number }, [
      "roomId",
    ]),
  ),
  laxQuery: keys<SyncQuery>(
    { roomId: text, lastUpdate: text },
    ["roomId", "lastUpdate"],
    (key) =>
      new ServerError(`error-${key}-param-not-provided`, `The required "${key}" query param is missing.`),
  ),
  run({ world, user, query: { roomId, lastUpdate, type } }) {
    if (lastUpdate === undefined && type === undefined) {
      throw new ServerError("error-param-required", 'The "type" or "lastUpdate" parameters must be provided');
    }
    const since = new Date(lastUpdate ?? 0);
    if (Number.isNaN(since.getTime())) {
      throw world.traits.legacy
        ? new ServerError(
            "error-roomId-param-invalid",
            'The "lastUpdate" query parameter must be a valid date.',
          )
        : new ServerError(
            "error-lastUpdate-param-invalid",
            'The "lastUpdate" query parameter must be a valid date',
          );
    }
    const room = requireRead(world, user, roomId, "messages/get");
    return { result: changesSince(world, room, since) };
  },
});

function requireRead(world: World, user: User, rid: string, method: string): Room {
  const room = world.rooms.get(rid);
  if (!room || !world.canAccess(room, user))
    throw new ServerError("error-not-allowed", "Not allowed", { method });
  return room;
}

function missingParam(key: string): ServerError {
  return new ServerError(`error-${key}-param-not-provided`, `The required "${key}" query param is missing.`);
}

/** Whether a message is found: `from:me` or `from:name` is taken out first, then a pattern between slashes or a part of its text. */
function finds(searchText: string, { msg, u }: Message, user: User): boolean {
  const from = /(?:^|\s)from:(\S+)/.exec(searchText);
  if (from !== null && u.username !== (from[1] === "me" ? user.username : from[1])) return false;
  const words = searchText.replace(from?.[0] ?? "", "").trim();
  const pattern = /^\/(.+)\/(i?)$/.exec(words);
  return pattern ? new RegExp(pattern[1] ?? "", pattern[2]).test(msg) : msg.includes(words);
}

const search = route("GET", "chat.search", {
  query: query<Page & { roomId: string; searchText: string }>(
    object({ ...PAGE, roomId: text, searchText: text }, ["roomId", "searchText"]),
  ),
  laxQuery: keys<Page & { roomId: string; searchText: string }>(
    { ...LAX_PAGE, roomId: text, searchText: text },
    ["roomId", "searchText"],
    missingParam,
  ),
  run({ world, user, query: { roomId, searchText, ...page } }) {
    if (searchText === "") throw missingParam("searchText");
    const room = world.rooms.get(roomId);
    if (!room || !world.canAccess(room, user)) {
      if (world.traits.legacy) throw new PlainError("Cannot read property 'docs' of undefined");
      return new Reply(400, { success: false });
    }
    const found = world.messagesOf(room._id).filter((message) => finds(searchText, message, user));
    return { messages: paged(found.reverse(), page).page };
  },
});

/** A paged list of the messages of a room that fit. */
function listing(path: string, fits: (message: Message, user: User) => boolean, oldestFirst = false): Route {
  return route("GET", path, {
    query: query<Page & { roomId: string }>(object({ ...PAGE, roomId: text, text }, ["roomId"])),
    laxQuery: keys<Page & { roomId: string }>({ ...LAX_PAGE, roomId: text }, ["roomId"], missingParam),
    run({ world, user, query: { roomId, ...page } }) {
      const room = world.rooms.get(roomId);
      if (!room || !world.canAccess(room, user)) throw new ServerError("error-not-allowed", "Not allowed");
      const found = world.messagesOf(room._id).filter((message) => fits(message, user));
      const { page: messages, counts } = paged(oldestFirst ? found : found.reverse(), page);
      return { messages, ...counts };
    },
  });
}

export const READING: Route[] = [
  getMessage,
  threadMessages,
  threadsList,
  syncThread,
  sync,
  search,
  listing(
    "chat.getMentionedMessages",
    (message, user) => message.mentions?.some(({ _id }) => _id === user._id) ?? false,
  ),
  listing(
    "chat.getStarredMessages",
    (message, user) => message.starred?.some(({ _id }) => _id === user._id) ?? false,
  ),
  listing("chat.getPinnedMessages", (message) => message.pinned === true, true),
  listing("chat.getDiscussions", (message) => message.drid !== undefined),
];
