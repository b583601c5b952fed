// Owns the table of who may speak: configuration, speaker, place and saying, with what must come of it and why.

import type { Place, Saying, Speaker, Town } from "./town.ts";

type Row = readonly [as: Speaker, place: Place, saying: Saying, verdict: string];

export interface Block {
  readonly name: string;
  /** Keys of `channels.rocketchat` that say who may speak. */
  readonly section: (town: Town) => Record<string, unknown>;
  /** Keys beside `channels`. */
  readonly config?: (town: Town) => Record<string, unknown>;
  /** Names of people who were paired. */
  readonly paired?: readonly (keyof Town["ids"])[];
  /** Also tried in a real gateway. */
  readonly gateway?: boolean;
  readonly rows: readonly Row[];
}

const LISTED = "answered: dm_policy_allowlisted";
const OPEN_DM = "answered: dm_policy_open";
const PAIR = "pairing: dm_policy_pairing_required";
const NOT_LISTED = "sender-not-allowed: dm_policy_not_allowlisted";
const MEMBER = "answered: group_policy_open";
const IN_LIST = "answered: group_policy_allowed";
const NOT_IN_LIST = "sender-not-allowed: group_policy_not_allowlisted";
const IN_VAIN = "not-mentioned";

/** `messages` in the gateway's configuration: one word counts as a mention besides the bot's name. */
export const MENTION_PATTERNS = {
  groupChat: { mentionPatterns: ["\\brobot\\b"], visibleReplies: "automatic" },
};

const served = ({ rooms }: Town): Record<string, unknown> => ({ rooms: { [rooms.town]: {} } });

