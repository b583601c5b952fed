// Owns the rules of access told once more, in the plainest words and sharing nothing with the code they judge.

/** A world in which everything is known and written down. */
export interface PlainMessage {
  readonly sender: string;
  readonly integration: boolean;
  readonly room: PlainRoom;
  readonly text: "" | "@labbot" | "`@labbot`" | "@carol" | "robot";
  readonly mentions: readonly ("bot" | "carol" | "all" | "team-own" | "team-foreign")[];
  readonly thread: "none" | "author" | "participant" | "foreign";
  readonly quotesBot: boolean;
}

export interface PlainRoom {
  readonly id: string;
  readonly kind: "direct" | "group" | "channel";
  readonly parent: string | undefined;
  /** The room that it says is its parent, which does not say so. */
  readonly claimed?: string;
  readonly joined: boolean;
}

export interface PlainEntry {
  readonly enabled?: boolean;
  readonly requireMention?: boolean;
  readonly users?: readonly string[];
  readonly allowBots?: boolean | "mentions";
  readonly ignoreOtherMentions?: boolean;
}

export interface PlainSection {
  readonly dm: {
    readonly enabled: boolean;
    readonly groupEnabled: boolean;
    readonly groupRooms: readonly string[] | undefined;
  };
  readonly dmPolicy: "pairing" | "allowlist" | "open" | "disabled";
  readonly allowFrom: readonly string[];
  readonly groupPolicy: "allowlist" | "open" | "disabled";
  readonly groupAllowFrom: readonly string[] | undefined;
  readonly rooms: Readonly<Record<string, PlainEntry>>;
  readonly requireMention: boolean;
  readonly allowBots: boolean | "mentions";
  readonly implicitMentions: {
    readonly replyToBot: boolean;
    readonly quotedBot: boolean;
    readonly threadParticipation: boolean;
  };
}

/** Whether the agent may hear the message. */
export function mayReachAgent(
  message: PlainMessage,
  section: PlainSection,
  { bots, paired }: { bots: readonly string[]; paired: readonly string[] },
): boolean {
  const { room, sender } = message;
  if (!room.joined) return false;
  if (sender === "bot") return false;

  let entry: PlainEntry = {};
  if (Object.hasOwn(section.rooms, "*")) entry = section.rooms["*"] ?? {};
  if (room.parent !== undefined && Object.hasOwn(section.rooms, room.parent))
    entry = section.rooms[room.parent] ?? {};
  if (Object.hasOwn(section.rooms, room.id)) entry = section.rooms[room.id] ?? {};
  if (room.claimed !== undefined && Object.hasOwn(section.rooms, room.claimed))
    if (!Object.hasOwn(section.rooms, room.id)) return false;
  const listed =
    Object.hasOwn(section.rooms, "*") ||
    Object.hasOwn(section.rooms, room.id) ||
    (room.parent !== undefined && Object.hasOwn(section.rooms, room.parent));

  const namesBot = message.text === "@labbot" || message.mentions.includes("bot");
  const wakesBot = namesBot || message.text === "robot" || message.mentions.includes("team-own");
  const addressesBot =
    wakesBot ||
    (message.thread === "author" && section.implicitMentions.replyToBot) ||
    (message.thread === "participant" && section.implicitMentions.threadParticipation) ||
    (message.quotesBot && section.implicitMentions.quotedBot);

  if (message.integration || bots.includes(sender)) {
    const heard = entry.allowBots ?? section.allowBots;
    if (heard === false) return false;
    if (heard === "mentions" && !namesBot) return false;
  }

  const has = (list: readonly string[], person: string) => list.includes(person) || list.includes("*");

  if (room.kind === "direct") {
    if (!section.dm.enabled) return false;
    if (section.dmPolicy === "disabled") return false;
    if (section.dmPolicy === "open") return has(section.allowFrom, sender);
    if (section.dmPolicy === "allowlist") return has(section.allowFrom, sender);
    return has(section.allowFrom, sender) || paired.includes(sender);
  }

  if (room.kind === "group") {
    if (!section.dm.groupEnabled) return false;
    if (section.dm.groupRooms !== undefined && !section.dm.groupRooms.includes(room.id)) return false;
    if (!has(section.allowFrom, sender)) return false;
  } else {
    if (section.groupPolicy === "disabled") return false;
    if (entry.enabled === false) return false;
    if (section.groupPolicy === "allowlist" && !listed) return false;
    const people = entry.users ?? section.groupAllowFrom;
    if (people !== undefined && !has(people, sender)) return false;
    const aboutOthers = message.mentions.some((who) => who !== "all" && who !== "bot" && who !== "team-own");
    if (entry.ignoreOtherMentions === true && aboutOthers && !wakesBot) return false;
  }
  const needsMention = entry.requireMention ?? section.requireMention;
  return !needsMention || addressesBot;
}
