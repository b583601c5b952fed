// Owns AccountSettings: the frozen values of one configured account that everything else reads.

/** Who may write to the bot in a direct message; `pairing` sends unknown people a code to be approved. */
export type DmPolicy = "pairing" | "allowlist" | "open" | "disabled";

/** The switches of the message tool's actions. */
export type ActionGroup = "reactions" | "messages" | "pins" | "memberInfo" | "emojiList" | "search";

/** Which rooms and senders are served: `allowlist` needs the room in `rooms`, `open` serves all. */
export type GroupPolicy = "allowlist" | "open" | "disabled";

/** Whether other bots' messages are heard: not at all, all that pass the other rules, or those naming the bot. */
export type AllowBots = boolean | "mentions";

/** Whose messages' reactions the agent is told of: nobody's, its own, all, or all if a listed person reacted. */
export type ReactionNotifications = "off" | "own" | "all" | "allowlist";

/** What the agent is asked when somebody reacts so, by the emoji as written, and while the account runs by each of its names with colons; "" asks nothing. */
export type ReactionTriggers = Readonly<Record<string, string>>;

/** In which conversations the agent is told that somebody is back: `auto` are those of few people. */
export interface PresenceEventSettings {
  readonly mode?: "off" | "auto" | "on" | undefined;
  /** What the agent is to do then, in place of what it is told otherwise. */
  readonly prompt?: string | undefined;
}

/** A room as far as its settings depend on it. */
export interface RoomRef {
  readonly id: string;
  /** What it is addressed by. */
  readonly name?: string | undefined;
  /** The room that a discussion was started in. */
  readonly parentId?: string | undefined;
}

/** Which ways to address the bot without naming it count as a mention. */
export interface ImplicitMentionSettings {
  readonly replyToBot: boolean;
  readonly quotedBot: boolean;
  readonly threadParticipation: boolean;
}

/** Where the configured mention patterns apply: everywhere but in `denyIn`, or in `allowIn` alone. Room ids. */
export interface MentionPatternSettings {
  readonly mode?: "allow" | "deny" | undefined;
  readonly allowIn?: string[] | undefined;
  readonly denyIn?: string[] | undefined;
}

/** How tables are shown; `block` is the server's own where it has them (8.7), and code before. */
export type TableMode = "off" | "bullets" | "code" | "block";

/** Of which links the server shows previews: of pages, and of pictures, sound and video. */
export interface PreviewSettings {
  readonly links: boolean;
  readonly media: boolean;
}

/** How OpenClaw ends two bots' talking in circles; what is absent, it has defaults for. Numbers of messages, seconds. */
export interface BotLoopSettings {
  readonly enabled?: boolean;
  readonly maxEventsPerWindow?: number;
  readonly windowSeconds?: number;
  readonly cooldownSeconds?: number;
}

/** What is decided about the text of replies. */
export interface TextSettings {
  /** Longest message, in UTF-16 units; what the server allows is never exceeded. */
  readonly chunkLimit: number;
  /** `newline` begins a new message whenever the next paragraph does not fit; `length` fills messages. */
  readonly chunkMode: "length" | "newline";
  readonly tables: TableMode;
  readonly previews: PreviewSettings;
}

/** Which replies to a top-level message go into a thread under it: none, the first, all; `batched` is as `first`. */
export type ReplyToMode = "off" | "first" | "all" | "batched";

/**
 * What people see of an answer before it is whole: nothing; its text, as it grows; the same in larger steps; what the
 * agent does instead of what it writes.
 */
export type StreamingMode = "off" | "partial" | "block" | "progress";

/** How much text a preview grows by in mode `block`, and where it may end. */
export interface PreviewSteps {
  readonly minChars?: number | undefined;
  readonly maxChars?: number | undefined;
  readonly breakPreference?: "paragraph" | "newline" | "sentence" | undefined;
}

/** What is shown of tools: by OpenClaw's own keys, which its SDK reads. */
interface ToolLines {
  readonly toolProgress?: boolean | undefined;
  readonly commandText?: "raw" | "status" | undefined;
}

/** The section `streaming`, as OpenClaw's other channels have it. */
export interface StreamingSettings {
  readonly mode: StreamingMode;
  readonly preview?: (ToolLines & { readonly chunk?: PreviewSteps | undefined }) | undefined;
  readonly progress?: ToolLines | undefined;
  /** Whether finished blocks of an answer are posted before its end, in place of a preview. */
  readonly block?: { readonly enabled?: boolean | undefined } | undefined;
}

/** Whether history, quotes and thread starters show people who may not speak to the agent. */
export type ContextVisibility = "all" | "allowlist" | "allowlist_quote";

