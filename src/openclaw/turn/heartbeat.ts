// Owns what people see while a heartbeat works that may speak to them: that the bot writes.

import type { ChannelPlugin } from "openclaw/plugin-sdk/channel-core";
import { resolveTargetRoom } from "../../outbound/send.ts";
import { parseTarget } from "../../outbound/target.ts";
import type { TypingSign } from "../../outbound/typing.ts";
import { sendingFor } from "../account/sending.ts";
import { resolveAccount } from "../config/account.ts";

type Heartbeat = NonNullable<ChannelPlugin["heartbeat"]>;
type Place = Parameters<NonNullable<Heartbeat["sendTyping"]>>[0];

/** Signs that stand, by account and place. */
const shown = new Map<string, TypingSign>();

const keyOf = ({ accountId, to, threadId }: Place): string => JSON.stringify([accountId, to, threadId]);

/** Nothing is shown for a target of a name, nor where the account does not run in this process. */
export const heartbeat = {
  async sendTyping(place: Place): Promise<void> {
    const { typing, rest } = sendingFor(resolveAccount(place.cfg, place.accountId));
    const target = parseTarget(place.to);
    if (typing === undefined || target === undefined) return;
    const roomId = await resolveTargetRoom(rest, target);
    const threadId = place.threadId == null ? undefined : String(place.threadId);
    const sign = shown.get(keyOf(place)) ?? typing.open({ roomId, threadId });
    shown.set(keyOf(place), sign);
    await sign.show();
  },

  async clearTyping(place: Place): Promise<void> {
    const sign = shown.get(keyOf(place));
    shown.delete(keyOf(place));
    await sign?.end();
  },
} satisfies Heartbeat;
