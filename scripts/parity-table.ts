// Owns what OpenClaw's Slack channel does, row by row, and what holds for each here; docs/PARITY.md is written from it.

/** A test that would fail if the row were not true: its file and its title as it stands there. */
export interface Proof {
  readonly file: string;
  readonly title: string;
}

/** How a behavior of Slack's channel stands here. */
export type Standing =
  | { readonly kind: "same"; readonly proofs: readonly [Proof, ...Proof[]] }
  | { readonly kind: "different"; readonly why: string; readonly proofs: readonly Proof[] }
  | { readonly kind: "impossible"; readonly why: string };

export interface Row {
  /** A key or a behavior, in Slack's words. */
  readonly slack: string;
  readonly standing: Standing;
}

export interface Part {
  readonly title: string;
  readonly rows: readonly Row[];
}

const by = (file: string, title: string): Proof => ({ file, title });
const gateway = (name: string, title: string): Proof => by(`test/gateway/${name}.test.ts`, title);
const decisions = by("test/access/decisions.test.ts", "%s in %s, %s: %s");
const places = by("src/openclaw/turn/reply/place.test.ts", "%s, %s, %j: session %s, replies %j");
const around = (title: string): Proof => by("src/turn/surroundings.test.ts", title);
const reading = (title: string): Proof => by("src/openclaw/surface/reading.emulator.test.ts", title);
const acting = (title: string): Proof => by("src/openclaw/surface/actions.test.ts", title);

const hostKeys = by("src/openclaw/config/config.test.ts", "are taken, for the root and for an account");
const visible = by(
  "src/openclaw/config/config.test.ts",
  "change what it does: the text before replies and what is seen of heartbeats",
);

const same = (slack: string, ...proofs: [Proof, ...Proof[]]): Row => ({
  slack,
  standing: { kind: "same", proofs },
});
const different = (slack: string, why: string, ...proofs: Proof[]): Row => ({
  slack,
  standing: { kind: "different", why, proofs },
});
const impossible = (slack: string, why: string): Row => ({ slack, standing: { kind: "impossible", why } });

const NEEDS_APP =
  "clients show buttons, dialogs and commands only for apps that an administrator installs on the server";

const ACCESS: Part = {
  title: "Access, accounts, credentials",
  rows: [
    same(
      "`enabled`, `accounts`, `defaultAccount`: an account's value before the root's",
      by("src/openclaw/config/config.test.ts", "lets an account override the root and inherit the rest"),
    ),
    different(
      "`botToken`, `appToken`, `userToken`, `signingSecret`",
      "one user with one token: `userId`, `username`, `pat`; text, SecretRef or variables",
      gateway("trust", "from the environment, a file and a program work"),
    ),
    impossible(
      "`mode: http`, `mode: relay`, `webhookPath`",
      "Rocket.Chat pushes to users over its WebSocket alone",
    ),
    impossible("`postAs`, `userTokenReadOnly`", "a token is always a user's, and that user posts"),
    same("`dmPolicy`: pairing, allowlist, open, disabled", decisions),
    same("`allowFrom`: stable ids", decisions),
    same(
      "pairing: a code, told once; the approval is told",
      gateway("first-light", "gives an unknown person a code and lets nothing of hers reach the model"),
    ),
    same("`dm.enabled`", decisions),
    different("`dm.groupEnabled`, `dm.groupChannels`", "the second is called `dm.groupRooms`", decisions),
    same("`groupPolicy`: open, allowlist, disabled", decisions),
    different(
      "`channels.<id>`: enabled, users",
      "called `rooms`; a name keeps the room that it meant first, and is marked by `#`",
      decisions,
      gateway("access", "goes by ids: a room that takes a served room's name is not served"),
    ),
    same("`dangerouslyAllowNameMatching`, off", decisions),
    different(
      "`allowBots`: true, mentions",
      "`mentions` asks for the bot's name itself; no owner has to be in the room: `users` lists who may speak",
      decisions,
    ),
    same(
      "`botLoopProtection`, for account, room and `channels.defaults`",
      by(
        "src/openclaw/turn/bot-loop.test.ts",
        "is which two, where, and the limits of the room, the account and all channels",
      ),
    ),
    same("`configWrites`, `healthMonitor`, `capabilities`", hostKeys),
    same("`contextVisibility`", gateway("conversations", "hides people outside the allowlist")),
    same(
      "policies apply to the next message without reconnecting",
      gateway(
        "access",
        "denies the very next message of a person taken off the list, over the same connection",
      ),
    ),
    same(
      "the main session's last route is pinned to its owner",
      by(
        "src/openclaw/turn/context/context.test.ts",
        "pins the main session's last route to the one person of allowFrom",
      ),
    ),
    impossible("`channel_id_changed` moves the keys of a room", "the id of a room never changes"),
    different(
      "no `groupAllowFrom`, no `commandAllowFrom`",
      "both are keys here: senders of all rooms at once, and operators, whom Slack takes from `allowFrom`",
      decisions,
    ),
    different(
      "drops are shown",
      "they are logged with their reason: on arrival, where most of a busy server's traffic ends, at debug level; before a turn at info level",
      gateway(
        "first-light",
        "reads what concerns nobody without a request, a further subscription or a stored event",
      ),
    ),
    impossible("Enterprise Grid", "there is no such thing; each server is an account"),
  ],
};

