// Owns the agent's introduction in a room that the bot was added to: what it is told of the room, and where it goes.

import { reportChannelRoomJoin } from "openclaw/plugin-sdk/channel-join-intro-runtime";
import { withoutQuoteLinks } from "../../../facts/quote.ts";
import { formatTarget } from "../../../outbound/target.ts";
import type { Arrival } from "../../../turn/host.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import type { Route } from "../route.ts";
import type { TurnScope } from "../scope.ts";
import { indentLines, nameTo, showTo } from "./surroundings.ts";

/** OpenClaw runs the agent without tools, and keeps which rooms were introduced. Never rejects. */
export async function introduce(scope: TurnScope, route: Route, arrival: Arrival): Promise<void> {
  const { cfg, accountId, input } = scope;
  const { room } = input;
  const { username, id } = arrival.inviter;
  await reportChannelRoomJoin({
    cfg,
    channel: CHANNEL_ID,
    accountId,
    conversationId: room.id,
    deliverTo: formatTarget({ kind: "room", id: room.id }),
    route: { agentId: route.agentId, sessionKey: route.turnSessionKey },
    inviterLabel: username ?? id,
    roomAllowed: true,
    resolveRoomContext: async ({ messageLimit }) => ({
      title: `#${room.label ?? room.id}`,
      purpose: [room.description, room.topic, room.announcement].filter(Boolean).join("\n"),
      recentMessages: await readRecent(scope, arrival, messageLimit),
    }),
  });
}

/** What may be shown of the room; an introduction is worth giving without it. */
async function readRecent(scope: TurnScope, { readRecent: read }: Arrival, limit: number) {
  const { settings, input, log } = scope;
  try {
    // Nobody asks: the words of who added the bot are shown as anybody's.
    const message = { ...input.message, sender: { ...input.message.sender, id: settings.userId } };
    const shown = showTo({ ...scope, input: { ...input, message } }, "history", await read(limit));
    return shown.flatMap((said) => {
      const text = said.systemType === undefined ? withoutQuoteLinks(said) : "";
      return text === "" ? [] : [{ sender: nameTo(scope, said), text: indentLines(text) }];
    });
  } catch (error) {
    log.warn("history could not be read and is left out", { error, room: input.room.id });
    return [];
  }
}