export const BLOCKS: readonly Block[] = [
  {
    name: "nothing configured",
    section: () => ({}),
    gateway: true,
    rows: [
      ["alice", "dm", "plain", PAIR],
      ["impostor", "dm", "named", PAIR],
      ["second", "dm", "plain", "bot-message"],
      ["alice", "group", "named", "group-dms-off"],
      ["alice", "town", "named", "room-not-allowed"],
      ["alice", "ops", "named", "room-not-allowed"],
      ["alice", "talk", "named", "room-not-allowed"],
      ["alice", "crew", "own team", "room-not-allowed"],
      ["alice", "elsewhere", "named", "not-a-member"],
      ["self", "town", "named", "own-message"],
    ],
  },
  {
    name: "pairing, with a listed person",
    section: ({ ids }) => ({ dmPolicy: "pairing", allowFrom: [ids.alice] }),
    rows: [
      ["alice", "dm", "plain", LISTED],
      ["bob", "dm", "plain", PAIR],
      ["impostor", "dm", "plain", PAIR],
      ["second", "dm", "named", "bot-message"],
      ["hook", "dm", "named", "bot-message"],
    ],
  },
  {
    name: "pairing, with a paired person",
    section: ({ ids, rooms }) => ({
      rooms: { [rooms.town]: { users: [ids.alice] }, [rooms.ops]: {} },
      dm: { groupEnabled: true },
    }),
    paired: ["bob"],
    rows: [
      ["bob", "dm", "plain", LISTED],
      ["alice", "dm", "plain", PAIR],
      ["bob", "town", "named", NOT_IN_LIST],
      ["bob", "ops", "named", MEMBER],
      ["bob", "group", "named", "sender-not-allowed: group_policy_empty_allowlist"],
    ],
  },
  {
    name: "an allowlist that is empty",
    section: () => ({ dmPolicy: "allowlist", allowFrom: [] }),
    paired: ["bob"],
    rows: [
      ["alice", "dm", "plain", NOT_LISTED],
      ["bob", "dm", "plain", NOT_LISTED],
      ["impostor", "dm", "plain", NOT_LISTED],
    ],
  },
  {
    name: "an allowlist by id",
    section: ({ ids }) => ({ dmPolicy: "allowlist", allowFrom: [ids.alice] }),
    gateway: true,
    rows: [
      ["alice", "dm", "plain", LISTED],
      ["alice", "dm", "named", LISTED],
      ["bob", "dm", "plain", NOT_LISTED],
      ["impostor", "dm", "plain", NOT_LISTED],
      ["second", "dm", "plain", "bot-message"],
    ],
  },
  {
    name: "an allowlist by marked name",
    section: () => ({ dmPolicy: "allowlist", allowFrom: ["@alice"] }),
    rows: [
      ["alice", "dm", "plain", LISTED],
      ["bob", "dm", "plain", NOT_LISTED],
      ["impostor", "dm", "plain", NOT_LISTED],
    ],
  },
  {
    name: "an allowlist by bare name",
    section: () => ({ dmPolicy: "allowlist", allowFrom: ["alice", " bob "] }),
    rows: [
      ["alice", "dm", "plain", LISTED],
      ["bob", "dm", "plain", LISTED],
      ["impostor", "dm", "plain", NOT_LISTED],
    ],
  },
  {
    name: "an allowlist by a name that spells somebody's id",
    section: ({ ids }) => ({ dmPolicy: "allowlist", allowFrom: [`@${ids.alice}`] }),
    rows: [
      ["alice", "dm", "plain", NOT_LISTED],
      ["impostor", "dm", "plain", LISTED],
    ],
  },
  {
    name: "an allowlist by explicit id",
    section: ({ ids }) => ({ dmPolicy: "allowlist", allowFrom: [`user:${ids.alice}`, "user:bob"] }),
    rows: [
      ["alice", "dm", "plain", LISTED],
      ["bob", "dm", "plain", NOT_LISTED],
      ["impostor", "dm", "plain", NOT_LISTED],
    ],
  },
  {
    name: "an allowlist by an id in another case",
    section: ({ ids }) => ({ dmPolicy: "allowlist", allowFrom: [ids.alice.toLowerCase()] }),
    rows: [["alice", "dm", "plain", NOT_LISTED]],
  },
  {
    name: "an allowlist by names that nobody has",
    section: () => ({ dmPolicy: "allowlist", allowFrom: ["@ghost", "ALICE", "#alice"] }),
    rows: [
      ["alice", "dm", "plain", NOT_LISTED],
      ["impostor", "dm", "plain", NOT_LISTED],
    ],
  },
  {
    name: "an allowlist by current names",
    section: ({ ids }) => ({
      dmPolicy: "allowlist",
      allowFrom: ["@Alice", ids.bob],
      dangerouslyAllowNameMatching: true,
    }),
    gateway: true,
    rows: [
      ["alice", "dm", "plain", LISTED],
      ["bob", "dm", "plain", LISTED],
      ["impostor", "dm", "plain", NOT_LISTED],
    ],
  },
  {
    name: "an id while current names are matched",
    section: ({ ids }) => ({
      dmPolicy: "allowlist",
      allowFrom: [ids.alice],
      dangerouslyAllowNameMatching: true,
    }),
    rows: [
      ["alice", "dm", "plain", LISTED],
      ["impostor", "dm", "plain", NOT_LISTED],
    ],
  },
  {
    name: "an access group",
    section: () => ({ dmPolicy: "allowlist", allowFrom: ["accessGroup:staff", "accessGroup:none"] }),
    config: ({ ids }) => ({
      accessGroups: { staff: { type: "message.senders", members: { rocketchat: [ids.alice] } } },
    }),
    rows: [
      ["alice", "dm", "plain", LISTED],
      ["bob", "dm", "plain", "sender-not-allowed: access_group_missing"],
    ],
  },
  {
    name: "an allowlist of everybody",
    section: () => ({ dmPolicy: "allowlist", allowFrom: ["*"] }),
    rows: [
      ["alice", "dm", "plain", LISTED],
      ["impostor", "dm", "plain", LISTED],
      ["second", "dm", "plain", "bot-message"],
    ],
  },
  {
    name: "open to all",
    section: () => ({ dmPolicy: "open", allowFrom: ["*"] }),
    rows: [
      ["alice", "dm", "plain", OPEN_DM],
      ["impostor", "dm", "plain", OPEN_DM],
      ["second", "dm", "plain", "bot-message"],
      ["alice", "group", "named", "group-dms-off"],
      ["alice", "town", "named", "room-not-allowed"],
    ],
  },
  {
    name: "direct messages disabled",
    section: ({ ids }) => ({ dmPolicy: "disabled", allowFrom: [ids.alice] }),
    paired: ["bob"],
    rows: [
      ["alice", "dm", "plain", "sender-not-allowed: dm_policy_disabled"],
      ["bob", "dm", "plain", "sender-not-allowed: dm_policy_disabled"],
    ],
  },
  {
    name: "direct messages off",
    section: ({ ids, rooms }) => ({
      dm: { enabled: false },
      allowFrom: [ids.alice],
      rooms: { [rooms.town]: {} },
    }),
    rows: [
      ["alice", "dm", "plain", "direct-messages-off"],
      ["bob", "dm", "named", "direct-messages-off"],
      ["alice", "town", "named", MEMBER],
    ],
  },
  {
    name: "group DMs on",
    section: ({ ids }) => ({ dm: { groupEnabled: true }, allowFrom: [ids.alice] }),
    gateway: true,
    rows: [
      ["alice", "group", "named", IN_LIST],
      ["alice", "group", "plain", "not-mentioned: activation_skipped"],
      ["alice", "group", "@all", "not-mentioned: activation_skipped"],
      ["bob", "group", "named", NOT_IN_LIST],
    ],
  },
  {
    name: "group DMs on, for one of them",
    section: ({ ids, rooms }) => ({
      dm: { groupEnabled: true, groupRooms: [rooms.group] },
      allowFrom: [ids.alice],
      requireMention: false,
    }),
    rows: [
      ["alice", "group", "plain", IN_LIST],
      ["bob", "group", "plain", NOT_IN_LIST],
    ],
  },
  {
    name: "group DMs on, for another",
    section: ({ ids, rooms }) => ({
      dm: { groupEnabled: true, groupRooms: [rooms.town, "#nowhere"] },
      allowFrom: [ids.alice],
      rooms: { [rooms.group]: {} },
    }),
    rows: [["alice", "group", "named", "group-dms-off"]],
  },
  {
    name: "one room served",
    section: served,
    config: () => ({ messages: MENTION_PATTERNS }),
    gateway: true,
    rows: [
      ["alice", "town", "named", MEMBER],
      ["bob", "town", "bracketed", MEMBER],
      ["alice", "town", "dotted", MEMBER],
      ["alice", "town", "upper", MEMBER],
      ["alice", "town", "other and bot", MEMBER],
      ["alice", "town", "own team", MEMBER],
      ["alice", "town", "pattern", MEMBER],
      ["alice", "town", "quote of bot", MEMBER],
      ["alice", "town", "in bot's thread", MEMBER],
      ["bob", "town", "in thread with bot", MEMBER],
      ["alice", "town", "plain", IN_VAIN],
      ["alice", "town", "in code", IN_VAIN],
      ["alice", "town", "in fence", IN_VAIN],
      ["alice", "town", "longer name", IN_VAIN],
      ["alice", "town", "@all", IN_VAIN],
      ["alice", "town", "@here", IN_VAIN],
      ["alice", "town", "other", IN_VAIN],
      ["alice", "town", "foreign team", IN_VAIN],
      ["alice", "town", "quote of bob", IN_VAIN],
      ["alice", "town", "in foreign thread", IN_VAIN],
      ["impostor", "town", "named", MEMBER],
      ["second", "town", "named", "bot-message"],
      ["hook", "town", "named", "bot-message"],
      ["alice", "ops", "named", "room-not-allowed"],
      ["alice", "sidetalk", "named", "room-not-allowed"],
      ["alice", "dm", "plain", PAIR],
    ],
  },
  {
    name: "no pattern configured",
    section: served,
    rows: [["alice", "town", "pattern", IN_VAIN]],
  },
  {
    name: "patterns kept out of the room",
    section: (town) => ({ ...served(town), mentionPatterns: { denyIn: [town.rooms.town] } }),
    config: () => ({ messages: MENTION_PATTERNS }),
    rows: [
      ["alice", "town", "pattern", IN_VAIN],
      ["alice", "town", "named", MEMBER],
    ],
  },
  {
    name: "patterns in listed rooms alone",
    section: ({ rooms }) => ({
      rooms: { "*": {} },
      mentionPatterns: { mode: "deny", allowIn: [rooms.ops] },
    }),
    config: () => ({ messages: MENTION_PATTERNS }),
    rows: [
      ["alice", "ops", "pattern", MEMBER],
      ["alice", "town", "pattern", IN_VAIN],
    ],
  },
  {
    name: "implicit mentions off",
    section: (town) => ({
      ...served(town),
      implicitMentions: { replyToBot: false, quotedBot: false, threadParticipation: false },
    }),
    rows: [
      ["alice", "town", "in bot's thread", IN_VAIN],
      ["alice", "town", "in thread with bot", IN_VAIN],
      ["alice", "town", "quote of bot", IN_VAIN],
      ["alice", "town", "named", MEMBER],
    ],
  },
  {
    name: "one implicit mention off",
    section: (town) => ({ ...served(town), implicitMentions: { threadParticipation: false } }),
    rows: [
      ["alice", "town", "in bot's thread", MEMBER],
      ["alice", "town", "in thread with bot", IN_VAIN],
      ["alice", "town", "quote of bot", MEMBER],
    ],
  },
  {
    name: "a room by marked name",
    section: () => ({ rooms: { "#town": {} } }),
    rows: [
      ["alice", "town", "named", MEMBER],
      ["alice", "ops", "named", "room-not-allowed"],
    ],
  },
  {
    name: "rooms by bare name and explicit id",
    section: ({ rooms }) => ({ rooms: { town: {}, [`room:${rooms.ops}`]: {}, "@side": {} } }),
    rows: [
      ["alice", "town", "named", MEMBER],
      ["alice", "ops", "named", MEMBER],
      ["alice", "side", "named", "room-not-allowed"],
    ],
  },
  {
    name: "a room by a name that no room has",
    section: () => ({ rooms: { "#Town": {}, "#nowhere": {} } }),
    rows: [["alice", "town", "named", "room-not-allowed"]],
  },
  {
    name: "a default entry",
    section: ({ rooms }) => ({ rooms: { "*": {}, [rooms.ops]: { enabled: false } } }),
    rows: [
      ["alice", "town", "named", MEMBER],
      ["alice", "side", "named", MEMBER],
      ["alice", "crew", "own team", MEMBER],
      ["alice", "ops", "named", "room-not-allowed"],
      ["alice", "talk", "named", "room-not-allowed"],
      ["alice", "sidetalk", "named", MEMBER],
      ["alice", "elsewhere", "named", "not-a-member"],
      ["alice", "group", "named", "group-dms-off"],
    ],
  },
  {
    name: "a parent room listed",
    section: ({ rooms }) => ({ rooms: { "#ops": { requireMention: false }, [rooms.side]: {} } }),
    gateway: true,
    rows: [
      ["alice", "talk", "plain", MEMBER],
      ["alice", "sidetalk", "plain", IN_VAIN],
      ["alice", "sidetalk", "named", MEMBER],
      ["alice", "town", "named", "room-not-allowed"],
    ],
  },
  {
    name: "a parent room with its own people",
    section: ({ ids, rooms }) => ({ rooms: { [rooms.ops]: { users: [ids.bob] }, "*": {} } }),
    rows: [
      ["bob", "talk", "named", IN_LIST],
      ["alice", "talk", "named", NOT_IN_LIST],
      ["alice", "sidetalk", "named", MEMBER],
    ],
  },
  {
    name: "a discussion with an entry of its own",
    section: ({ ids, rooms }) => ({
      rooms: { [rooms.ops]: { enabled: false }, [rooms.talk]: { users: [ids.alice], requireMention: false } },
    }),
    rows: [
      ["alice", "talk", "plain", IN_LIST],
      ["bob", "talk", "plain", NOT_IN_LIST],
      ["alice", "ops", "named", "room-not-allowed"],
    ],
  },
  {
    name: "a discussion switched off",
    section: ({ rooms }) => ({ rooms: { [rooms.ops]: {}, [rooms.talk]: { enabled: false } } }),
    rows: [
      ["alice", "talk", "named", "room-not-allowed"],
      ["alice", "ops", "named", MEMBER],
    ],
  },
  {
    name: "a team room listed",
    section: () => ({ rooms: { "#crew": {} } }),
    rows: [
      ["alice", "crew", "own team", MEMBER],
      ["alice", "crew", "named", MEMBER],
      ["alice", "crew", "plain", IN_VAIN],
    ],
  },
  {
    name: "all rooms open",
    section: ({ rooms }) => ({ groupPolicy: "open", rooms: { [rooms.side]: { enabled: false } } }),
    rows: [
      ["alice", "town", "named", MEMBER],
      ["impostor", "ops", "named", MEMBER],
      ["alice", "talk", "named", MEMBER],
      ["alice", "town", "plain", IN_VAIN],
      ["alice", "side", "named", "room-not-allowed"],
      ["alice", "sidetalk", "named", "room-not-allowed"],
      ["alice", "group", "named", "group-dms-off"],
      ["second", "town", "named", "bot-message"],
    ],
  },
  {
    name: "all rooms disabled",
    section: ({ ids, rooms }) => ({
      groupPolicy: "disabled",
      allowFrom: [ids.alice],
      rooms: { [rooms.town]: { requireMention: false }, "*": {} },
    }),
    rows: [
      ["alice", "town", "named", "room-not-allowed"],
      ["alice", "talk", "named", "room-not-allowed"],
      ["alice", "dm", "plain", LISTED],
    ],
  },
  {
    name: "people of a room by id",
    section: ({ ids, rooms }) => ({
      rooms: { [rooms.town]: { users: [ids.bob] } },
      groupAllowFrom: [ids.alice],
    }),
    rows: [
      ["bob", "town", "named", IN_LIST],
      ["alice", "town", "named", NOT_IN_LIST],
      ["impostor", "town", "named", NOT_IN_LIST],
      ["bob", "town", "plain", IN_VAIN],
    ],
  },
  {
    name: "people of a room by name",
    section: () => ({ rooms: { "#town": { users: ["@alice", "@ghost"] } } }),
    gateway: true,
    rows: [
      ["alice", "town", "named", IN_LIST],
      ["bob", "town", "named", NOT_IN_LIST],
      ["impostor", "town", "named", NOT_IN_LIST],
    ],
  },
  {
    name: "people of a room by a name that nobody has",
    section: ({ rooms }) => ({ rooms: { [rooms.town]: { users: ["@ghost"] } } }),
    rows: [
      ["alice", "town", "named", NOT_IN_LIST],
      ["bob", "town", "named", NOT_IN_LIST],
    ],
  },
  {
    name: "people of a room by an id that is somebody's username",
    section: ({ ids, rooms }) => ({ rooms: { [rooms.town]: { users: [ids.alice] } } }),
    rows: [
      ["alice", "town", "named", IN_LIST],
      ["impostor", "town", "named", NOT_IN_LIST],
    ],
  },
  {
    name: "everybody of a room",
    section: ({ ids, rooms }) => ({ rooms: { [rooms.town]: { users: ["*"] } }, groupAllowFrom: [ids.alice] }),
    rows: [
      ["bob", "town", "named", IN_LIST],
      ["second", "town", "named", "bot-message"],
    ],
  },
  {
    name: "people of all rooms",
    section: ({ ids }) => ({ rooms: { "*": {} }, groupAllowFrom: [ids.alice] }),
    rows: [
      ["alice", "town", "named", IN_LIST],
      ["alice", "talk", "named", IN_LIST],
      ["bob", "town", "named", NOT_IN_LIST],
      ["impostor", "crew", "named", NOT_IN_LIST],
    ],
  },
  {
    name: "people of direct messages are not those of rooms",
    section: ({ ids, rooms }) => ({
      dmPolicy: "allowlist",
      allowFrom: [ids.bob],
      rooms: { [rooms.town]: {} },
      groupAllowFrom: [ids.alice],
    }),
    rows: [
      ["bob", "dm", "plain", LISTED],
      ["alice", "dm", "plain", NOT_LISTED],
      ["alice", "town", "named", IN_LIST],
      ["bob", "town", "named", NOT_IN_LIST],
    ],
  },
  {
    name: "no mention needed",
    section: ({ rooms }) => ({
      requireMention: false,
      rooms: { [rooms.town]: {}, [rooms.ops]: { requireMention: true } },
    }),
    rows: [
      ["alice", "town", "plain", MEMBER],
      ["alice", "town", "@all", MEMBER],
      ["alice", "town", "other", MEMBER],
      ["alice", "town", "in foreign thread", MEMBER],
      ["second", "town", "plain", "bot-message"],
      ["alice", "ops", "plain", IN_VAIN],
      ["alice", "ops", "named", MEMBER],
    ],
  },
  {
    name: "no mention needed, but talk to others ignored",
    section: ({ rooms }) => ({
      rooms: { [rooms.town]: { requireMention: false, ignoreOtherMentions: true } },
    }),
    gateway: true,
    rows: [
      ["alice", "town", "plain", MEMBER],
      ["alice", "town", "other and bot", MEMBER],
      ["alice", "town", "own team", MEMBER],
      ["alice", "town", "other", "others-mentioned"],
      ["alice", "town", "foreign team", "others-mentioned"],
      ["alice", "town", "@all", MEMBER],
    ],
  },
  {
    name: "bots heard",
    section: ({ rooms }) => ({
      allowBots: true,
      rooms: { [rooms.town]: {}, [rooms.ops]: { allowBots: false } },
    }),
    rows: [
      ["second", "town", "named", MEMBER],
      ["hook", "town", "named", MEMBER],
      ["second", "town", "plain", IN_VAIN],
      ["second", "ops", "named", "bot-message"],
      ["self", "town", "named", "own-message"],
      ["second", "dm", "plain", PAIR],
    ],
  },
  {
    name: "bots heard when they name the bot",
    section: ({ rooms }) => ({
      requireMention: false,
      rooms: { [rooms.town]: { allowBots: "mentions" }, [rooms.ops]: {} },
    }),
    rows: [
      ["second", "town", "named", MEMBER],
      ["second", "town", "plain", "bot-message"],
      ["second", "town", "in bot's thread", "bot-message"],
      ["hook", "town", "named", MEMBER],
      ["second", "ops", "named", "bot-message"],
    ],
  },
  {
    name: "bots heard, but only listed senders",
    section: ({ ids, rooms }) => ({ allowBots: true, rooms: { [rooms.town]: { users: [ids.alice] } } }),
    rows: [
      ["second", "town", "named", NOT_IN_LIST],
      ["alice", "town", "named", IN_LIST],
    ],
  },
];