const ACTIVATION: Part = {
  title: "Mentions",
  rows: [
    same("`requireMention`, for account and room", decisions),
    same(
      "an explicit mention",
      by("src/facts/mention.test.ts", "believes the id that the server listed, whatever the text says"),
    ),
    different("a user group that the bot is in", "teams take their place", decisions),
    same("`mentionPatterns`", decisions),
    different(
      "`implicitMentions.replyToBot`",
      "known from the memory of the bot's own messages, since a reply does not name whom it answers",
      by("src/policy/activation.test.ts", "reads the implicit mentions in %s"),
    ),
    same(
      "`implicitMentions.quotedBot`, `threadParticipation`",
      by("src/policy/activation.test.ts", "reads the implicit mentions in %s"),
    ),
    same(
      "`ignoreOtherMentions`",
      by("src/policy/activation.test.ts", "judges %s where other mentions are ignored"),
    ),
    different(
      "commands pass the mention gate; an unauthorized one is dropped",
      "one line says who may run it: silence would look like a fault",
      by("src/turn/command.test.ts", "is silent to whoever may not speak here, and sends a stranger a code"),
    ),
    same(
      "a voice message is transcribed and matched before admission",
      by("src/turn/turn.test.ts", "that names the agent by a pattern is answered, with what was said"),
    ),
    same(
      "`messages.groupChat.unmentionedInbound: room_event`",
      gateway(
        "approvals",
        "what is said in a room without naming the agent is heard, and answered by nobody",
      ),
      by("src/openclaw/turn/route.test.ts", "is in a %s, %j, a %s under unmentionedInbound"),
      by(
        "src/openclaw/turn/feedback.emulator.test.ts",
        "shows no typing, though OpenClaw asks for it, and no reaction",
      ),
    ),
    same(
      "mention patterns of the agent that a group DM or a discussion is bound to",
      by(
        "src/openclaw/config/mention-patterns.test.ts",
        "in %s, the patterns of the agent that it is bound to count",
      ),
    ),
    different(
      "group threads of several agents (`broadcast`)",
      "several agents in a room are several bot users, each with its own name, mention and session; on Slack, one app speaks for all and labels what each says",
      gateway(
        "conversations",
        "lets two bots of one room each answer their own mentions in their own sessions",
      ),
    ),
    same(
      "`messages.visibleReplies`",
      gateway("approvals", "is that only what the agent sends by its tool is seen"),
    ),
    different(
      "group DMs need no mention",
      "people speak with each other there, so a mention is needed unless `requireMention` is false",
      decisions,
    ),
  ],
};

