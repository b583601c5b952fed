// Owns the text of docs/CONFIGURATION.md, made of the schema, its hints and its defaults.

import { z } from "zod";
import { DEFAULTS } from "../src/openclaw/config/defaults.ts";
import { LIVE_KEYS } from "../src/openclaw/config/live-keys.ts";
import { rocketchatConfigSchema } from "../src/openclaw/config/schema.ts";
import { type KeyHint, uiHints } from "../src/openclaw/config/ui-hints.ts";
import { formatTable } from "./table.ts";

/** The part of JSON schema that our schema uses. */
const NodeSchema = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
});
type Node = z.infer<typeof NodeSchema>;

export interface ConfigKey {
  /** `*` stands for a name of the configuration's own, as in the hints. */
  readonly path: string;
  readonly node: Node;
}

/** The keys of the section, taken apart as far as there is more than one hint for the whole. */
export function listKeys(schema: unknown = rocketchatConfigSchema.schema, path = ""): ConfigKey[] {
  const node = NodeSchema.parse(schema);
  const isWhole = hintOf(path) !== undefined && !hasInner(path);
  const members = isWhole || path === "accounts" ? [] : membersOf(node);
  const inner = members.flatMap(([name, member]) => listKeys(member, path === "" ? name : `${path}.${name}`));
  return inner.length === 0 || hintOf(path) !== undefined ? [{ path, node }, ...inner] : inner;
}

export function hintOf(path: string): KeyHint | undefined {
  return Object.entries(uiHints).find(([key]) => key === path)?.[1];
}

function hasInner(path: string): boolean {
  return Object.keys(uiHints).some((key) => key.startsWith(`${path}.`));
}

function membersOf({ properties, additionalProperties }: Node): [string, unknown][] {
  if (properties !== undefined) return Object.entries(properties);
  return typeof additionalProperties === "object" ? [["*", additionalProperties]] : [];
}

/** What the tables are about, in the order of the page, by the first word of a key. */
const SECTIONS: readonly { title: string; about: string; keys: readonly string[] }[] = [
  {
    title: "The server and the bot user",
    about: "How a token is protected, and what happens when it ends: [auth](../specs/auth.md).",
    keys: [
      ...["enabled", "name", "serverUrl", "userId", "username", "pat", "credentialCheckSeconds", "catchUp"],
      ...[
        "tls",
        "network",
        "dangerouslyAllowInsecure",
        "healthMonitor",
        "configWrites",
        "capabilities",
        "accounts",
        "defaultAccount",
      ],
    ],
  },
  {
    title: "Who may speak, and when the agent answers",
    about: "The rules in full: [access](../specs/access.md).",
    keys: [
      ...["dmPolicy", "allowFrom", "dm", "groupPolicy", "rooms", "groupAllowFrom", "requireMention"],
      ...[
        "implicitMentions",
        "mentionPatterns",
        "allowBots",
        "botLoopProtection",
        "dangerouslyAllowNameMatching",
      ],
    ],
  },
  {
    title: "Commands in chat",
    about: "What each command does: [commands](../specs/commands.md).",
    keys: ["commandAllowFrom", "commands", "execApprovals"],
  },
  {
    title: "Replies",
    about:
      "Where a reply goes: [threads](../specs/threads.md); how it is written: [formatting](FORMATTING.md).",
    keys: [
      ...[
        "replyToMode",
        "replyToModeByChatType",
        "textChunkLimit",
        "streaming",
        "streamingModeByChatType",
        "markdown",
        "unfurlLinks",
        "unfurlMedia",
      ],
      ...["mediaMaxMb", "responsePrefix", "defaultTo", "heartbeatVisibility"],
      ...["joinPublicRooms", "joinIntro"],
    ],
  },
  {
    title: "What the agent is shown",
    about: "When each is read: [threads](../specs/threads.md#what-the-agent-is-shown).",
    keys: ["historyLimit", "dmHistoryLimit", "dms", "thread", "contextVisibility"],
  },
  {
    title: "Reactions, edits, deletions",
    about: "What becomes of them: [events](../specs/events.md).",
    keys: [
      ...[
        "reactionNotifications",
        "reactionAllowlist",
        "reactionTriggers",
        "presenceEvents",
        "ackReaction",
        "removeAckAfterReply",
      ],
      ...["typingReaction", "actions"],
    ],
  },
];

