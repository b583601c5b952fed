// How documents look in events and answers, where the versions differ.
import type { Room, Subscription, UserRef } from "./documents.ts";
import type { Traits } from "./profile.ts";

export type Action = "inserted" | "updated" | "removed";

/** What every new room has in 6.5 besides. */
export function roomExtras({ legacy }: Traits): Record<string, unknown> {
  return legacy ? { default: false, sysMes: true } : {};
}

/** What channels and groups (not discussions, teams, direct rooms) have in 6.5 besides, and their memberships. */
export function customExtras({ legacy }: Traits): Record<string, unknown> {
  return legacy ? { customFields: {} } : {};
}

/** Keys without a value: null where the server stores null, else absent. */
export function empty({ nulls }: Traits, ...keys: string[]): Record<string, null> {
  return nulls ? Object.fromEntries(keys.map((key) => [key, null])) : {};
}

/** A membership in `subscriptions-changed`. */
export function shownSubscription({ legacy }: Traits, action: Action, membership: Subscription): object {
  if (!legacy || action === "inserted") return membership;
  const { _id, rid, u, customFields: _, ...rest } = membership;
  return action === "removed" ? { _id, rid, u } : { _id, rid, u, ...rest };
}

/** A room in `rooms-changed`. */
export function shownRoom({ legacy }: Traits, action: Action, room: Room): object {
  if (!legacy || action === "inserted") return room;
  const { _USERNAMES: _, ...rest } = room;
  return rest;
}

/** The user in a membership that came with the room; one who joins later has his name there. */
export function foundingRef(
  traits: Traits,
  { _id, username, name }: Required<UserRef>,
): Record<string, string | null> & UserRef {
  return traits.lightMemberships ? { _id, username, ...empty(traits, "name") } : { _id, username, name };
}