const CONVERSATIONS: Part = {
  title: "Sessions, threads, places",
  rows: [
    same("session keys of direct messages, rooms, group DMs, threads", places),
    same(
      "a reply in a thread stays there",
      gateway("conversations", "answers in a thread there, whatever the mode, in the thread's session"),
    ),
    same(
      "threads of a direct message are its session",
      gateway("conversations", "keeps direct messages and their threads in one session"),
    ),
    same("`replyToMode`, by chat type and room", places),
    same(
      "a mention seeds its thread's session",
      gateway("conversations", "seeds a thread where no mention is needed"),
    ),
    same("`thread.historyScope`, `thread.initialHistoryLimit`", around("shows %s")),
    same("`thread.inheritParent`", by("src/openclaw/turn/reply/place.test.ts", "%s, %j: %s")),
    same("`historyLimit`", gateway("conversations", "shows what was said in the room before, and its topic")),
    same("`dmHistoryLimit`, `dms.<user>.historyLimit`", around("shows %s")),
    same(
      "`[[reply_to_current]]`, `[[reply_to:<id>]]`",
      gateway(
        "conversations",
        "follows the agent's tags where replies may be threaded, and drops them where not",
      ),
    ),
    same(
      "`topLevel`, `replyBroadcast`, `threadId: null`",
      reading("are told of each action that is offered, and of no other"),
      gateway("conversations", "are the thread at hand, the room above it, or both"),
    ),
    same(
      "the agent's own sends into the conversation are its answer",
      gateway("conversations", "in %s with %s as target is the turn's answer"),
      gateway("conversations", "is the first reply where only that goes under the question"),
    ),
    impossible("Agent View, suggested prompts, `app_context`", NEEDS_APP),
    same(
      "`bindings` by account and peer",
      by("src/openclaw/turn/reply/place.test.ts", "by %s"),
      gateway(
        "conversations",
        "lets two bots of one room each answer their own mentions in their own sessions",
      ),
    ),
    same(
      "`session.dmScope`, `session.identityLinks`",
      by("src/openclaw/turn/route.test.ts", "under dmScope %s is %s"),
      by("src/openclaw/turn/route.test.ts", "is one for the identities of a person that identityLinks names"),
    ),
    same(
      "the bot's own words in the history of a new direct session",
      by(
        "src/openclaw/turn/context/surroundings.test.ts",
        "shows its own words in the history of a new %s session: %j",
      ),
    ),
    same("`channels.modelByChannel`", gateway("approvals", "is its model, which the bot names")),
    different(
      "`conversationBindings`: commands that bind a conversation",
      "a conversation is bound by the configuration alone: `/focus` and `/acp` reach other sessions, and the commands here concern the session at hand",
      by("src/openclaw/turn/reply/place.test.ts", "by %s"),
    ),
  ],
};

const SENDING: Part = {
  title: "Sending",
  rows: [
    different(
      "`textChunkLimit`",
      "4000, OpenClaw's default for a channel; the server's own limit is never passed",
      by(
        "src/openclaw/account/reply-text.test.ts",
        "divides by the configured limit, and by the server's where that is lower",
      ),
    ),
    same("`streaming.chunkMode`", by("src/outbound/markdown.test.ts", "are divided at paragraphs")),
    different(
      "`streaming.mode`, `preview`, `progress`, `block`",
      "off unless set (Slack: progress): an edit notifies nobody, so a phone would show the first words or a tool's name in place of the answer; the mode may differ by chat type (`streamingModeByChatType`) and room (`streamingMode`)",
      by("test/gateway/previews.test.ts", "grows in a %s and becomes the answer: one message"),
    ),
    impossible(
      "`streaming.nativeTransport`, task cards",
      "Rocket.Chat has neither streamed messages nor task cards",
    ),
    impossible(
      "name and icon of the agent on each message",
      "one bot user for each agent has both; another name needs the permission `message-impersonate`",
    ),
    same("`unfurlLinks`", by("src/outbound/previews.test.ts", "under %j are %j")),
    different(
      "`unfurlMedia`",
      "decided by how the address ends, since the server must be told before it looks at the page",
      by("src/outbound/previews.test.ts", "under %j are %j"),
    ),
    same("`mediaMaxMb`", gateway("files", "is said to be too large where it is")),
    same(
      "captions, threads, several files",
      gateway("files", "arrives with a reply, once, in its own bytes, with the reply's words"),
    ),
    same(
      "`defaultTo`",
      by("src/openclaw/config/config.test.ts", "say where a message goes that names no target"),
    ),
    same("`responsePrefix`", visible),
    same(
      "429: waits as long as the server says",
      gateway("restart", "when its answer meets the rate limit %i times"),
    ),
    different(
      "an unknown send is reconciled by reading back",
      "a post can be repeated safely, since the plugin chooses the id of each message beforehand",
      by("src/openclaw/surface/message-adapter.test.ts", "keeps what it declares"),
    ),
    same("`markdown.tables`", by("src/openclaw/account/reply-text.test.ts", "shows tables as configured")),
    impossible("buttons, selects, dialogs", NEEDS_APP),
    same(
      "a question of the agent's can be answered",
      gateway("approvals", "what the agent asks in %s is answered by the next message there"),
    ),
    same(
      "Markdown is written in the channel's dialect",
      by("src/outbound/markdown.test.ts", "shows what $markdown means"),
    ),
    same(
      "`sanitizeText`",
      by("src/openclaw/surface/message-adapter.test.ts", "what a model says to itself is not sent"),
    ),
    different(
      "`messages.inbound` joins one person's quick messages",
      "each message is judged by itself and is a request of its own; only files wait for the words that follow them",
      by("src/openclaw/intake/companions.test.ts", "goes along with the words that follow it"),
    ),
    same(
      "a question is closed when it was answered",
      gateway("approvals", "what the agent asks in %s is answered by the next message there"),
    ),
    same(
      "`humanDelay`",
      by("src/openclaw/turn/reply/pipeline.test.ts", "pauses between two messages as humanDelay says: %s"),
    ),
  ],
};

