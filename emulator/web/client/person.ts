// One logged-in person: the rooms, the messages that were read, who types; and what the person can do.
import { Ddp } from "./ddp.ts";
import { type Identity, Refusal, Rest } from "./rest.ts";
import {
  isJson,
  listOf,
  type Member,
  type Message,
  type Room,
  readAll,
  readMember,
  readMessage,
  readRoom,
  textOf,
} from "./wire.ts";

export interface Account extends Identity {
  readonly username: string;
  readonly name: string;
}

/** Where one writes: a room, or a thread in it. */
export interface Place {
  readonly rid: string;
  readonly tmid?: string | undefined;
}

const PAGE_SIZE = 50;
/** Other clients let a typing notice lapse after this time, too. */
const TYPING_LASTS_MS = 15_000;
const TYPING_EVERY_MS = 5_000;
/** Reading is told to the server at most so often. */
const READ_EVERY_MS = 8_000;
const STATUSES = ["offline", "online", "away", "busy"];
const FAMILIES = { c: "channels", p: "groups", d: "im" } as const;

/** Logs in by user name and password; rejects with a Refusal. */
export async function logIn(server: string, user: string, password: string): Promise<Account> {
  const { data } = await new Rest(server).post("login", { user, password });
  if (!isJson(data)) throw new Refusal(200, "The server's answer to the login cannot be read.");
  const username = textOf(data.me, "username") || user;
  return {
    userId: textOf(data, "userId"),
    token: textOf(data, "authToken"),
    username,
    name: textOf(data.me, "name") || username,
  };
}

/** What is sent at once: each file is a message of its own. */
export interface FilesToSend {
  readonly files: readonly File[];
  readonly text: string;
  readonly onProgress: (part: number) => void;
}

export class Person {
  readonly server: string;
  readonly account: Account;
  /** By room id. */
  rooms = new Map<string, Room>();
  /** By room id: who is in it, once it was opened. */
  readonly members = new Map<string, readonly Member[]>();
  /** The connection is up. */
  online = false;
  /** The rooms were read once. */
  ready = false;
  /** Why the person is logged out for good. */
  refused: string | undefined;
  /** The last trouble, for the person to read. */
  notice: string | undefined;
  readonly #rest: Rest;
  readonly #ddp: Ddp;
  readonly #changed: () => void;
  readonly #messages = new Map<string, Map<string, Message>>();
  /** Rooms and threads whose messages were read, as `rid` and `rid/tmid`; whether there may be earlier ones. */
  readonly #loaded = new Map<string, boolean>();
  /** By room id, then user name: until when somebody types, and in which thread. */
  readonly #typing = new Map<string, Map<string, { until: number; tmid: string }>>();
  /** The name that typing is told under: a server that shows real names hears no other. */
  #typingName: string;
  #typedAt = 0;
  #readAt = 0;
  #open: Place | undefined;