/** Whether, about what, and where the operators are asked by this channel for an approval. */
export interface ApprovalSettings {
  readonly enabled: boolean;
  /** In their direct messages, where the agent was asked, or both. */
  readonly target: "dm" | "channel" | "both";
  /** Only for these agents; empty: all. */
  readonly agentFilter: string[];
  /** Only for sessions whose key holds, or matches, one of these; empty: all. */
  readonly sessionFilter: string[];
}

/** How threads are sessions. */
export interface ThreadSettings {
  /** Whether a turn in a thread is shown the thread's recent messages or the room's. */
  readonly historyScope: "thread" | "channel";
  /** Whether a thread's session begins with a copy of the room's transcript. */
  readonly inheritParent: boolean;
  /** Earlier messages shown when a thread's session begins. */
  readonly initialHistoryLimit: number;
}

/** Which tools the agent may use, by OpenClaw's names. */
export interface ToolPolicySettings {
  readonly allow?: string[] | undefined;
  readonly alsoAllow?: string[] | undefined;
  readonly deny?: string[] | undefined;
}

/** What one entry of `rooms` says; an absent key means "as the account says". */
export interface RoomSettings {
  readonly enabled?: boolean | undefined;
  readonly requireMention?: boolean | undefined;
  /** User ids that may speak to the agent in this room, in place of `groupAllowFrom`; an empty list is nobody. */
  readonly users?: readonly string[] | undefined;
  /** Drop messages that mention other users but not the bot, even where no mention is needed. */
  readonly ignoreOtherMentions?: boolean | undefined;
  readonly allowBots?: AllowBots | undefined;
  /** Key by key before the account's. */
  readonly botLoopProtection?: BotLoopSettings | undefined;
  readonly tools?: ToolPolicySettings | undefined;
  /** By sender, as OpenClaw writes them: `id:<user id>`, `username:<name>` or `*`; in place of `tools`. */
  readonly toolsBySender?: Record<string, ToolPolicySettings | undefined> | undefined;
  /** The only skills that the agent is offered here. */
  readonly skills?: readonly string[] | undefined;
  /** Added to what the agent is told about itself in this room. */
  readonly systemPrompt?: string | undefined;
  /** Emoji by emoji before the account's. */
  readonly reactionTriggers?: ReactionTriggers | undefined;
  /** Key by key before the account's. */
  readonly presenceEvents?: PresenceEventSettings | undefined;
  readonly replyToMode?: ReplyToMode | undefined;
  readonly streamingMode?: StreamingMode | undefined;
}

/** What the account does with direct messages beside `dmPolicy`. */
export interface DirectSettings {
  readonly enabled: boolean;
  /** Whether group DMs (three people or more) are served. */
  readonly groupEnabled: boolean;
  /** Room ids of the group DMs that are served; undefined: all the bot is in. */
  readonly groupRooms: readonly string[] | undefined;
}

/** How far back messages are looked for that were sent while the account could not listen. */
export interface CatchUpSettings {
  /** Messages older than this when the account is back are left alone. */
  readonly maxAgeMinutes: number;
  /** Of each room the newest so many messages are read. */
  readonly maxMessagesPerRoom: number;
  /** How often messages are looked for that a working connection failed to deliver; 0: never. */
  readonly safetyScanMinutes: number;
}

export interface CommandSettings {
  /** Whether operators may use further commands of OpenClaw that concern one session, such as `!new`. */
  readonly extra: boolean;
}

/** Where the keys that messages name stand in the configuration file, as paths from its root. */
export interface KeyPaths {
  /** The account's own entry, or the root of the section. */
  readonly account: string;
  readonly serverUrl: string;
  readonly userId: string;
  readonly username: string;
  readonly pat: string;
  readonly caFile: string;
  readonly insecure: string;
  readonly privateNetwork: string;
}

/**
 * One `channels.rocketchat` entry after account-over-root merging, with secrets resolved. As written, its lists
 * of people and rooms may hold names; what judges a message reads them with ids in place of the names, and an
 * entry that still begins with `@` or `#` there is a name that means nobody.
 */
