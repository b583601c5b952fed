// Owns the describing words of each key, for editors of the configuration and docs/CONFIGURATION.md.

/** What is said of one key. `placeholder` is an example of a value. */
export interface KeyHint {
  readonly label: string;
  readonly help: string;
  readonly placeholder?: string;
  readonly advanced?: boolean;
  readonly sensitive?: boolean;
}

const PEOPLE = "User ids or @usernames";

/** By path; `*` stands for a name of the configuration's own. Each leaf of the schema has one, or is within one. */
export const uiHints = {
  enabled: { label: "Enabled", help: "Whether the account runs." },
  name: { label: "Name", help: "What the account is called in lists.", placeholder: "Support" },
  serverUrl: {
    label: "Server URL",
    help: "Address of the Rocket.Chat server; a sub-path is allowed.",
    placeholder: "https://chat.example.org",
  },
  userId: {
    label: "Bot user id",
    help: "The bot user's id. Rocket.Chat shows it beside a new personal access token.",
  },
  username: {
    label: "Bot username",
    help: "The name that people mention, without the @.",
    placeholder: "openclaw-bot",
  },
  pat: {
    label: "Personal access token",
    help: "The bot user's token, as text or as a SecretRef. For the default account, the environment variables ROCKETCHAT_URL, ROCKETCHAT_USER_ID, ROCKETCHAT_USERNAME and ROCKETCHAT_PAT fill in what is not configured.",
    sensitive: true,
  },
  credentialCheckSeconds: {
    label: "Token check",
    help: "Seconds between two checks with the server that the token is still valid.",
    advanced: true,
  },
  "catchUp.maxAgeMinutes": {
    label: "Answer what was missed",
    help: "Minutes. After an outage, older messages are not answered.",
    advanced: true,
  },
  "catchUp.maxMessagesPerRoom": {
    label: "Missed messages read per room",
    help: "How many missed messages are read in one room at most: the newest.",
    advanced: true,
  },
  "catchUp.safetyScanMinutes": {
    label: "Look for undelivered messages",
    help: "Minutes between two searches for messages that a working connection did not deliver; 0 turns them off.",
    advanced: true,
  },
  "tls.caFile": {
    label: "Certificate authority file",
    help: "PEM file with the certificate authorities to trust, in place of the usual ones.",
    placeholder: "/etc/ssl/our-authority.pem",
    advanced: true,
  },
  "network.dangerouslyAllowPrivateNetwork": {
    label: "Allow a server on a private network",
    help: "Allows a private or loopback address, for this one server.",
    advanced: true,
  },
  dangerouslyAllowInsecure: {
    label: "Allow http and skip certificate checks",
    help: "For local development only: allows http and skips certificate checks, so anyone on the network can read the token.",
    advanced: true,
  },
  accounts: {
    label: "Accounts",
    help: "More bot users, by account id. Each takes the same keys; an account's key wins over the root's.",
  },
  defaultAccount: {
    label: "Default account",
    help: "The account to use when none is named.",
    advanced: true,
  },

  "dm.enabled": { label: "Direct messages on", help: "Whether direct messages are heard at all." },
  "dm.groupEnabled": {
    label: "Group DMs on",
    help: "Whether direct messages of three people or more are heard.",
  },
  "dm.groupRooms": {
    label: "Served group DMs",
    help: "Room ids of the group DMs that are served. Without this key, all that the bot user is in; with an empty list, none.",
  },
  dmPolicy: {
    label: "Direct messages",
    help: 'pairing: unknown people get a code; allowlist: only people in allowFrom; open: everybody, and needs allowFrom: ["*"].',
  },
  allowFrom: {
    label: "Allowed people in direct messages",
    help: `${PEOPLE} that may write direct messages, and in group DMs.`,
    placeholder: '["@alice"]',
  },
  groupPolicy: {
    label: "Rooms",
    help: "allowlist: only the rooms under rooms; open: all that the bot user is in; disabled: none.",
  },
  groupAllowFrom: {
    label: "Allowed people in rooms",
    help: `${PEOPLE} that may speak to the agent in rooms. Without this key, every member may; with an empty list, nobody.`,
    placeholder: '["@alice"]',
  },
  requireMention: {
    label: "Answer in rooms only when mentioned",
    help: "Whether a message in a room must address the agent.",
  },
  rooms: { label: "Room settings", help: 'By room id or #name; "*" is the entry of every other room.' },
  "rooms.*.enabled": { label: "Serve this room", help: "false: the room is not served." },
  "rooms.*.requireMention": {
    label: "Only when mentioned",
    help: "In place of the account's requireMention.",
  },
  "rooms.*.users": {
    label: "Allowed people",
    help: `${PEOPLE} that may speak to the agent here, in place of groupAllowFrom; with an empty list, nobody.`,
  },
  "rooms.*.ignoreOtherMentions": {
    label: "Leave messages to others alone",
    help: "Ignores messages that mention others but not the agent, even where no mention is needed.",
  },
  "rooms.*.botLoopProtection": {
    label: "End of bots' talking in circles here",
    help: "Overrides the account's, key by key.",
    advanced: true,
  },
  "rooms.*.allowBots": { label: "Hear other bots", help: "In place of the account's allowBots." },
  "rooms.*.reactionTriggers": {
    label: "Reactions that ask the agent",
    help: 'Like the account\'s reactionTriggers. An emoji here overrides the same emoji there; "" turns it off.',
  },
  "rooms.*.presenceEvents": {
    label: "Coming back, told to the agent here",
    help: "Overrides the account's presenceEvents, key by key.",
    advanced: true,
  },
  "rooms.*.replyToMode": {
    label: "Replies to top-level messages",
    help: "In place of the account's replyToMode and replyToModeByChatType.",
  },
  "rooms.*.streamingMode": {
    label: "Answers while they are written",
    help: "In place of the account's streaming.mode and streamingModeByChatType.",
  },
  "rooms.*.tools": {
    label: "Tools",
    help: "What the agent may use here: allow, alsoAllow and deny, lists of OpenClaw's tool names.",
    placeholder: '{ "deny": ["exec"] }',
  },
  "rooms.*.toolsBySender": {
    label: "Tools by sender",
    help: 'The same by sender ("id:USER ID", "username:NAME" or "*"), in place of tools.',
    placeholder: '{ "*": { "deny": ["exec"] } }',
  },
  "rooms.*.skills": { label: "Skills", help: "The only skills that the agent is offered here." },
  "rooms.*.systemPrompt": {
    label: "Instructions",
    help: "Added to what the agent is told about itself here.",
    placeholder: "Answer in German.",
  },
  allowBots: {
    label: "Hear other bots",
    help: 'Integrations and other bot users. false: not heard; true: heard like people; "mentions": heard when they name the agent.',
  },
  botLoopProtection: {
    label: "End of bots' talking in circles",
    help: "Limits exchanges with other bots: enabled (on), maxEventsPerWindow (20), windowSeconds (60), cooldownSeconds (60). Each key comes from the room, else the account, else channels.defaults.",
    advanced: true,
  },
  "implicitMentions.replyToBot": {
    label: "A reply to the bot addresses it",
    help: "Whether a reply in a thread that the agent began needs no mention.",
  },
  "implicitMentions.quotedBot": {
    label: "A quote of the bot addresses it",
    help: "Whether a message that quotes the agent needs no mention.",
  },
  "implicitMentions.threadParticipation": {
    label: "A thread where the bot replied addresses it",
    help: "Whether a reply in a thread that the agent replied in needs no mention.",
  },
  "mentionPatterns.mode": {
    label: "Where mention patterns apply",
    help: "Where OpenClaw's mention patterns apply. allow: everywhere except in denyIn; deny: only in allowIn.",
    advanced: true,
  },
  "mentionPatterns.allowIn": {
    label: "Rooms with mention patterns",
    help: "Room ids.",
    advanced: true,
  },
  "mentionPatterns.denyIn": {
    label: "Rooms without mention patterns",
    help: "Room ids.",
    advanced: true,
  },
  dangerouslyAllowNameMatching: {
    label: "Match people by their current username",
    help: "Compares usernames at every message: anyone who takes a listed name is let in.",
    advanced: true,
  },

  commandAllowFrom: {
    label: "Command operators",
    help: `${PEOPLE} that may use !model, !stop, !approve and !deny. Empty: nobody in rooms, and in direct messages the people who are paired or in allowFrom. "*" makes nobody an operator.`,
    placeholder: '["@alice"]',
  },
  "execApprovals.enabled": {
    label: "Ask operators for approvals",
    help: "Whether the people in commandAllowFrom are asked for the approvals that the agent's commands and plugins need. true and auto mean the same.",
  },
  "execApprovals.target": {
    label: "Where operators are asked",
    help: "dm: in their direct messages; channel: where the agent was asked, for all there to read; both.",
  },
  "execApprovals.agentFilter": {
    label: "Agents whose approvals are asked for here",
    help: "Agent ids. Unset or empty: all.",
    advanced: true,
  },
  "execApprovals.sessionFilter": {
    label: "Sessions whose approvals are asked for here",
    help: "Parts of session keys, or patterns. Unset or empty: all.",
    advanced: true,
  },
  "commands.extra": {
    label: "Further commands for operators",
    help: "Opens further commands of OpenClaw (!new, !think, …) to these people.",
  },

  replyToMode: {
    label: "Replies to top-level messages",
    help: "off: at top level; first (or batched): the first reply in a thread, the rest at top level; all: all in a thread.",
  },
  "replyToModeByChatType.direct": {
    label: "Replies in direct messages",
    help: "In place of replyToMode.",
  },
  "replyToModeByChatType.group": {
    label: "Replies in group DMs",
    help: "In place of replyToMode.",
  },
  "replyToModeByChatType.channel": {
    label: "Replies in rooms",
    help: "In place of replyToMode.",
  },
  textChunkLimit: {
    label: "Longest message",
    help: "In UTF-16 units; never more than the server's Message_MaxAllowedSize.",
    advanced: true,
  },
  "streaming.mode": {
    label: "Answers while they are written",
    help: "off: an answer is posted when it is complete; partial: one message is edited as the text grows; block: the same in larger steps; progress: one message shows what the agent does, until it becomes the answer.",
  },
  "streaming.preview.chunk": {
    label: "Steps of mode block",
    help: "minChars (200) and maxChars (800) between two edits; breakPreference (paragraph, newline or sentence) says where a step may end.",
    advanced: true,
  },
  "streaming.preview.toolProgress": {
    label: "Tools in modes partial and block",
    help: "Whether the preview shows which tool runs, until there is text. On unless false.",
    advanced: true,
  },
  "streaming.preview.commandText": {
    label: "Commands in modes partial and block",
    help: "status: only that a command runs; raw: its text, too.",
    advanced: true,
  },
  "streaming.progress": {
    label: "What mode progress shows",
    help: "OpenClaw's keys label, labels, maxLines, maxLineChars, toolProgress, commandText, commentary, narration.",
    advanced: true,
  },
  "streaming.block.enabled": {
    label: "Post finished blocks of an answer",
    help: "Posts each finished block as a message of its own, without a preview. Unless set, OpenClaw's agents.defaults.blockStreamingDefault holds.",
    advanced: true,
  },
  "streaming.block.coalesce": {
    label: "Joining of blocks",
    help: "minChars, maxChars and idleMs: how short blocks are joined before they are posted.",
    advanced: true,
  },
  "streamingModeByChatType.direct": {
    label: "Answers while they are written, in direct messages",
    help: "In place of streaming.mode.",
  },
  "streamingModeByChatType.group": {
    label: "Answers while they are written, in group DMs",
    help: "In place of streaming.mode.",
  },
  "streamingModeByChatType.channel": {
    label: "Answers while they are written, in rooms",
    help: "In place of streaming.mode.",
  },
  "streaming.chunkMode": {
    label: "Dividing long replies",
    help: "length: fills messages; newline: keeps paragraphs whole where it can.",
    advanced: true,
  },
  "markdown.tables": {
    label: "Tables",
    help: "block: Rocket.Chat's own tables from 8.7 on, a code block before; code: a code block; bullets: one item for each cell; off: lines with bars.",
  },
  unfurlLinks: {
    label: "Previews of linked pages",
    help: "Whether the server shows previews of pages that the agent links to.",
  },
  unfurlMedia: {
    label: "Previews of linked pictures, sound and video",
    help: "Whether the server shows the pictures, sound and video that the agent links to. Unless set, unfurlLinks holds.",
  },
  responsePrefix: {
    label: "Text before replies",
    help: "OpenClaw puts it before each reply. Unless set, messages.responsePrefix holds.",
    placeholder: "[bot]",
  },
  defaultTo: {
    label: "Default target",
    help: "Where a message without a target goes: room:ID, user:ID, #room or @username.",
    placeholder: "#ops",
  },
  heartbeatVisibility: {
    label: "What is seen of heartbeats",
    help: "OpenClaw's showOk (off), showAlerts (on) and useIndicator (on).",
    advanced: true,
  },
  healthMonitor: {
    label: "Restart a silent connection",
    help: "enabled (on): whether OpenClaw's health monitor restarts the account when it seems stuck.",
    advanced: true,
  },
  configWrites: {
    label: "Configuration from chat",
    help: "Whether OpenClaw's own commands may change the configuration from this channel. On unless false.",
    advanced: true,
  },
  capabilities: {
    label: "Capabilities",
    help: "Words that tell OpenClaw's prompts and tools what this channel can do.",
    advanced: true,
  },
  mediaMaxMb: {
    label: "Largest file (MB)",
    help: "Larger files are neither fetched nor sent. The server's own limit always holds, too.",
  },
  joinIntro: {
    label: "Introduce the agent",
    help: "Whether the agent introduces itself, once, in a served room that somebody adds the bot user to. On unless false.",
  },
  joinPublicRooms: {
    label: "Join public rooms to write there",
    help: "Joins a public room to post there. When off, posting to a room that the bot user is not in is refused.",
  },

  "thread.historyScope": {
    label: "Recent messages in a thread",
    help: "thread: those of the thread; channel: those of the room.",
  },
  "thread.inheritParent": {
    label: "Threads begin with the room's transcript",
    help: "Whether a thread's session begins with a copy of the room's transcript.",
    advanced: true,
  },
  "thread.initialHistoryLimit": {
    label: "Earlier thread messages",
    help: "Messages shown when the agent enters a thread; at most 200 are read, 0 shows none.",
  },
  historyLimit: {
    label: "Recent room messages",
    help: "Messages shown with each question in a room or group DM; at most 200 are read, 0 shows none. Unless set, messages.groupChat.historyLimit holds.",
  },
  dmHistoryLimit: {
    label: "Recent direct messages",
    help: "Messages shown when a direct session begins; at most 200 are read. OpenClaw keeps as many turns of the transcript.",
  },
  dms: { label: "Recent direct messages by user", help: "Limits by user id." },
  "dms.*.historyLimit": {
    label: "Recent direct messages of this user",
    help: "In place of dmHistoryLimit.",
  },
  contextVisibility: {
    label: "Whose messages the agent sees as context",
    help: "all: everybody's; allowlist: those of people who may speak to it; allowlist_quote: these, and what they quote. Unless set, channels.defaults.contextVisibility holds.",
  },

  reactionNotifications: {
    label: "Reactions the agent is told of",
    help: "off: none; own: those to its own messages; all: all; allowlist: those of the people in reactionAllowlist.",
  },
  reactionAllowlist: {
    label: "People whose reactions are told",
    help: `${PEOPLE}, for reactionNotifications "allowlist".`,
  },
  reactionTriggers: {
    label: "Reactions that ask the agent",
    help: "By emoji: what the agent is asked about a message when somebody who may speak to it there reacts with that emoji. Once for each message and emoji.",
    placeholder: '{"memo": "Summarize this message."}',
  },
  presenceEvents: {
    label: "Coming back, told to the agent",
    help: "Whether the agent gets a turn when somebody who wrote to it within 24 hours was away for a minute or more and is back: at most once in 8 hours for each person.",
    advanced: true,
  },
  "presenceEvents.mode": {
    label: "Where",
    help: "off: nowhere; auto: in direct messages, group DMs and threads where up to 8 people wrote to the agent within 24 hours; on: everywhere.",
  },
  "presenceEvents.prompt": {
    label: "What the agent is to do",
    help: 'In place of the advice to greet briefly, if at all; "" leaves it to the agent\'s own instructions. At most 20,000 characters.',
  },
  ackReaction: {
    label: "Acknowledging reaction",
    help: 'The emoji that marks a message as received; "" for none. OpenClaw\'s messages.ackReactionScope says where it is given.',
    placeholder: "eyes",
  },
  removeAckAfterReply: {
    label: "Take the acknowledging reaction away",
    help: "Whether ackReaction is removed when the reply is posted.",
  },
  typingReaction: {
    label: "Reaction while the agent works",
    help: 'The emoji that a message bears while the agent works on it; "" for none.',
    placeholder: "hourglass",
  },
  "actions.reactions": {
    label: "The agent may react",
    help: "Whether the agent may add and remove its reactions, and ask who reacted.",
  },
  "actions.pins": {
    label: "The agent may pin",
    help: "Whether the agent may pin and unpin messages and read what is pinned.",
  },
  "actions.memberInfo": {
    label: "The agent may look up who asks",
    help: "Whether the agent may read the profile of the person who asks.",
  },
  "actions.emojiList": {
    label: "The agent may list emoji",
    help: "Whether the agent may read the names of the workspace's own emoji.",
  },
  "actions.search": {
    label: "The agent may search",
    help: "Whether the agent may search the messages of the conversation it is in.",
  },
  "actions.messages": {
    label: "The agent may read, edit and delete, and send and fetch files",
    help: "Whether the agent may read its conversation, change or delete what it wrote, open a direct message, send a file and fetch the files of a message.",
  },
} as const satisfies Record<string, KeyHint>;

/** The hints as OpenClaw takes them: an account's keys are the root's again. */
export const channelUiHints: Record<string, KeyHint> = {
  ...uiHints,
  ...Object.fromEntries(
    Object.entries(uiHints)
      .filter(([key]) => key !== "accounts" && key !== "defaultAccount")
      .map(([key, hint]) => [`accounts.*.${key}`, hint]),
  ),
};
