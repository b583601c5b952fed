// Owns what OpenClaw's targets are on Rocket.Chat, for the message tool, cron, the command line and recovery.

import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { TargetError } from "../../errors.ts";
import { mayLackCapitals } from "../../outbound/exact-ids.ts";
import { type Patience, withPatience } from "../../outbound/patience.ts";
import { resolveTarget, resolveThread } from "../../outbound/resolve-target.ts";
import { resolveTargetRoom } from "../../outbound/send.ts";
import { formatTarget, parseNamedTarget, parseTarget } from "../../outbound/target.ts";
import { mayBeGeneratedId } from "../../policy/names.ts";
import type { RestClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import { noteName } from "../account/named-places.ts";
import { sendingFor } from "../account/sending.ts";
import { resolveAccount } from "../config/account.ts";
import { readMessageId } from "../turn/handover.ts";

export const TARGET_HINT = "room:<room id>, user:<user id>, #room or @username";

export const readTarget = (text: string) => parseTarget(text) ?? parseNamedTarget(text);

export function unknownTarget(text: string | undefined): TargetError {
  return new TargetError(`"${text ?? ""}" is not a Rocket.Chat target; expected ${TARGET_HINT}`);
}

/** Asks the server what a target means. Null for text that is no target; rejects with TargetError for one of nothing. */
export async function lookUpTarget(params: {
  readonly cfg: OpenClawConfig;
  readonly accountId?: string | null;
  readonly input: string;
  /** False where nothing is to be sent: then no public room is joined. */
  readonly mayJoin?: boolean;
}) {
  const target = readTarget(params.input);
  if (target === undefined) return null;
  const settings = resolveAccount(params.cfg, params.accountId);
  const found = await resolveTarget(
    { rest: sendingFor(settings).rest, settings, mayJoin: params.mayJoin ?? true },
    target,
  );
  if ("name" in target) noteName(target, found);
  const kind = found.kind === "user" ? ("user" as const) : ("channel" as const);
  return { to: formatTarget(found), kind, ...("name" in target && { display: target.name }) };
}

/** What names, or ids, of people or rooms are on the server; one that is none is said to be none, and spoils no other. */
export async function resolveNames(params: {
  readonly cfg: OpenClawConfig;
  readonly accountId?: string | null;
  readonly inputs: readonly string[];
  readonly kind: "user" | "group";
}) {
  const sigil = params.kind === "user" ? "@" : "#";
  return Promise.all(params.inputs.map((input) => resolveName({ ...params, input }, sigil)));
}

async function resolveName(query: Parameters<typeof lookUpTarget>[0], sigil: "@" | "#") {
  const { input } = query;
  try {
    const found = await lookUpTarget({ ...query, input: readEntry(input, sigil), mayJoin: false });
    const target = found && parseTarget(found.to);
    if (!target) return { input, resolved: false, note: unknownTarget(input).message };
    if ((target.kind === "user") !== (sigil === "@"))
      return { input, resolved: false, note: `It is a ${target.kind}` };
    return { input, resolved: true, id: target.id, ...(found.display && { name: found.display }) };
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    return { input, resolved: false, note: error.message };
  }
}

/** A word as the lists of the configuration read it: an id where the server may have made it up, else a name. */
function readEntry(input: string, sigil: "@" | "#"): string {
  const word = input.trim();
  if (readTarget(word) !== undefined) return word;
  if (!mayBeGeneratedId(word)) return `${sigil}${word}`;
  return `${sigil === "@" ? "user" : "room"}:${word}`;
}

interface PlaceRequest {
  readonly to: string;
  readonly threadId?: string | number | null | undefined;
  /** A message to reply to, which means to write in its thread. */
  readonly replyToId?: string | null | undefined;
}

interface PlaceScope extends Patience {
  readonly rest: RestClient;
  readonly settings: AccountSettings;
}

interface Place {
  readonly roomId: string;
  readonly threadId: string | undefined;
}

/**
 * The room and the thread that a message is to be posted in. Waits with patience for a server that is away, so that no
 * next answer of the conversation overtakes it. Rejects with TargetError where there is no such place.
 */
export const findDestination = (scope: PlaceScope, request: PlaceRequest): Promise<Place> =>
  withPatience(scope, () => askForPlace(scope, request));

async function askForPlace({ rest, settings }: PlaceScope, request: PlaceRequest): Promise<Place> {
  const target = readTarget(request.to);
  if (target === undefined) throw unknownTarget(request.to);
  // An id that came as it is was looked up when it was given; only what a session key made of one is not.
  const isExact = "id" in target && !mayLackCapitals(target.id);
  const found = isExact ? target : await resolveTarget({ rest, settings }, target);
  const roomId = await resolveTargetRoom(rest, found);
  const named = request.replyToId ?? (request.threadId == null ? undefined : String(request.threadId));
  const messageId = named && readMessageId(named);
  return { roomId, threadId: messageId && (await resolveThread(rest, { roomId, messageId })) };
}