const FEEDBACK: Part = {
  title: "Feedback",
  rows: [
    same(
      "`ackReaction`, `messages.ackReactionScope`, `removeAckAfterReply`",
      by(
        "src/openclaw/turn/feedback.emulator.test.ts",
        "stands before the turn goes on, with status reactions: %s",
      ),
    ),
    same(
      "`messages.statusReactions`",
      gateway("reactions", "is a failure for a moment, and then the acknowledgement again"),
    ),
    same(
      "`typingReaction`",
      by("src/openclaw/turn/feedback.emulator.test.ts", "comes with its reaction, which goes with it"),
    ),
    different(
      "the session status, in threads alone",
      "Rocket.Chat's typing shows in rooms and threads",
      gateway("reactions", "is typing before the room is read for the agent"),
    ),
    different(
      "group DMs are not acknowledged",
      "OpenClaw's `ackReactionScope` takes them for groups, so a mention there is acknowledged",
    ),
    same("`heartbeatVisibility`", visible),
    same(
      "typing while a heartbeat runs",
      by(
        "src/openclaw/turn/heartbeat.test.ts",
        "shows that the bot writes while a heartbeat works, in its place, and ends it once",
      ),
    ),
    same(
      "`joinIntro`, on",
      by("src/turn/turn.test.ts", "has the agent introduce itself, whoever added it, in a lane of its own"),
      gateway("reactions", "is greeted once, by what can be read there"),
    ),
  ],
};

const EVENTS: Part = {
  title: "What happens besides messages",
  rows: [
    same(
      "edits, deletions, pins, comings and goings, renames",
      by("src/turn/turn.test.ts", "tells of an edit, of a deletion and of what system messages say"),
    ),
    different(
      "an edit runs nothing",
      "an edit by which the author adds a missing mention is a request, since people correct themselves this way",
      gateway("reactions", "is a request when an edit adds the mention, once"),
    ),
    same(
      "`reactionNotifications`, `reactionAllowlist`",
      by("src/turn/turn.test.ts", "goes by the id of the person who reacted under allowlist"),
    ),
    same(
      "reactions wake a turn (`reactionTriggers`)",
      gateway("reactions", "is answered once, about its message, for those who may speak"),
      by(
        "src/turn/turn.test.ts",
        "is taken up once for a message and emoji, whoever reacts and whatever is told of reactions",
      ),
    ),
    same(
      "a thread reply shown in the room (`tshow`) is one message",
      by(
        "src/intake/receive.test.ts",
        "takes a thread reply that the room shows too for one message, of the thread",
      ),
    ),
    different(
      "`presenceEvents`, off",
      "the server tells of presence by itself, so nobody is asked; an absence under a minute is none, and busy people are left alone",
      gateway("conversations", "is greeted where the talk was, once, and only who may still speak there"),
      by("src/policy/presence.test.ts", "is told in a conversation of up to eight people, unless of all"),
      by(
        "src/openclaw/presence/cooldown.test.ts",
        "lets each person be told of once in eight hours, over restarts",
      ),
    ),
    impossible("shortcuts, dialogs, App Home, slash commands", NEEDS_APP),
    different(
      "text commands `/status`",
      "clients refuse an unknown `/word` before it is sent, so commands begin with `!`",
      by(
        "test/gateway/commands.test.ts",
        "changes the model of the next turn of this conversation and of no other",
      ),
    ),
  ],
};

