// Endpoints made after the documentation alone: no recording shows them.
import { ServerError } from "../world/errors.ts";
import { markRead } from "../world/memberships.ts";
import { tellSubscription } from "../world/notices.ts";
import { allows } from "../world/permissions.ts";
import { type UserChanges, updateUser } from "../world/users.ts";
import { body, object, PAGE, type Page, paged, query, Reply, type Route, route, text } from "./call/route.ts";
import { joinedRooms } from "./room-refs.ts";
import { adminDocument } from "./user-documents.ts";

const COMMANDS = ["me", "shrug", "topic", "invite", "kick", "leave", "msg", "help"];

const commandsList = route("GET", "commands.list", {
  query: query<Page>(object(PAGE, [], true)),
  run({ query: page }) {
    const all = COMMANDS.map((command) => ({ command, params: "", description: "", clientOnly: false }));
    const { page: commands, counts } = paged(all, page);
    return { commands, ...counts };
  },
});

/** The ids of what was deleted in a room since a time. */
const deletedMessages = route("GET", "chat.getDeletedMessages", {
  query: query<Page & { roomId: string; since: string }>(
    object({ ...PAGE, roomId: text, since: text }, ["roomId", "since"]),
  ),
  run({ world, user, query: { roomId, since, ...page } }) {
    const room = world.rooms.get(roomId);
    if (!room || !world.canAccess(room, user)) throw new ServerError("error-not-allowed", "Not allowed");
    const from = new Date(since);
    const gone = world.trash.filter(({ message, deletedAt }) => message.rid === roomId && deletedAt > from);
    const { page: messages, counts } = paged(
      gone.map(({ message }) => ({ _id: message._id })),
      page,
    );
    return { messages, ...counts };
  },
});

const directMessages = ["im", "dm"].map((prefix) =>
  route("GET", `${prefix}.messages`, {
    query: query<Page & { roomId: string }>(object({ ...PAGE, roomId: text }, ["roomId"], true)),
    run({ world, user, query: { roomId, ...page } }) {
      const room = joinedRooms(world, user, ["d"]).find(({ _id }) => _id === roomId);
      if (!room) return new Reply(403, { success: false, error: "unauthorized" });
      const { page: messages, counts } = paged(world.messagesOf(room._id).reverse(), page);
      return { messages, ...counts };
    },
  }),
);

/** Everybody in a room with the roles he has there. */
const membersByRole = route("GET", "rooms.membersOrderedByRole", {
  query: query<Page & { roomId: string }>(object({ ...PAGE, roomId: text, filter: text }, ["roomId"], true)),
  run({ world, user, query: { roomId, ...page } }) {
    const room = world.rooms.get(roomId);
    if (!room || !world.canAccess(room, user)) {
      throw new ServerError("error-not-allowed", "Not allowed");
    }
    const all = world.membersOf(roomId).map(({ u, roles = [] }) => {
      const status = world.users.get(u._id)?.status;
      return { ...u, status, roles };
    });
    const { page: members, counts } = paged(all, page);
    return { members, ...counts };
  },
});

interface UnreadBody {
  roomId?: string;
  firstUnreadMessage?: { _id: string };
}

const UNREAD_BODY = {
  anyOf: [
    object({ roomId: text }, ["roomId"]),
    object({ firstUnreadMessage: object({ _id: text }, ["_id"], true) }, ["firstUnreadMessage"]),
  ],
};

const unread = route("POST", "subscriptions.unread", {
  body: body<UnreadBody>(UNREAD_BODY, "bare"),
  laxBody: body<UnreadBody>(UNREAD_BODY),
  run({ world, user, body: { roomId, firstUnreadMessage } }) {
    const rid = roomId ?? world.messages.get(firstUnreadMessage?._id ?? "")?.rid ?? "";
    const membership = world.membership(rid, user._id);
    if (!membership) throw new ServerError("error-invalid-subscription", "Invalid subscription");
    markRead(world, membership);
    membership.alert = true;
    membership.unread = 1;
    tellSubscription(world, "updated", membership);
    return {};
  },
});

const updateSelf = route("POST", "users.updateOwnBasicInfo", {
  body: body<{ data: UserChanges }>(
    object({ data: object({ username: text, name: text, email: text }, [], true) }, ["data"]),
  ),
  run({ world, user, body: { data } }) {
    const { username, name, email } = data;
    updateUser(world, user, {
      ...(username === undefined ? {} : { username }),
      ...(name === undefined ? {} : { name }),
      ...(email === undefined ? {} : { email }),
    });
    return { user: adminDocument(world, user) };
  },
});

/** A picture for oneself, or by an administrator for another user. */
const setAvatar = route("POST", "users.setAvatar", {
  run({ world, user: by, fields, files }) {
    const user = world.users.get(fields.userId ?? by._id);
    if (!user) throw new ServerError("error-invalid-user", "Invalid user");
    if (user !== by && !allows("edit-other-user-avatar", by))
      throw new ServerError("error-not-allowed", "Not allowed");
    const [file] = files.filter(({ field }) => field === "image");
    if (!file) throw new ServerError("error-no-image", "No image was provided");
    user.avatarETag = world.newAccountId();
    return {};
  },
});

/** Login tokens go, personal access tokens stay. */
const removeOtherTokens = route("POST", "users.removeOtherTokens", {
  run({ user, token }) {
    user.tokens = user.tokens.filter(({ kind, secret }) => kind === "personal" || secret === token);
    return {};
  },
});

/** Every token goes, personal access tokens too, and the sockets with them. */
const logoutEverywhere = route("POST", "users.logout", {
  run({ world, user }) {
    user.tokens = [];
    world.tell({ stream: "hang-up", uid: user._id });
    return { message: `User ${user._id} has been logged out!` };
  },
});

const favorite = route("POST", "rooms.favorite", {
  body: body<{ roomId: string; favorite: boolean }>(
    object({ roomId: text, favorite: { type: "boolean" }, roomName: text }, ["roomId", "favorite"]),
  ),
  run({ world, user, body: { roomId, favorite: on } }) {
    const membership = world.membership(roomId, user._id);
    if (!membership) throw new ServerError("error-invalid-subscription", "Invalid subscription");
    membership.f = on;
    tellSubscription(world, "updated", membership);
    return {};
  },
});

export const DOCUMENTED: Route[] = [
  commandsList,
  deletedMessages,
  ...directMessages,
  membersByRole,
  unread,
  updateSelf,
  setAvatar,
  removeOtherTokens,
  logoutEverywhere,
  favorite,
];
