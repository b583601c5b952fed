// The documents a Rocket.Chat keeps, in the shape it sends them out; dates are Date objects.
import type { Picture } from "./files/images.ts";

/** Which recorded (8.3, 7.7, 6.5) or documented (9.0) server is imitated. */
export type Profile = "8.3" | "7.7" | "6.5" | "9.0";

/** The short form of a user inside other documents. */
export interface UserRef {
  _id: string;
  username: string;
  /** Null in the memberships that come with a room in 7.7. */
  name?: string | null;
}

/** A login token or a personal access token; only the world ever sees `secret`. */
export interface Token {
  secret: string;
  kind: "login" | "personal";
  createdAt: Date;
  /** Set for login tokens only. */
  expires?: Date;
  /** Set for personal access tokens only. */
  name?: string;
  bypassTwoFactor?: boolean;
}

export type Presence = "offline" | "online" | "away" | "busy";

export interface User {
  _id: string;
  username: string;
  name: string;
  type: "user" | "bot";
  roles: string[];
  email?: string;
  /** SHA-256 of the password, hex; absent for users that cannot log in by password. */
  passwordDigest?: string;
  /** Looks like the hash 6.5 shows; it hashes nothing. */
  passwordHash?: string;
  tokens: Token[];
  active: boolean;
  status: Presence;
  /** Absent until the user first sets a status or is online over DDP. */
  statusText?: string;
  /** Changes with each picture that the user is given; absent before the first. */
  avatarETag?: string;
  statusDefault?: Presence;
  createdAt: Date;
  updatedAt: Date;
  lastLogin?: Date;
  /** Has been deactivated and activated again; then there is no reason for it any more, not even an empty one. */
  reactivated?: true;
  /** The status of his connections is known, from his first word about it over DDP on. */
  tellsPresence?: true;
  /** The live DDP sessions; absent before the first. */
  connections?: number;
  /** Whether `users.update` has looked the user's rooms up (it leaves them in the document). */
  listsRooms?: boolean;
}

export type RoomType = "c" | "p" | "d";

export interface Room {
  _id: string;
  t: RoomType;
  name?: string;
  fname?: string;
  u?: UserRef;
  usernames?: string[];
  uids?: string[];
  usersCount: number;
  msgs: number;
  ts: Date;
  _updatedAt: Date;
  ro?: boolean;
  default?: boolean;
  topic?: string;
  announcement?: string;
  description?: string;
  archived?: boolean;
  muted?: string[];
  unmuted?: string[];
  prid?: string;
  teamId?: string;
  teamMain?: boolean;
  encrypted?: boolean;
  lm?: Date;
  lastMessage?: Message;
  [extra: string]: unknown;
}

/** A membership. */
export interface Subscription {
  _id: string;
  rid: string;
  u: UserRef;
  t: RoomType;
  name?: string;
  fname?: string;
  open: boolean;
  alert: boolean;
  unread: number;
  userMentions: number;
  groupMentions: number;
  /** Absent in the direct rooms of 6.5. */
  ts?: Date;
  /** Absent in 6.5 until something changes. */
  _updatedAt?: Date;
  ls?: Date;
  lr?: Date;
  roles?: string[];
  inviter?: UserRef;
  prid?: string;
  tunread?: string[];
  tunreadUser?: string[];
  blocked?: boolean;
  blocker?: boolean;
  [extra: string]: unknown;
}

export interface Mention {
  _id: string;
  username?: string;
  name?: string;
  type?: "user" | "team";
}

export interface MessageUrl {
  url: string;
  meta: Record<string, string>;
  ignoreParse?: boolean;
  parsedUrl?: Record<string, unknown>;
}

export interface Message {
  _id: string;
  rid: string;
  msg: string;
  ts: Date;
  u: UserRef;
  _updatedAt: Date;
  t?: string;
  md?: unknown;
  mentions?: Mention[];
  channels?: { _id: string; name: string; fname?: string }[];
  urls?: MessageUrl[];
  attachments?: Record<string, unknown>[];
  tmid?: string;
  tshow?: boolean;
  tcount?: number;
  tlm?: Date;
  replies?: string[];
  reactions?: Record<string, { usernames: string[] }>;
  editedAt?: Date;
  editedBy?: UserRef;
  starred?: { _id: string }[];
  pinned?: boolean;
  drid?: string;
  dcount?: number;
  file?: FileRef;
  files?: FileRef[];
  [extra: string]: unknown;
}

export interface FileRef {
  _id: string;
  name: string;
  type: string;
  /** Absent in 6.5, as the rest. */
  size?: number;
  format?: string;
  typeGroup?: string;
}

export interface Upload {
  _id: string;
  rid: string;
  userId: string;
  name: string;
  type: string;
  bytes: Uint8Array;
  uploadedAt: Date;
  etag: string;
  token: string;
  /** The name it came with, which stays in its address on the server. */
  path: string;
  /** The first message made of it by a confirmation. */
  messageId?: string;
  description?: string | null | undefined;
  picture?: Picture;
  /** Of a thumbnail: the id of the large picture. */
  thumbnailOf?: string;
  /** In 6.5: its message was refused for a key nobody knows. */
  refused?: true;
}

export interface Team {
  _id: string;
  name: string;
  type: number;
  roomId: string;
  createdAt: Date;
  createdBy: { _id: string; username: string };
  updatedAt: Date;
}

/** What the world tells whoever listens; the DDP endpoint turns each into frames. */
export type Broadcast =
  /** `also`: users that get it although they are no longer members. */
  | { stream: "room-messages"; message: Message; also?: string[] }
  | { stream: "notify-room"; rid: string; event: string; args: unknown[] }
  | { stream: "notify-user"; uid: string; event: string; args: unknown[] }
  | { stream: "notify-logged"; event: string; args: unknown[] }
  | { stream: "notify-all"; event: string; args: unknown[] }
  | { stream: "user-presence"; uid: string; args: unknown[] }
  /** The server hangs up on a user's sessions: all, those logged in by one of the tokens, or by none of `except`. */
  | { stream: "hang-up"; uid: string; tokens?: string[] | undefined; except?: string[] | undefined };
