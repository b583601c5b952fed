// Owns the parameters that the message tool is told of for this channel, beside OpenClaw's own.

import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";

type Describe = NonNullable<ChannelPlugin["actions"]>["describeMessageTool"];
type Discovery = NonNullable<ReturnType<Describe>>;
type Contribution = Extract<NonNullable<Discovery["schema"]>, readonly unknown[]>[number];

/** OpenClaw's schemas tell optional properties by this mark of its library's, which no provider is to see. */
function optional(schema: object): object {
  return Object.defineProperty(schema, "~optional", { value: true });
}

const text = (description: string): object => optional({ type: "string", description });
const flag = (description: string): object => optional({ type: "boolean", description });

const SEND = {
  topLevel: flag("Rocket.Chat: write at the top level of the room from inside a thread."),
  replyBroadcast: flag("Rocket.Chat: with threadId or replyTo, show the thread reply in the room too."),
};

const HERE = {
  channelId: text(
    "Rocket.Chat: room:<id of the present room>; needed, and no other conversation is allowed.",
  ),
};

const READ = {
  ...HERE,
  before: text("Rocket.Chat: only messages before this one (id) or before this instant (ISO 8601)."),
  after: text("Rocket.Chat: only messages after this one (id) or after this instant (ISO 8601)."),
};

const OPEN = {
  userIds: optional({
    type: "array",
    items: { type: "string" },
    description:
      "Rocket.Chat: 1 to 7 user ids or @usernames besides the bot. Write to the answered target with send.",
  }),
};

/** What is told of each group of actions, of those that are offered. */
const PARTS: readonly Contribution[] = [
  { actions: ["send"], properties: SEND },
  { actions: ["read"], properties: READ },
  {
    actions: ["edit", "download-file", "search", "member-info", "emoji-list", "list-pins"],
    properties: HERE,
  },
  { actions: ["conversation-open"], properties: OPEN },
];

export function describeParameters(offered: readonly string[]): Contribution[] {
  return PARTS.flatMap((part) => {
    const actions = (part.actions ?? []).filter((action) => offered.includes(action));
    return actions.length === 0 ? [] : [{ ...part, actions }];
  });
}