const TOOLS: Part = {
  title: "Actions, approvals, surfaces",
  rows: [
    same("`edit`, `delete`", acting("change the bot's own messages")),
    same(
      "`upload-file`, `download-file`",
      gateway("files", "arrives by upload-file, under its new name, and can be fetched by download-file"),
    ),
    same(
      "`react`, `reactions`",
      acting("adds a reaction once, however often it is asked to, and removes it"),
      acting("tells who reacted"),
    ),
    same(
      "`read`, with thread and limits, in the current conversation alone",
      reading("tells the conversation's messages in order, who wrote them and when, and no commands"),
      reading("refuses %s"),
    ),
    same(
      "`pin`, `unpin`, `list-pins`",
      reading("are listed, set and taken away, each once, where the bot user may"),
    ),
    same("`member-info`, of the person who asks", reading("is the person who asks, and nobody else")),
    same("`emoji-list`", reading("is the workspace's own emoji")),
    same("`conversation-open`", reading("answers where to write to a person, and to several")),
    different(
      "`search`: in the schema, and no action",
      "an action here, in the current conversation alone, since the server can search a room",
      reading("finds words in this conversation, and takes no pattern"),
    ),
    same(
      "approving in chat",
      gateway("approvals", "what the agent asks for in %s goes on when an operator approves it"),
      gateway("approvals", "is decided by nobody else, and by nobody twice"),
    ),
    different(
      "`execApprovals`: questions to the direct messages of approvers",
      "the approvers are the operators of `commandAllowFrom`, one list for all commands; plugins ask the same people",
      gateway(
        "approvals",
        "is asked in the operators' direct messages instead, where `execApprovals` says so, and closed there",
      ),
      by("src/openclaw/surface/approvals/approvals.test.ts", "%s, %j: %s"),
      by(
        "src/openclaw/surface/approvals/approvals.test.ts",
        "goes to each operator whose id is known, and to where the agent was asked",
      ),
    ),
    same(
      "approving by reaction",
      by(
        "src/turn/turn.test.ts",
        "decides as the command does, in a lane of its own, whatever is told of reactions",
      ),
      gateway("approvals", "is approved by an operator's reaction to the question, and by nobody else's"),
    ),
    same(
      "approvals that plugins ask for, asked and decided as those of commands",
      gateway("approvals", "is asked by a plugin as well, and goes on when an operator approves it"),
    ),
    different(
      "diagnostics of capabilities",
      "the bot user's roles say what it may do; a token of Rocket.Chat has no scopes",
      by(
        "src/openclaw/surface/status/status.test.ts",
        "tells who the bot user is, what it may by its roles, and the server's version",
      ),
    ),
    same(
      "a summary of the channel's status",
      by(
        "src/openclaw/surface/status/status.test.ts",
        "sums an account up in what it is connected to, and whether it runs",
      ),
    ),
    same(
      "the room's topic as context",
      gateway("conversations", "shows what was said in the room before, and its topic"),
    ),
    same("the room's description as context", by("src/facts/room.test.ts", "reads %s")),
    same(
      "`tools`, `toolsBySender` of a room",
      by(
        "src/openclaw/config/room-tools.test.ts",
        "are those of its entry, else of the default entry, never of both",
      ),
    ),
    same(
      "`skills`, `systemPrompt` of a room",
      gateway("approvals", "a room has its own words to the agent, and its own skills"),
    ),
    same("status with a probe", gateway("first-light", "shows a connected and working account")),
    same(
      "`doctor`: OpenClaw's doctor knows the shape of the lists",
      by(
        "src/openclaw/surface/lists.test.ts",
        "are told to OpenClaw's doctor as they are: a room lets in, and no list of senders lets in everybody",
      ),
    ),
    same(
      "directory and targets by name",
      by("src/openclaw/surface/directory.emulator.test.ts", "are all but the bot user itself, as targets"),
      gateway("conversations", "are rooms and people by name, and threads"),
    ),
    same(
      "`resolver`: what names on the command line mean",
      by(
        "src/openclaw/surface/directory.emulator.test.ts",
        "are people or rooms with their ids, each by itself",
      ),
    ),
    same(
      "`/allowlist` (`allowlist`)",
      by("src/openclaw/surface/lists.test.ts", "are edited under one account's own key, each person once"),
    ),
    same(
      "`messages.ackReactionScope` and `messages.inbound` change without a reconnect",
      by("src/openclaw/config/config.test.ts", "change without a reconnect"),
    ),
  ],
};

/** Every behavior of Slack's channel, as OpenClaw 2026.9.6 documents it. */
export const PARITY: readonly Part[] = [ACCESS, ACTIVATION, CONVERSATIONS, SENDING, FEEDBACK, EVENTS, TOOLS];
