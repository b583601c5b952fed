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
  reactionAllowlist: { label: "People whose reactions are told", help: "Under allowlist; @name or user id." },
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
  credentialCheckSeconds: {
    label: "Token check",
    help: "Seconds between two questions to the server whether the token is still good; 30 to 300.",
    advanced: true,
  },
  "tls.caFile": {
    label: "Certificate authority file",
    help: "PEM; for a server whose certificate comes from an authority of your own.",
    advanced: true,
  },
  dangerouslyAllowInsecure: { label: "Allow http and skip certificate checks", advanced: true },
  "network.dangerouslyAllowPrivateNetwork": { label: "Allow a server on a private network", advanced: true },
};
