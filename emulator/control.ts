// What a person or an administrator does, as synchronous calls for tests: every broadcast goes out as it would.
import type { Session } from "./ddp/session.ts";
import type { SeenRequest } from "./rest-endpoint.ts";
import { directRoom } from "./world/direct.ts";
import { createDiscussion } from "./world/discussions.ts";
import type { Message, Room, User } from "./world/documents.ts";
import { confirmFile, takeFile } from "./world/files/uploads.ts";
import { addUser, kickUser, leaveRoom } from "./world/memberships.ts";
import {
  addPreviews,
  deleteMessage,
  editMessage,
  pinMessage,
  react,
  starMessage,
} from "./world/messages/message-changes.ts";
import { sendMessage } from "./world/messages/messages.ts";
import { type PruneOptions, pruneRoom } from "./world/messages/prune.ts";
import { createRoom, describeRoom, muteUser, renameRoom, setReadOnly } from "./world/rooms.ts";
import type { SettingValue } from "./world/settings.ts";
import { createTeam } from "./world/teams.ts";
import {
  createPersonalToken,
  createUser,
  deleteUser,
  removePersonalToken,
  setActive,
  setStatus,
  updateUser,
} from "./world/users.ts";
import type { World } from "./world.ts";

export interface NewAccount {
  username: string;
  /** The display name; the user name when absent. */
  name?: string;
  /** Made up when absent. */
  password?: string;
  /** `["user"]` when absent. */
  roles?: string[];
}

export interface Account {
  userId: string;
  username: string;
  password: string;
}

/** A live DDP session, logged in or not. */
export interface LiveConnection {
  userId: string | undefined;
  /** The subscribed events as `<publication> <event name>`. */
  subs: string[];
}

export interface NewRoomAction {
  name: string;
  type: "c" | "p";
  members: string[];
  extra?: Record<string, unknown>;
}

export interface PostAction {
  /** The user name of the writer. */
  as: string;
  rid: string;
  msg: string;
  tmid?: string;
  tshow?: boolean;
  /** The message's own id; the server's choice when absent. */
  _id?: string;
}

/** Where the control gets what the world does not know. */
export interface ControlSources {
  sessions(): Session[];
  requests(): SeenRequest[];
}

/** How long `waitForMessage` waits when nothing else is asked for, in milliseconds. */
const DEFAULT_WAIT_MS = 10_000;
/** How many messages are named when none of them is the one that was waited for. */
const LAST_WORDS = 8;

/** How long after a message its link preview comes, in milliseconds. */
const PREVIEW_DELAY_MS = 1000;

/** Every action throws an Error that says what is missing when a user, room or message does not exist. */
export class Control {
  readonly #world: World;
  readonly #sources: ControlSources;

  constructor(world: World, sources: ControlSources) {
    this.#world = world;
    this.#sources = sources;
  }

