// The state of an emulated Rocket.Chat and its simplest questions; pure: clock, ids and hashes are arguments.
import type {
  Broadcast,
  Message,
  Profile,
  Room,
  Subscription,
  Team,
  Upload,
  User,
  UserRef,
} from "./world/documents.ts";
import { allows } from "./world/permissions.ts";
import { TRAITS, type Traits } from "./world/profile.ts";
import { defaultSettings, type SettingValue } from "./world/settings.ts";

export interface WorldSources {
  /** The server's clock. */
  now(): number;
  /** A fresh unguessable text of the given length over the given alphabet. */
  random(length: number, alphabet: string): string;
  /** SHA-256 of a text, hex. */
  sha256(text: string): string;
}

const HEX = "0123456789abcdef";
const UNMISTAKABLE = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz";
const TOKEN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The user that makes system notices. */
export const ROCKET_CAT = { _id: "rocket.cat", username: "rocket.cat", name: "Rocket.Cat" } as const;

export class World {
  readonly profile: Profile;
  readonly traits: Traits;
  readonly sources: WorldSources;
  readonly users = new Map<string, User>();
  readonly rooms = new Map<string, Room>();
  /** Keyed by `<rid> <uid>`. */
  readonly subscriptions = new Map<string, Subscription>();
  readonly messages = new Map<string, Message>();
  /** Deleted messages, kept for the synchronization endpoints. */
  readonly trash: { message: Message; deletedAt: Date }[] = [];
  readonly uploads = new Map<string, Upload>();
  readonly teams = new Map<string, Team>();
  readonly settings: Map<string, SettingValue>;
  /** Titles and descriptions of pages, by address: what a link preview would find. */
  readonly pages = new Map<string, Record<string, string>>();
  /** The workspace's own emoji, by name without colons: their other names. */
  readonly customEmoji = new Map<string, string[]>();
  /** A workspace that lost its license may not post. */
  restricted = false;
  /** The setting `API_Enable_Rate_Limiter`. */
  restLimited = true;
  #listeners = new Set<(broadcast: Broadcast) => void>();

  constructor(profile: Profile, sources: WorldSources, siteUrl = "") {
    this.profile = profile;
    this.traits = TRAITS[profile];
    this.sources = sources;
    this.settings = defaultSettings(siteUrl);
    const created = this.now();
    this.users.set(ROCKET_CAT._id, {
      ...ROCKET_CAT,
      type: "bot",
      roles: ["bot"],
      tokens: [],
      active: true,
      status: "online",
      createdAt: created,
      updatedAt: created,
    });
    this.rooms.set("GENERAL", {
      _id: "GENERAL",
      ts: created,
      t: "c",
      name: "general",
      usernames: [],
      msgs: 0,
      usersCount: 0,
      _updatedAt: created,
      u: { ...ROCKET_CAT },
      default: true,
    });
  }

  now(): Date {
    return new Date(this.sources.now());
  }

  /** An id for a message, room, membership or file. */
  newId(): string {
    return this.traits.hexIds ? withDigit(() => this.sources.random(24, HEX)) : this.newAccountId();
  }

  /** An id for a user, a session or a team: 17 characters. */
  newAccountId(): string {
    return withDigit(() => this.sources.random(17, UNMISTAKABLE));
  }

  /** What looks like a hash and hashes nothing. */
  newHash(kind: "bcrypt" | "sha256"): string {
    if (kind === "sha256") return `${this.sources.random(43, `${TOKEN.slice(0, 62)}+/`)}=`;
    return `$2b$10$${this.sources.random(53, `${TOKEN.slice(0, 62)}./`)}`;
  }

  /** A fresh token of 43 characters. */
  newSecret(): string {
    return this.sources.random(43, TOKEN);
  }

  /** Listens to everything the world tells; the answer stops it. */
  listen(listener: (broadcast: Broadcast) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(broadcast: Broadcast): void {
    for (const listener of this.#listeners) listener(broadcast);
  }

  setting(id: string): SettingValue | undefined {
    return this.settings.get(id);
  }

  /** The most UTF-16 units a message may have. */
  get maxMessageSize(): number {
    return Number(this.setting("Message_MaxAllowedSize"));
  }

  userNamed(username: string): User | undefined {
    for (const user of this.users.values()) if (user.username === username) return user;
    return undefined;
  }

  roomNamed(name: string): Room | undefined {
    for (const room of this.rooms.values()) if (room.name === name && room.t !== "d") return room;
    return undefined;
  }

  membership(rid: string, uid: string): Subscription | undefined {
    return this.subscriptions.get(`${rid} ${uid}`);
  }

  membershipsOf(uid: string): Subscription[] {
    return [...this.subscriptions.values()].filter((membership) => membership.u._id === uid);
  }

  membersOf(rid: string): Subscription[] {
    return [...this.subscriptions.values()].filter((membership) => membership.rid === rid);
  }

  /** Whether the user may read the room: members, anyone in public channels, and members of a discussion's parent. */
  canAccess(room: Room, user: User): boolean {
    if (this.membership(room._id, user._id) !== undefined) return true;
    if (room.prid !== undefined) {
      const parent = this.rooms.get(room.prid);
      return parent !== undefined && this.canAccess(parent, user);
    }
    if (room.t !== "c" || !allows("view-c-room", user)) return false;
    const team = room.teamId === undefined ? undefined : this.teams.get(room.teamId);
    return team === undefined || team.type === 0 || this.membership(team.roomId, user._id) !== undefined;
  }

  /** The messages of a room that are shown, oldest first. */
  messagesOf(rid: string): Message[] {
    const list = [...this.messages.values()].filter((message) => message.rid === rid);
    return list.sort((a, b) => a.ts.getTime() - b.ts.getTime());
  }
}

/** The short form of a user inside documents. */
export function refOf(user: User): UserRef {
  return { _id: user._id, username: user.username, name: user.name };
}

function withDigit(make: () => string): string {
  for (;;) {
    const id = make();
    if (/\d/.test(id)) return id;
  }
}