export interface AccountSettings {
  readonly accountId: string;
  readonly enabled: boolean;
  readonly name: string | undefined;
  /** Base URL without a trailing slash, sub-path kept; empty when not configured. */
  readonly serverUrl: string;
  /** Rocket.Chat `_id` of the bot user the token belongs to; empty when not configured. */
  readonly userId: string;
  /** The bot user's username, without `@`; empty when not configured. */
  readonly username: string;
  /** The personal access token; empty when missing or not resolvable here. Never log it. */
  readonly pat: string;
  readonly patStatus: "available" | "configured_unavailable" | "missing";
  readonly dm: DirectSettings;
  readonly dmPolicy: DmPolicy;
  readonly allowFrom: readonly string[];
  readonly groupPolicy: GroupPolicy;
  /** User ids that may speak in rooms; undefined: every member, an empty list: nobody. */
  readonly groupAllowFrom: readonly string[] | undefined;
  /** By room id or `"*"`. */
  readonly rooms: ReadonlyMap<string, RoomSettings>;
  readonly requireMention: boolean;
  readonly allowBots: AllowBots;
  readonly botLoopProtection: BotLoopSettings | undefined;
  readonly reactionNotifications: ReactionNotifications;
  /** User ids, or `*`: whose reactions are told under `allowlist`. */
  readonly reactionAllowlist: readonly string[];
  readonly reactionTriggers: ReactionTriggers;
  readonly presenceEvents: PresenceEventSettings;
  readonly implicitMentions: ImplicitMentionSettings;
  readonly mentionPatterns: MentionPatternSettings | undefined;
  /** User ids that may run `!model`, `!stop` and the further commands; empty: see specs/commands.md. */
  readonly commandAllowFrom: readonly string[];
  readonly execApprovals: ApprovalSettings;
  readonly commands: CommandSettings;
  /** User ids known to be bots: those that accounts of this gateway logged in as, and those that turned out to be. */
  readonly bots: Pick<ReadonlySet<string>, "has">;
  /** An emoji that stands on the message while the agent works on it; empty: none. */
  readonly typingReaction: string;
  /** Whether the acknowledging reaction goes when the reply has come. */
  readonly removeAckAfterReply: boolean;
  /** What the message tool may do beside sending. */
  readonly actions: { readonly [group in ActionGroup]: boolean };
  readonly text: TextSettings;
  readonly streaming: StreamingSettings;
  /** By chat type, in place of `streaming.mode`. */
  readonly streamingModeByChatType: {
    readonly [chatType in "direct" | "group" | "channel"]?: StreamingMode | undefined;
  };
  /** The largest file that is fetched or sent, in MiB; what the server takes is never exceeded. */
  readonly mediaMaxMb: number;
  /** Where a send goes that names no target. */
  readonly defaultTo: string | undefined;
  readonly replyToMode: ReplyToMode;
  /** By chat type, in place of `replyToMode`. */
  readonly replyToModeByChatType: {
    readonly [chatType in "direct" | "group" | "channel"]?: ReplyToMode | undefined;
  };
  readonly thread: ThreadSettings;
  /** Recent messages of a room or group DM shown with an admitted message; 0 to 200, 0 shows none. */
  readonly historyLimit: number;
  /** Recent direct messages shown when their session begins; 0 to 200. */
  readonly dmHistoryLimit: number;
  /** By user id, in place of `dmHistoryLimit`. */
  readonly dmHistoryLimits: ReadonlyMap<string, number>;
  readonly contextVisibility: ContextVisibility;
  /** Join a public room that a message is to be sent to; otherwise that is refused. */
  readonly joinPublicRooms: boolean;
  /** Names in the lists of people and rooms, as `@name` or `#name`, that the server could not be asked about yet. */
  readonly pendingNames: ReadonlySet<string>;
  /** People are known by the username they have now, besides their id. */
  readonly dangerouslyAllowNameMatching: boolean;
  /** How old the server's last good word about the token may be, and how often a blocked account tries anew. Seconds. */
  readonly credentialCheckSeconds: number;
  readonly catchUp: CatchUpSettings;
  readonly dangerouslyAllowInsecure: boolean;
  /** PEM file of the authorities that the server's certificate may come from, in place of the known ones. */
  readonly caFile: string | undefined;
  readonly allowPrivateNetwork: boolean;
  readonly keyPaths: KeyPaths;
  /** Why variables of the environment are not used, with what to do; undefined when they are or there are none. */
  readonly environmentNote: string | undefined;
}

/** The settings entry for a room: its own, for a discussion else its parent's, else the `"*"` entry, else nothing. */
export function roomSettings(settings: AccountSettings, room: RoomRef): RoomSettings {
  return ownRoomSettings(settings, room) ?? settings.rooms.get("*") ?? {};
}

/** The entry for just this room, or for a discussion its parent's; undefined when neither is listed. */
export function ownRoomSettings({ rooms }: AccountSettings, room: RoomRef): RoomSettings | undefined {
  return rooms.get(room.id) ?? (room.parentId === undefined ? undefined : rooms.get(room.parentId));
}

/** Whether a room message needs a mention of the bot; true unless the room or the account says otherwise. */
export function requiresMention(settings: AccountSettings, room: RoomRef): boolean {
  return roomSettings(settings, room).requireMention ?? settings.requireMention;
}
