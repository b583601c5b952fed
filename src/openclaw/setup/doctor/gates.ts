// Owns the one table of why a message goes unanswered: the gates in their order, and which gate each reason shuts.

import type { DropReason } from "../../../policy/admission.ts";

/** The gates that a message passes, in their order, with what is asked at each. */
export const GATES = {
  account: "the account works",
  membership: "the bot user is in the room",
  message: "the message is one that a person wrote to be read",
  bots: "the sender is a person, or a bot that is heard",
  place: "the place is served",
  mention: "the message is for the bot",
  person: "the person may speak to the agent here",
  run: "nobody stopped the run",
  answer: "the answer can be posted and is shown",
} as const;

export type Gate = keyof typeof GATES;

export interface ShutGate {
  readonly gate: Gate;
  readonly found: string;
  readonly remedy: string;
}

/** Every reason for which the code drops a message; a new one must be given its gate here. */
export const SHUT: Readonly<Record<DropReason, ShutGate>> = {
  "not-a-member": {
    gate: "membership",
    found: "the bot user has not joined this room",
    remedy: "Invite the bot user to the room",
  },
  "room-unknown": {
    gate: "membership",
    found: "the bot user can see no such room",
    remedy: "Check the name of the room, and invite the bot user to it",
  },
  malformed: {
    gate: "message",
    found: "the server sent a message that cannot be read",
    remedy: "Report it with the server's version",
  },
  "own-message": {
    gate: "message",
    found: "the bot user itself wrote it",
    remedy: "Write as somebody else: the agent never answers itself",
  },
  "system-message": {
    gate: "message",
    found: "it is the server's note of an event, not a message of a person",
    remedy: "Write an ordinary message",
  },
  encrypted: {
    gate: "message",
    found: "the room is end-to-end encrypted, and a bot user has no key",
    remedy: "Turn off end-to-end encryption in this room",
  },
  empty: { gate: "message", found: "the message has no text", remedy: "Write what the agent should do" },
  "edited-by-another": {
    gate: "message",
    found: "somebody else changed the text of the message",
    remedy: "Write a new message: a text that somebody else changed is nobody's request",
  },
  "edited-command": {
    gate: "message",
    found: "the command was added by an edit",
    remedy: "Write the command as a new message",
  },
  "re-emission": {
    gate: "message",
    found: "the server sent the message again, and nothing that the agent reads had changed",
    remedy: "Write a new message",
  },
  "change-unwanted": {
    gate: "message",
    found:
      "the agent is not told of such a change: reactionNotifications says so, or the message is not the agent's",
    remedy: "Write a new message, or set reactionNotifications",
  },
  "actor-unknown": {
    gate: "message",
    found: "the server does not tell who made the change",
    remedy: "Write a new message",
  },
  "bot-message": {
    gate: "bots",
    found: "the sender is a bot",
    remedy: "Set allowBots, for the account or for this room, if the agent should hear bots",
  },
  "direct-messages-off": {
    gate: "place",
    found: "direct messages are switched off",
    remedy: "Set dm.enabled to true",
  },
  "group-dms-off": {
    gate: "place",
    found: "this group DM is not served",
    remedy: "Set dm.groupEnabled to true. If dm.groupRooms is set, it must list this room's id",
  },
  "names-pending": {
    gate: "place",
    found: "a name in the configuration could not be looked up yet, and it may mean this room or person",
    remedy: "The plugin tries again by itself. With ids in place of names this cannot happen",
  },
  "room-not-allowed": {
    gate: "place",
    found: "this room is not served",
    remedy: "Add it under rooms, without enabled: false; groupPolicy must not be disabled",
  },
  "discussion-unconfirmed": {
    gate: "place",
    found:
      "this room names a listed room as its parent, and that holds no message for it that the bot user can see",
    remedy: "Invite the bot user to the parent room, or add this room under rooms",
  },
  "id-not-unique": {
    gate: "place",
    found:
      "an older room of the bot user has the same id but for capitals, and OpenClaw cannot tell the two apart",
    remedy: "Make the room anew, with an id that the server chooses",
  },
  "others-mentioned": {
    gate: "mention",
    found: "the message is for others: it mentions them and not the bot",
    remedy: "Mention the bot, or set ignoreOtherMentions to false for this room",
  },
  "not-mentioned": {
    gate: "mention",
    found: "the message does not mention the bot",
    remedy: "Mention the bot by its username, or set requireMention to false for this room",
  },
  "unknown-command": {
    gate: "mention",
    found: "no bot here knows the command",
    remedy: "Write !help for the commands, or mention the bot",
  },
  "sender-not-allowed": {
    gate: "person",
    found: "this person is not among those who may speak to the agent here",
    remedy:
      "Add the person, as @username or by user id: for direct messages to allowFrom (dmPolicy says who needs to be there), for a room to its users under rooms or to groupAllowFrom",
  },
  "pairing-pending": {
    gate: "person",
    found: "this person is not paired yet, and gets a code",
    remedy:
      "Approve the code that the person got: `openclaw pairing approve rocketchat CODE`; `openclaw pairing list rocketchat` lists who waits",
  },
  stopped: { gate: "run", found: "somebody wrote !stop", remedy: "Write the message again" },
};
