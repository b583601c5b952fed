// Owns under which names a running account knows the emoji that its configuration names.

import { namesOfEmoji } from "../../../outbound/emoji.ts";
import type { AccountSettings, ReactionTriggers } from "../../../settings.ts";

/** The settings with their emoji under each name that people may react by: Rocket.Chat counts two names of one apart. */
export function withEmojiNames(settings: AccountSettings): AccountSettings {
  const rooms = [...settings.rooms].map(
    ([id, { reactionTriggers, ...room }]) =>
      [id, reactionTriggers ? { ...room, reactionTriggers: byNames(reactionTriggers) } : room] as const,
  );
  return { ...settings, reactionTriggers: byNames(settings.reactionTriggers), rooms: new Map(rooms) };
}

function byNames(triggers: ReactionTriggers): ReactionTriggers {
  return Object.fromEntries(
    Object.entries(triggers).flatMap(([emoji, prompt]) =>
      namesOfEmoji(emoji).map((name) => [`:${name}:`, prompt.trim()]),
    ),
  );
}