  /** Makes an account that can log in; it is in no room. */
  addUser({
    username,
    name = username,
    password = this.#world.newSecret(),
    roles = ["user"],
  }: NewAccount): Account {
    const email = `${username}@example.test`;
    const user = createUser(this.#world, { username, name, password, roles: [...roles], email });
    return { userId: user._id, username, password };
  }

  /** Makes an administrator. */
  addAdmin(account: NewAccount): Account {
    return this.addUser({ ...account, roles: ["admin", "user"] });
  }

  /** Makes a personal access token as the user would; it logs in over DDP and over REST. */
  personalAccessToken(username: string, name = `token ${this.#world.newAccountId()}`): string {
    return createPersonalToken(this.#world, this.#user(username), { name, bypassTwoFactor: true });
  }

  /**
   * Makes a channel (`c`) or group (`p`) of the named users; the first owns it. `extra` is the `extraData` of
   * `channels.create`, by which whoever makes a room may choose its `_id` and `prid`. Answers its id.
   */
  addRoom({ name, type, members, extra }: NewRoomAction): string {
    const [owner, ...others] = members;
    if (owner === undefined) throw new Error("addRoom: a room needs at least one member, its owner");
    for (const member of others) this.#user(member);
    return createRoom(this.#world, {
      name,
      type,
      by: this.#user(owner),
      members: others,
      ...(extra && { extra }),
    })._id;
  }

  /** Creates a private team; answers the id of its main room. */
  team({ name, as, members }: { name: string; as: string; members: string[] }): string {
    const ids = members.map((member) => this.#user(member)._id);
    return createTeam(this.#world, { name, type: 1, members: ids, by: this.#user(as) }).roomId;
  }

  /** Opens (or finds) the direct room of exactly these users: one, two or more. Answers its id. */
  direct(usernames: string[]): string {
    return directRoom(
      this.#world,
      usernames.map((username) => this.#user(username)),
    )._id;
  }

  /** Posts a message as `chat.sendMessage` would; throws what the server would answer when it refuses. */
  post({ as, _id, ...draft }: PostAction): Message {
    const message = sendMessage(this.#world, this.#user(as), {
      ...draft,
      ...(_id === undefined ? {} : { _id }),
    });
    if (!message) throw new Error(`post: a message with the id ${_id} exists already`);
    return { ...message };
  }

  /** Posts a message with a file. */
  postFile({
    as,
    rid,
    name,
    type,
    bytes,
    msg,
    tmid,
  }: {
    as: string;
    rid: string;
    name: string;
    type: string;
    bytes: Uint8Array;
    msg?: string;
    tmid?: string;
  }): Message {
    const user = this.#user(as);
    const room = this.#room(rid);
    const upload = takeFile(this.#world, room, { user, file: { name, type, bytes } });
    const words = {
      fields: { ...(msg === undefined ? {} : { msg }), ...(tmid === undefined ? {} : { tmid }) },
    };
    return confirmFile(this.#world, room, { user, upload, words });
  }

  edit({ as, messageId, text }: { as: string; messageId: string; text: string }): Message {
    return { ...editMessage(this.#world, this.#user(as), { message: this.#message(messageId), text }) };
  }

  delete({ as, messageId }: { as: string; messageId: string }): void {
    deleteMessage(this.#world, this.#user(as), this.#message(messageId));
  }

  /** Gives the workspace an emoji of its own; names without colons. */
  addEmoji(name: string, aliases: string[] = []): void {
    this.#world.customEmoji.set(name, aliases);
  }

  /** Takes messages of a room away as `rooms.cleanHistory` does, those of all times unless told; answers how many. */
  prune({ rid, ...options }: { rid: string } & Partial<PruneOptions>): number {
    const all = { oldest: new Date(0), latest: this.#world.now(), inclusive: true };
    return pruneRoom(this.#world, this.#room(rid), { ...all, ...options });
  }

  /** Adds a reaction (`on` true or absent) or takes it away. */
  react({
    as,
    messageId,
    emoji,
    on = true,
  }: {
    as: string;
    messageId: string;
    emoji: string;
    on?: boolean;
  }): void {
    react(this.#world, this.#user(as), { message: this.#message(messageId), emoji, should: on });
  }

  pin({ as, messageId }: { as: string; messageId: string }): Message {
    return { ...pinMessage(this.#world, this.#user(as), this.#message(messageId)) };
  }

  star({ as, messageId }: { as: string; messageId: string }): void {
    starMessage(this.#world, this.#user(as), { message: this.#message(messageId), starred: true });
  }

  invite({ as, rid, username }: { as: string; rid: string; username: string }): void {
    addUser(this.#world, this.#room(rid), this.#user(username), this.#user(as));
  }

  /** Lets a user join a public channel by himself. */
  join({ username, rid }: { username: string; rid: string }): void {
    addUser(this.#world, this.#room(rid), this.#user(username));
  }

  kick({ as, rid, username }: { as: string; rid: string; username: string }): void {
    kickUser(this.#world, this.#room(rid), this.#user(username), this.#user(as));
  }

  leave({ username, rid }: { username: string; rid: string }): void {
    leaveRoom(this.#world, this.#room(rid), this.#user(username));
  }

  /** Writes a room's topic or announcement. */
  describe(change: { as: string; rid: string; field: "topic" | "announcement"; value: string }): void {
    const { as, rid, field, value } = change;
    describeRoom(this.#world, this.#room(rid), { field, value, by: this.#user(as) });
  }

  /** Renames a room; its id stays. */
  rename({ as, rid, name }: { as: string; rid: string; name: string }): void {
    renameRoom(this.#world, this.#room(rid), { name, by: this.#user(as) });
  }

  mute({ as, rid, username, on = true }: { as: string; rid: string; username: string; on?: boolean }): void {
    muteUser(this.#world, this.#room(rid), { user: this.#user(username), muted: on, by: this.#user(as) });
  }

  setReadOnly({ as, rid, on = true }: { as: string; rid: string; on?: boolean }): void {
    setReadOnly(this.#world, this.#room(rid), { readOnly: on, by: this.#user(as) });
  }

  /** Makes a discussion in a room; answers its room's id. */
  discuss({
    as,
    rid,
    title,
    users = [],
  }: {
    as: string;
    rid: string;
    title: string;
    users?: string[];
  }): string {
    return String(createDiscussion(this.#world, this.#room(rid), { by: this.#user(as), title, users }).rid);
  }

  /** Posts what a client with end-to-end encryption posts: no text, only ciphertext. */
  postEncrypted({ as, rid }: { as: string; rid: string }): Message {
    const content = { algorithm: "rc.v2.aes-sha2", ciphertext: "AAAA", iv: "AAAA", kid: "0" };
    const message = sendMessage(this.#world, this.#user(as), { rid, msg: "", t: "e2e", content });
    if (!message) throw new Error("postEncrypted: the message was not taken");
    return { ...message };
  }

  /** Gives a user another user name or display name. */
  renameUser({ username, to, name }: { username: string; to?: string; name?: string }): void {
    const changes = {
      ...(to === undefined ? {} : { username: to }),
      ...(name === undefined ? {} : { name }),
    };
    updateUser(this.#world, this.#user(username), changes);
  }

  /** Removes the personal access token with this secret. */
  revokeToken(secret: string): void {
    for (const user of this.#world.users.values()) {
      const token = user.tokens.find((one) => one.secret === secret);
      if (token?.name !== undefined) {
        removePersonalToken(this.#world, user, token.name);
        return;
      }
    }
    throw new Error("revokeToken: there is no such personal access token");
  }

  /** Deactivates an account (its tokens are gone for good) or activates it again. */
  deactivate(username: string, active = false): void {
    setActive(this.#world, this.#user(username), active);
  }

  deleteUser(username: string): void {
    deleteUser(this.#world, this.#user(username));
  }

  setStatus({
    username,
    status,
    text,
  }: {
    username: string;
    status?: "online" | "away" | "busy" | "offline";
    text?: string;
  }): void {
    setStatus(this.#world, this.#user(username), { status, text });
  }

  /** Tells what lies behind an address: messages with it are sent again, a second later, with this preview. */
  page(url: string, meta: Record<string, string>): void {
    const first = this.#world.pages.size === 0;
    this.#world.pages.set(url, meta);
    if (!first) return;
    this.#world.listen((broadcast) => {
      if (broadcast.stream !== "room-messages" || !broadcast.message.urls?.some((link) => this.#isBare(link)))
        return;
      setTimeout(() => addPreviews(this.#world, broadcast.message), PREVIEW_DELAY_MS).unref();
    });
  }

  #isBare({ url, meta }: { url: string; meta: Record<string, string> }): boolean {
    return Object.keys(meta).length === 0 && this.#world.pages.has(url);
  }

  /** Changes a public setting and tells everybody. */
  setSetting(id: string, value: SettingValue): void {
    this.#world.settings.set(id, value);
    this.#world.tell({
      stream: "notify-all",
      event: "public-settings-changed",
      args: ["updated", { _id: id, value }],
    });
  }

  /** Takes the workspace's right to post, or gives it back: every post is then refused with `restricted-workspace`. */
  restrict(on = true): void {
    this.#world.restricted = on;
  }

  /** Switches the REST limits off (the setting `API_Enable_Rate_Limiter`, which is not public), or on again. */
  limitRest(on = true): void {
    this.#world.restLimited = on;
  }

  /** Makes a room encrypted: plain posts are refused, encrypted ones pass. */
  encrypt(rid: string): void {
    this.#room(rid).encrypted = true;
  }

  /** The messages of a room as they are now, oldest first. */
  messages(rid: string): Message[] {
    return this.#world.messagesOf(this.#room(rid)._id).map((message) => ({ ...message }));
  }

  /** Every REST call so far, in the order of the answers. */
  requests(): SeenRequest[] {
    return this.#sources.requests();
  }

  /** The live DDP sessions. */
  connections(): LiveConnection[] {
    return this.#sources.sessions().map(({ user, subscriptions }) => ({
      userId: user?._id,
      subs: [...subscriptions.values()].map(({ name, eventName }) => `${name} ${eventName}`),
    }));
  }

  /**
   * Resolves with the first message that satisfies the test: at once with an existing one (the oldest), else when one is
   * posted or changed. Rejects at the deadline, 10 s unless told.
   */
  waitForMessage(
    test: (message: Message) => boolean,
    { timeoutMs = DEFAULT_WAIT_MS }: { timeoutMs?: number } = {},
  ): Promise<Message> {
    for (const message of this.#world.messages.values())
      if (test(message)) return Promise.resolve({ ...message });
    return new Promise((resolve, reject) => {
      const stop = this.#world.listen((broadcast) => {
        if (broadcast.stream !== "room-messages" || !test(broadcast.message)) return;
        clearTimeout(timer);
        stop();
        resolve({ ...broadcast.message });
      });
      const timer = setTimeout(() => {
        stop();
        reject(
          new Error(
            `no message satisfied the test within ${timeoutMs} ms; the last of ${this.#world.messages.size}:\n${this.#lastWords()}`,
          ),
        );
      }, timeoutMs);
    });
  }

  /** The newest messages, a line each. */
  #lastWords(): string {
    const last = [...this.#world.messages.values()].slice(-LAST_WORDS);
    return last.map(({ rid, u, msg }) => `${rid} ${u.username}: ${msg}`).join("\n");
  }

  #user(username: string): User {
    const user = this.#world.userNamed(username);
    if (!user) throw new Error(`the emulator has no user named ${username}`);
    return user;
  }

  #room(rid: string): Room {
    const room = this.#world.rooms.get(rid);
    if (!room) throw new Error(`the emulator has no room with the id ${rid}`);
    return room;
  }

  #message(id: string): Message {
    const message = this.#world.messages.get(id);
    if (!message) throw new Error(`the emulator has no message with the id ${id}`);
    return message;
  }
}
