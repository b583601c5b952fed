// What differs between the imitated versions, one named trait a line; everything else is common.
import type { Profile } from "./documents.ts";

export interface Traits {
  /** As `/api/info` tells it to strangers. */
  readonly version: string;
  /** Ids the server makes for messages, rooms and files: 24 hex digits, or 17 characters. */
  readonly hexIds: boolean;
  /** The id of a direct room is the two user ids joined. */
  readonly joinedDirectIds: boolean;
  /** A mention counts when the message parser finds it; else when a regular expression does. */
  readonly mentionsFromMarkdown: boolean;
  /** A mention in a public channel makes the mentioned user a member. */
  readonly autoJoinByMention: boolean;
  /** The thread's parent is sent again before the reply; else after it. */
  readonly threadParentFirst: boolean;
  /** An edited reply sends its parent again. */
  readonly editedReplyResendsParent: boolean;
  /** Removing or regenerating a personal access token closes the sockets that used it. */
  readonly hangUpOnTokenRemoval: boolean;
  /** Posts to archived rooms are refused. */
  readonly archivedRefuses: boolean;
  /** Pinning sends the pinned message again, besides the notice. */
  readonly pinResends: boolean;
  /** Refused logins say 401 "User not found"; else 403 "You've been logged out by the server". */
  readonly loginRefusal: 401 | 403;
  /** Old DDP methods that are still answered. */
  readonly methods: "8.3" | "7.7" | "6.5" | "9.0";
  /** The documents and REST manners of 6.5: more keys in rooms, fewer in events, other refusals, lax bodies. */
  readonly legacy: boolean;
  /** A user's own post marks the room as read. */
  readonly postingReads: boolean;
  /** A user's status follows his DDP connections. */
  readonly livePresence: boolean;
  /** Members get a `notification` event for each message of others. */
  readonly desktopNotifications: boolean;
  /** A direct room with somebody unknown is refused; else it is made with whoever is known. */
  readonly strictDirect: boolean;
  /** Text and status of a presence are two changes, told one after the other; the texts are limited. */
  readonly statusInTwo: boolean;
  /** Memberships that come with a room have no `_updatedAt` and no name of the member, and nobody knows who invited. */
  readonly lightMemberships: boolean;
  /** Users' documents tell of the second factor by mail; tokens are made without one. */
  readonly mailFactor: boolean;
  /** A body of another type is made into the right one; what does not fit is told with the code behind it. */
  readonly coercesBodies: boolean;
  /**
   * What came with 8.6 to 8.9: `user-status` of eight elements, a limit of five `chat.sendMessage` a second, one message
   * however often a file is confirmed, `rooms.history`, no `md` for very long texts. Documented, not recorded.
   */
  readonly since89: boolean;
  /** Keys without a value are stored as null. */
  readonly nulls: boolean;
  /** Uploads in two calls only, with the words for their refusals and the group of a file's type in messages. */
  readonly recentUploads: boolean;
  /** Refusals for want of permission: 400 with their own code, or 403 `error-forbidden`. */
  readonly forbidden403: boolean;
}

const v83: Traits = {
  version: "8.3",
  hexIds: true,
  joinedDirectIds: false,
  mentionsFromMarkdown: true,
  autoJoinByMention: false,
  threadParentFirst: true,
  editedReplyResendsParent: true,
  hangUpOnTokenRemoval: false,
  archivedRefuses: true,
  pinResends: false,
  loginRefusal: 401,
  methods: "8.3",
  legacy: false,
  postingReads: true,
  livePresence: false,
  desktopNotifications: false,
  strictDirect: false,
  statusInTwo: false,
  lightMemberships: false,
  mailFactor: false,
  coercesBodies: false,
  since89: false,
  nulls: true,
  recentUploads: true,
  forbidden403: false,
};

const v65: Traits = {
  version: "6.5",
  hexIds: false,
  joinedDirectIds: true,
  mentionsFromMarkdown: false,
  autoJoinByMention: true,
  threadParentFirst: false,
  editedReplyResendsParent: false,
  hangUpOnTokenRemoval: true,
  archivedRefuses: false,
  pinResends: true,
  loginRefusal: 403,
  methods: "6.5",
  legacy: true,
  postingReads: false,
  livePresence: true,
  desktopNotifications: true,
  strictDirect: true,
  statusInTwo: true,
  lightMemberships: true,
  mailFactor: true,
  coercesBodies: false,
  since89: false,
  nulls: false,
  recentUploads: false,
  forbidden403: false,
};

const v77: Traits = {
  ...v83,
  version: "7.7",
  mentionsFromMarkdown: false,
  archivedRefuses: false,
  methods: "7.7",
  strictDirect: true,
  statusInTwo: true,
  lightMemberships: true,
  mailFactor: true,
  coercesBodies: true,
  recentUploads: false,
};

/** 9.0 is not recorded: it is 8.3 with what the release notes of 9.0.0 say. */
const v90: Traits = { ...v83, version: "9.0", methods: "9.0", since89: true, forbidden403: true };

export const TRAITS: Readonly<Record<Profile, Traits>> = { "8.3": v83, "7.7": v77, "6.5": v65, "9.0": v90 };
