// Owns which reactions ask the agent for something, and what they ask.

import { type AccountSettings, type ReactionTriggers, type RoomRef, roomSettings } from "../settings.ts";

/** What a reaction in a place asks; undefined when it asks nothing. A direct message or group DM has no room's settings. */
export function findTrigger(
  settings: AccountSettings,
  emoji: string,
  room?: RoomRef | undefined,
): string | undefined {
  const own = room && roomSettings(settings, room).reactionTriggers;
  return (promptOf(own, emoji) ?? promptOf(settings.reactionTriggers, emoji)) || undefined;
}

/** Whether a reaction may ask something in a room whose entry is not known yet. */
export function mayTrigger(settings: AccountSettings, emoji: string): boolean {
  const entries = [settings.reactionTriggers, ...[...settings.rooms.values()].map(triggersIn)];
  return entries.some((triggers) => Boolean(promptOf(triggers, emoji)));
}

const triggersIn = ({ reactionTriggers }: { readonly reactionTriggers?: ReactionTriggers | undefined }) =>
  reactionTriggers;

function promptOf(triggers: ReactionTriggers | undefined, emoji: string): string | undefined {
  return triggers !== undefined && Object.hasOwn(triggers, emoji) ? triggers[emoji] : undefined;
}
