// Owns what the message tool may look up or open beside messages: the person who asks, emoji, conversations.

import {
  readPositiveIntegerParam,
  readStringArrayParam,
  readStringParam,
} from "openclaw/plugin-sdk/channel-actions";
import { resolveTarget } from "../../outbound/resolve-target.ts";
import { formatTarget } from "../../outbound/target.ts";
import type { RestClient } from "../../rest/client.ts";
import { fetchCustomEmoji } from "../../rest/reactions.ts";
import { openGroupDirectRoom } from "../../rest/rooms.ts";
import { fetchProfile, fetchUser } from "../../rest/users.ts";
import type { AccountSettings } from "../../settings.ts";
import type { Context } from "./reading.ts";
import { readTarget } from "./targets.ts";

/** The profile of the person who asks; of others only for an operator, as on Slack. */
export async function describeMember(ctx: Context, rest: RestClient) {
  const { params, requesterSenderId, conversationReadOrigin } = ctx;
  const asked = readStringParam(params, "userId") ?? requesterSenderId ?? undefined;
  const target =
    asked === undefined ? undefined : (readTarget(asked) ?? { kind: "user" as const, id: asked });
  if (target?.kind !== "user") throw new Error("Give userId: the id of the person who asks");
  if (conversationReadOrigin !== "direct-operator" && target.id !== requesterSenderId)
    throw new Error("Only the person who asks can be looked up");
  const member = await fetchProfile(rest, target.id);
  if (member === undefined) throw new Error(`There is no user ${target.id} on Rocket.Chat`);
  return { member };
}

const MAX_EMOJI = 100;

/** Names of the workspace's own emoji, with their other names; standard ones need no list. */
export async function listEmoji({ params }: Context, rest: RestClient) {
  const limit = Math.min(readPositiveIntegerParam(params, "limit") ?? MAX_EMOJI, MAX_EMOJI);
  const names = await fetchCustomEmoji(rest);
  return { emoji: names.slice(0, limit), total: names.length };
}

/** With the bot a direct message has at most eight people (`DirectMesssage_maxUsers`). */
const MAX_OTHERS = 7;

/** Opens the direct message with a person, or the group DM with several, and says how to write there. */
export async function openConversation(
  { params }: Context,
  { rest, settings }: { readonly rest: RestClient; readonly settings: AccountSettings },
) {
  const named = [...new Set(readStringArrayParam(params, "userIds", { required: true }))];
  if (named.length > MAX_OTHERS)
    throw new Error(`A group DM has at most ${MAX_OTHERS} people besides the bot`);
  const people = await Promise.all(named.map((text) => findPerson(text, { rest, settings })));
  const [first, ...others] = people;
  if (first === undefined) throw new Error("Give userIds: whom to open a conversation with");
  if (others.length === 0) return { target: formatTarget({ kind: "user", id: first.id }) };
  const id = await openGroupDirectRoom(rest, { people, own: settings.username });
  return { target: formatTarget({ kind: "room", id }) };
}

async function findPerson(
  text: string,
  scope: { readonly rest: RestClient; readonly settings: AccountSettings },
): Promise<{ readonly id: string; readonly username: string }> {
  const target = readTarget(text) ?? { kind: "user" as const, id: text };
  const noPerson = () => new Error(`"${text}" is no person; give a user id or @username`);
  // A room would be joined by looking it up.
  if (target.kind === "room" || target.kind === "room-name") throw noPerson();
  const { id } = await resolveTarget(scope, target);
  const { username } = await fetchUser(scope.rest, id);
  if (username === undefined) throw noPerson();
  return { id, username };
}