  constructor(server: string, account: Account, changed: () => void) {
    this.server = server;
    this.account = account;
    this.#changed = changed;
    this.#typingName = account.username;
    this.#rest = new Rest(server, account, (ms) =>
      this.#note(`The server asks to wait ${Math.ceil(ms / 1000)} s; then it goes on by itself.`),
    );
    this.#ddp = new Ddp(`${server.replace(/^http/, "ws")}/websocket`, account.token, {
      up: () => this.#attempt(() => this.#refresh()),
      down: () => {
        this.online = false;
        this.#changed();
      },
      refused: (reason) => {
        this.refused = reason;
        this.#changed();
      },
      event: (stream, eventName, args) => this.#take(stream, eventName, args),
    });
    const own = (event: string) => this.#ddp.subscribe("stream-notify-user", `${account.userId}/${event}`);
    this.#ddp.subscribe("stream-room-messages", "__my_messages__");
    this.#ddp.subscribe("stream-notify-logged", "user-status");
    own("subscriptions-changed");
    own("message");
    this.#ddp.start();
  }

  /** Ends the connection; the login stays good. */
  stop(): void {
    this.#ddp.stop();
  }

  async logOut(): Promise<void> {
    this.stop();
    await this.#rest.post("logout", {}).catch(() => {});
  }

  /** The direct rooms or the others, by title. */
  roomList(direct: boolean): Room[] {
    const list = [...this.rooms.values()].filter(({ type }) => (type === "d") === direct);
    return list.sort((a, b) => a.title.localeCompare(b.title));
  }

  /** What a room or a thread shows, oldest first; undefined until it was read. */
  messagesIn({ rid, tmid }: Place): Message[] | undefined {
    if (!this.#loaded.has(keyOf({ rid, tmid }))) return undefined;
    const all = [...(this.#messages.get(rid)?.values() ?? [])];
    const shown = all.filter(({ id, threadId, alsoInRoom }) =>
      tmid === undefined ? threadId === undefined || alsoInRoom : id === tmid || threadId === tmid,
    );
    return shown.sort((a, b) => a.at - b.at);
  }

  message(rid: string, id: string): Message | undefined {
    return this.#messages.get(rid)?.get(id);
  }

  hasEarlier(rid: string): boolean {
    return this.#loaded.get(rid) ?? false;
  }

  /** The names of those who type there now, but not one's own. */
  typingIn({ rid, tmid = "" }: Place): string[] {
    const now = Date.now();
    const all = [...(this.#typing.get(rid) ?? [])];
    return all.filter(([, typed]) => typed.tmid === tmid && typed.until > now).map(([name]) => name);
  }

  /** Reads what a room (and a thread) shows, once, and follows it from then on. */
  open(place: Place): void {
    this.#open = place;
    const { rid, tmid } = place;
    if (!this.rooms.has(rid)) return;
    this.#ddp.subscribe("stream-notify-room", `${rid}/user-activity`);
    this.#ddp.subscribe("stream-notify-room", `${rid}/deleteMessage`);
    if (!this.#loaded.has(rid)) this.#attempt(() => this.#loadRoom(rid));
    if (tmid !== undefined && !this.#loaded.has(keyOf(place))) this.#attempt(() => this.#loadThread(place));
    this.#markRead(rid);
  }

  loadEarlier(rid: string): void {
    const oldest = this.messagesIn({ rid })?.[0];
    if (oldest) this.#attempt(() => this.#loadRoom(rid, new Date(oldest.at).toISOString()));
  }

  /** Rejects with a Refusal, so that the text can be kept. */
  async send({ rid, tmid }: Place, msg: string): Promise<void> {
    await this.#rest.post("chat.sendMessage", { message: { rid, msg, ...(tmid ? { tmid } : {}) } });
  }

  async edit({ rid, id }: Message, text: string): Promise<void> {
    await this.#rest.post("chat.update", { roomId: rid, msgId: id, text });
  }

  delete({ rid, id }: Message): void {
    this.#attempt(() => this.#rest.post("chat.delete", { roomId: rid, msgId: id }));
  }

  /** Adds the person's reaction, or takes it back. */
  react(message: Message, emoji: string): void {
    const shouldReact = !message.reactions.get(emoji)?.includes(this.account.username);
    this.#attempt(() => this.#rest.post("chat.react", { messageId: message.id, emoji, shouldReact }));
  }

  /** Sends files, the text with the first; `onProgress` hears how much of all of them is up, from 0 to 1. */
  async sendFiles({ rid, tmid }: Place, { files, text, onProgress }: FilesToSend): Promise<void> {
    const total = files.reduce((sum, { size }) => sum + size, 0) || 1;
    let sent = 0;
    for (const [index, file] of files.entries()) {
      onProgress(sent / total);
      const answer = await this.#rest.upload(`rooms.media/${rid}`, file, (part) =>
        onProgress((sent + part * file.size) / total),
      );
      const words = index === 0 && text.trim() !== "" ? { msg: text } : {};
      const path = `rooms.mediaConfirm/${rid}/${textOf(answer.file, "_id")}`;
      await this.#rest.post(path, { ...words, ...(tmid ? { tmid } : {}) });
      sent += file.size;
    }
    this.#changed();
  }

  file(path: string): Promise<Blob> {
    return this.#rest.file(path);
  }

  /** Opens (or finds) the direct room with somebody; answers its id, or undefined when there is nobody of that name. */
  async openDirect(username: string): Promise<string | undefined> {
    const { room } = await this.#rest.post("im.create", { username });
    // Some servers answer an unknown name with the caller's room with himself.
    const found = listOf(room, "usernames").includes(username);
    if (!found) return undefined;
    await this.#readRooms();
    return textOf(room, "rid");
  }

  /** Tells the others that one types, or no longer does. */
  type({ rid, tmid }: Place, on: boolean): void {
    const now = Date.now();
    if (on ? now - this.#typedAt < TYPING_EVERY_MS : this.#typedAt === 0) return;
    this.#typedAt = on ? now : 0;
    const extras = tmid === undefined ? [] : [{ tmid }];
    const activities = on ? ["user-typing"] : [];
    this.#ddp.tell("stream-notify-room", `${rid}/user-activity`, this.#typingName, activities, ...extras);
  }

  dismissNotice(): void {
    this.notice = undefined;
    this.#changed();
  }

  /** Runs work whose failure the person reads as a notice. */
  #attempt(work: () => Promise<unknown>): void {
    work().then(
      () => this.#changed(),
      (error: unknown) => this.#note(error instanceof Error ? error.message : String(error)),
    );
  }

  #note(text: string): void {
    this.notice = text;
    this.#changed();
  }

  /** After each connect: nothing is replayed, so everything that was read before is read again. */
  async #refresh(): Promise<void> {
    this.#loaded.clear();
    this.#messages.clear();
    await Promise.all([this.#readRooms(), this.#readSettings()]);
    this.online = true;
    this.ready = true;
    if (this.#open) this.open(this.#open);
  }

  async #readRooms(): Promise<void> {
    const { update } = await this.#rest.get("subscriptions.get");
    this.rooms = new Map(readAll(listOf(update), readRoom).map((room) => [room.id, room]));
  }

  async #readSettings(): Promise<void> {
    const { settings } = await this.#rest.get("settings.public", { _id: "UI_Use_Real_Name" });
    const real = listOf(settings).some((setting) => isJson(setting) && setting.value === true);
    this.#typingName = real ? this.account.name : this.account.username;
  }

  async #loadRoom(rid: string, latest?: string): Promise<void> {
    const room = this.rooms.get(rid);
    if (!room) return;
    const family = FAMILIES[room.type];
    const query = { roomId: rid, count: String(PAGE_SIZE), ...(latest ? { latest } : {}) };
    const { messages } = await this.#rest.get(`${family}.history`, query);
    this.#keep(listOf(messages).toReversed());
    this.#loaded.set(rid, listOf(messages).length >= PAGE_SIZE);
    if (this.members.has(rid)) return;
    const { members } = await this.#rest.get(`${family}.members`, { roomId: rid });
    this.members.set(rid, readAll(listOf(members), readMember));
  }

  async #loadThread({ rid, tmid = "" }: Place): Promise<void> {
    const [root, replies] = await Promise.all([
      this.#rest.get("chat.getMessage", { msgId: tmid }),
      this.#rest.get("chat.getThreadMessages", { tmid }),
    ]);
    this.#keep([root.message, ...listOf(replies, "messages")]);
    this.#loaded.set(keyOf({ rid, tmid }), false);
  }

  #keep(documents: unknown): void {
    for (const message of readAll(listOf(documents), readMessage)) {
      const room = this.#messages.get(message.rid) ?? new Map<string, Message>();
      this.#messages.set(message.rid, room);
      // An answer of REST may be older than what the stream has sent meanwhile.
      if ((room.get(message.id)?.updatedAt ?? 0) <= message.updatedAt) room.set(message.id, message);
    }
  }

  #take(stream: string, eventName: string, args: readonly unknown[]): void {
    const [head = "", event = ""] = eventName.split("/");
    if (stream === "stream-room-messages") this.#keep([args[0]]);
    else if (stream === "stream-notify-logged") this.#takeStatus(listOf(args[0]));
    else if (event === "deleteMessage") this.#messages.get(head)?.delete(textOf(args[0], "_id"));
    else if (event === "user-activity") this.#takeActivity(head, args);
    else if (event === "subscriptions-changed")
      this.#takeSubscription(textOf({ action: args[0] }, "action"), args[1]);
    else if (event === "message") this.notice = textOf(args[0], "msg");
    this.#changed();
  }

  #takeStatus([id, , status]: readonly unknown[]): void {
    for (const [rid, members] of this.members) {
      const known = members.find((member) => member.id === id);
      if (!known) continue;
      const updated = { ...known, status: STATUSES[Number(status)] ?? known.status };
      this.members.set(
        rid,
        members.map((member) => (member === known ? updated : member)),
      );
    }
  }

  #takeActivity(rid: string, [name, activities, extras]: readonly unknown[]): void {
    if (typeof name !== "string" || name === this.#typingName) return;
    const room = this.#typing.get(rid) ?? new Map<string, { until: number; tmid: string }>();
    this.#typing.set(rid, room);
    if (!listOf(activities).includes("user-typing")) {
      room.delete(name);
      return;
    }
    room.set(name, { until: Date.now() + TYPING_LASTS_MS, tmid: textOf(extras, "tmid") });
    setTimeout(this.#changed, TYPING_LASTS_MS + 50);
  }

  #takeSubscription(action: string, subscription: unknown): void {
    const rid = textOf(subscription, "rid");
    const room = action === "removed" ? undefined : readRoom(subscription);
    if (room) this.rooms.set(room.id, room);
    else this.rooms.delete(rid);
    if (room && this.#open?.rid === rid) this.#markRead(rid);
  }

  #markRead(rid: string): void {
    const room = this.rooms.get(rid);
    if (!room || (room.unread === 0 && !room.alert) || !document.hasFocus()) return;
    const wait = this.#readAt + READ_EVERY_MS - Date.now();
    if (wait > 0) {
      setTimeout(() => this.#open?.rid === rid && this.#markRead(rid), wait);
      return;
    }
    this.#readAt = Date.now();
    this.#attempt(() => this.#rest.post("subscriptions.read", { rid }));
  }
}

function keyOf({ rid, tmid }: Place): string {
  return tmid === undefined ? rid : `${rid}/${tmid}`;
}
