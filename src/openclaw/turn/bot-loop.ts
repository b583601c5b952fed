// Owns what OpenClaw is told of a message between two bots, whose exchanges it counts and ends when they run in circles.

import { isFromBot } from "../../policy/access.ts";
import { roomSettings } from "../../settings.ts";
import { withoutGaps } from "../config/gaps.ts";
import type { TurnScope } from "./scope.ts";

/** Nothing for what people write. Of the limits, a room's come before the account's, key by key, and these before all channels'. */
export function botLoopProtection({
  cfg,
  accountId,
  settings,
  input: { message, room },
}: Pick<TurnScope, "cfg" | "accountId" | "settings" | "input">) {
  if (!isFromBot(settings, message)) return {};
  const defaultsConfig = cfg.channels?.defaults?.botLoopProtection;
  const facts = {
    scopeId: accountId,
    conversationId: room.id,
    eventId: message.id,
    senderId: message.sender.id,
    receiverId: settings.userId,
    config: { ...settings.botLoopProtection, ...roomSettings(settings, room).botLoopProtection },
    ...(defaultsConfig && { defaultsConfig: withoutGaps(defaultsConfig) }),
    defaultEnabled: true,
  };
  return { botLoopProtection: facts };
}
