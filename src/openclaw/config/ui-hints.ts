// Owns what an editor of the configuration shows beside each key.

export const uiHints = {
  serverUrl: { label: "Server URL", placeholder: "https://chat.example.org" },
  userId: { label: "Bot user id", help: "Shown beside the personal access token when it is created." },
  username: { label: "Bot username", help: "Without the @." },
  pat: { label: "Personal access token", sensitive: true },
  "dm.enabled": { label: "Direct messages on" },
  "dm.groupEnabled": { label: "Group DMs on" },
  "dm.groupRooms": { label: "Served group DMs", help: "Room ids; empty serves all the bot is in." },
  dmPolicy: { label: "Direct messages" },
  allowFrom: { label: "Allowed people in direct messages", help: "User ids, or @usernames." },
  groupPolicy: { label: "Rooms" },
  groupAllowFrom: {
    label: "Allowed people in rooms",
    help: "User ids, or @usernames; empty allows all members.",
  },
  rooms: { label: "Room settings", help: 'By room id or #name; "*" is the default entry.' },
  requireMention: { label: "Answer in rooms only when mentioned" },
  reactionNotifications: {
    label: "Reactions the agent is told of",
    help: "off, own (to its messages), all, or allowlist.",
  },
  ackReaction: {
    label: "Acknowledging reaction",
    help: 'An emoji; "" for none. messages.ackReactionScope says where it is given.',
  },
  removeAckAfterReply: { label: "Take the acknowledging reaction away after the reply" },
  typingReaction: { label: "Reaction while the agent works", help: 'An emoji; "" for none.' },
  "actions.reactions": { label: "The agent may react" },
  "actions.messages": { label: "The agent may edit and delete its messages" },
  reactionAllowlist: { label: "People whose reactions are told", help: "Under allowlist; @name or user id." },
  textChunkLimit: {
    label: "Longest message",
    help: "In UTF-16 units, at least 200; default 4000, and never more than the server allows.",
    advanced: true,
  },
  "streaming.chunkMode": {
    label: "Dividing long replies",
    help: '"length" fills messages, "newline" keeps paragraphs whole where it can.',
    advanced: true,
  },
  "markdown.tables": {
    label: "Tables",
    help: '"block": the server\'s own from 8.7 on, code before; "code", "bullets" or "off".',
  },
  unfurlLinks: { label: "Previews of linked pages" },
  allowBots: { label: "Hear other bots", help: 'true, false or "mentions".' },
  "implicitMentions.replyToBot": { label: "A reply in a thread of the bot's addresses it" },
  "implicitMentions.quotedBot": { label: "A quote of the bot addresses it" },
  "implicitMentions.threadParticipation": { label: "A reply in a thread where the bot replied addresses it" },
  "mentionPatterns.mode": {
    label: "Where mention patterns apply",
    help: "allow: everywhere but in denyIn; deny: in allowIn alone.",
    advanced: true,
  },
  "mentionPatterns.allowIn": { label: "Rooms with mention patterns", help: "Room ids.", advanced: true },
  "mentionPatterns.denyIn": { label: "Rooms without mention patterns", help: "Room ids.", advanced: true },
  dangerouslyAllowNameMatching: {
    label: "Match people by their current username",
    help: "Whoever takes a listed name is let in.",
    advanced: true,
  },
  replyToMode: {
    label: "Replies to top-level messages",
    help: "off: at top level; first: the first reply in a thread; all: all in a thread.",
  },
  replyToModeByChatType: { label: "The same by chat type", help: "direct, group, channel." },
  "thread.historyScope": {
    label: "Recent messages in a thread",
    help: "thread: of the thread; channel: of the room.",
  },
  "thread.inheritParent": { label: "Threads begin with the room's transcript", advanced: true },
  "thread.initialHistoryLimit": {
    label: "Earlier thread messages",
    help: "Messages shown when the agent enters a thread; 0 to 200.",
  },
  historyLimit: {
    label: "Recent room messages",
    help: "Messages shown with each question; 0 to 200, 0 shows none.",
  },
  dmHistoryLimit: {
    label: "Recent direct messages",
    help: "Messages shown when the session begins; 0 to 200. OpenClaw keeps as many turns of the transcript.",
  },
  dms: { label: "Recent direct messages by user", help: "historyLimit by user id." },
  contextVisibility: {
    label: "Whose messages the agent sees as context",
    help: "all, allowlist (only people who may speak to it), allowlist_quote (and what they quote).",
  },
  joinPublicRooms: {
    label: "Join public rooms to write there",
    help: "Otherwise a message to a public room the bot is not in is refused.",
  },
  credentialCheckSeconds: {
    label: "Token check",
    help: "Seconds between two questions to the server whether the token is still good; 30 to 300.",
    advanced: true,
  },
  "catchUp.maxAgeMinutes": {
    label: "Answer what was missed",
    help: "Minutes; older messages are left alone when the account is back. 0 to 10080, 60 by default.",
    advanced: true,
  },
  "catchUp.maxMessagesPerRoom": {
    label: "Missed messages read per room",
    help: "The newest so many; 0 to 5000, 200 by default.",
    advanced: true,
  },
  "catchUp.safetyScanMinutes": {
    label: "Look for undelivered messages",
    help: "Minutes between two looks; 0 turns it off, 10 by default.",
    advanced: true,
  },
  "tls.caFile": {
    label: "Certificate authority file",
    help: "PEM; for a server whose certificate comes from an authority of your own.",
    advanced: true,
  },
  commandAllowFrom: {
    label: "Command operators",
    help: "Rocket.Chat user ids that may run !model and !stop; empty: nobody in rooms.",
  },
  "commands.extra": { label: "Further commands (!new, !think, …) for operators" },
  dangerouslyAllowInsecure: { label: "Allow http and skip certificate checks", advanced: true },
  "network.dangerouslyAllowPrivateNetwork": { label: "Allow a server on a private network", advanced: true },
};