const [INTRODUCTION, CONCLUSION] = [
  `All keys stand under \`channels.rocketchat\` in \`openclaw.json\`; OpenClaw's web form shows the same keys. The smallest configuration:

\`\`\`json
{
  "channels": {
    "rocketchat": {
      "serverUrl": "https://chat.example.org",
      "userId": "BOT_USER_ID",
      "username": "openclaw-bot",
      "pat": "TOKEN",
      "rooms": { "room id": {} }
    }
  }
}
\`\`\`

Direct messages only, with listed people:

\`\`\`json
{
  "channels": {
    "rocketchat": {
      "serverUrl": "https://chat.example.org",
      "userId": "BOT_USER_ID",
      "username": "openclaw-bot",
      "pat": { "source": "env", "provider": "default", "id": "ROCKETCHAT_PAT" },
      "dmPolicy": "allowlist",
      "allowFrom": ["@alice", "@bob"],
      "groupPolicy": "disabled"
    }
  }
}
\`\`\`

One room in which every message is answered, without a mention, and another for two people:

\`\`\`json
{
  "channels": {
    "rocketchat": {
      "serverUrl": "https://chat.example.org",
      "userId": "BOT_USER_ID",
      "username": "openclaw-bot",
      "pat": "TOKEN",
      "rooms": {
        "#ask-the-agent": { "requireMention": false },
        "#night-shift": { "users": ["@alice", "@bob"] }
      }
    }
  }
}
\`\`\`

Two agents: [Operations](OPERATIONS.md#several-agents).

An account under \`accounts\` takes the same keys; what it leaves out comes from the root. In a path, \`*\` stands for a name of yours.`,
  `## Names and ids

People are listed by user id or as \`@username\`, rooms by room id or as \`#name\`. An id is always read as an id. A name
is looked up when it appears in the configuration and means that user or room from then on, whoever takes the name
later; one that cannot be found matches nobody, and the log and \`channels status\` say so.`,
];

/** The whole page. Throws when a key of the schema stands in none of its sections. */
export function buildConfigurationPage(): string {
  const keys = listKeys();
  const sections = SECTIONS.map(({ title, about, keys: words }) => {
    const rows = words.flatMap((word) => keys.filter(({ path }) => path.split(".", 1)[0] === word));
    return {
      rows,
      text: `## ${title}\n\n${about}\n\n${formatTable(["key", "values", "default", "meaning"], rows.map(describeKey))}`,
    };
  });
  const shown = new Set(sections.flatMap(({ rows }) => rows.map(({ path }) => path)));
  const missing = keys.filter(({ path }) => !shown.has(path)).map(({ path }) => path);
  if (missing.length > 0) throw new Error(`In no section of the page: ${missing.join(", ")}`);
  return `${["# Configuration", COMMENT, INTRODUCTION, ...sections.map(({ text }) => text), CONCLUSION, liveKeys()].join("\n\n")}\n`;
}

const COMMENT = "<!-- Written by `npm run manifest`, from src/openclaw/config. -->";

function liveKeys(): string {
  const list = LIVE_KEYS.map((key) => `\`${key}\``).join(", ");
  return `## What applies at once\n\nA change to one of these keys applies to the next message, without reconnecting. A change to any other key restarts its account.\n\n${wrap(list)}.`;
}

const LINE_WIDTH = 110;

function wrap(text: string): string {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + word.length >= LINE_WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}

function describeKey({ path, node }: ConfigKey): string[] {
  const { help = "", placeholder } = hintOf(path) ?? {};
  const example = placeholder === undefined ? "" : ` Example: \`${placeholder}\``;
  return [`\`${path}\``, describeType(node), describeDefault(path, node), `${help}${example}`];
}

/** What values a key takes, with the bounds that the schema sets. */
function describeType(raw: unknown): string {
  const node = NodeSchema.parse(raw);
  const values = node.enum ?? (node.const === undefined ? undefined : [node.const]);
  if (values !== undefined) return values.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  if (isSecret(node)) return "text or SecretRef";
  if (node.anyOf !== undefined) return node.anyOf.map(describeType).join(", ");
  if (node.type === "integer") return describeRange(node);
  if (node.type === "boolean") return "`true`, `false`";
  if (node.type === "array") return "list of text";
  return node.type === "string" ? "text" : "object";
}

function isSecret({ anyOf = [] }: Node): boolean {
  return anyOf.some((one) => "oneOf" in NodeSchema.parse(one));
}

function describeRange({ minimum, maximum }: Node): string {
  if (minimum === undefined) return "number";
  return maximum === undefined || maximum === Number.MAX_SAFE_INTEGER
    ? `number from ${minimum}`
    : `number, ${minimum} to ${maximum}`;
}

/** Lists that say nothing while they are not there, and shut everybody out when they are empty. */
const NO_LIST = ["groupAllowFrom", "dm.groupRooms"];

/** The default of a key, or an empty list; a dash where there is none, or it is the account's or OpenClaw's. */
function describeDefault(path: string, { type }: Node): string {
  const value = path.split(".").reduce<unknown>(memberOf, DEFAULTS);
  if (value !== undefined) return `\`${JSON.stringify(value)}\``;
  return type === "array" && !path.includes("*") && !NO_LIST.includes(path) ? "`[]`" : "–";
}

function memberOf(value: unknown, name: string): unknown {
  return z.record(z.string(), z.unknown()).safeParse(value).data?.[name];
}

/** A Markdown table whose columns line up, as the formatter wants it. */
