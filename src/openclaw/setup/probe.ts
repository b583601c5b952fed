// Owns what setup asks a server before an account works: is there a Rocket.Chat, whose token is this, which rooms.

import { ConfigError, RocketChatError, TimeoutError } from "../../errors.ts";
import type { RoomFacts } from "../../facts/room.ts";
import { toOneLine } from "../../log.ts";
import { fetchMe, fetchServerVersion, type OwnUserFacts } from "../../rest/auth.ts";
import type { RestClient } from "../../rest/client.ts";
import { fetchJoinedRooms } from "../../rest/rooms.ts";
import type { AccountSettings } from "../../settings.ts";
import { assertServerAllowed, openSetupClient } from "../account/transport.ts";

/** How long a question of the wizard may take. Milliseconds. */
const PROBE_TIMEOUT_MS = 10_000;

export type ServerProbe =
  | { readonly kind: "found"; readonly version: string | undefined }
  /** The address lies on a private network, which OpenClaw's guard refuses until the account allows it. */
  | { readonly kind: "private"; readonly problem: string }
  /** A key of the configuration is wrong, for example a file of authorities that cannot be read. */
  | { readonly kind: "config"; readonly problem: string }
  | { readonly kind: "failed"; readonly problem: string };

/** Asks `GET /api/info` without credentials. `problem` says what is wrong and what to do. */
export async function probeServer(settings: AccountSettings): Promise<ServerProbe> {
  try {
    await assertServerAllowed(settings);
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const version = await fetchServerVersion(openSetupClient({ ...settings, pat: "" }, { signal }));
    return { kind: "found", version: version && toOneLine(version) };
  } catch (error) {
    const problem = toOneLine(asRocketChatError(error).message);
    if (!(error instanceof ConfigError)) return { kind: "failed", problem };
    return { kind: error.path === settings.keyPaths.privateNetwork ? "private" : "config", problem };
  }
}

/** The time that a probe may take is over, wherever it waits; anything else that is not ours is a fault of the program. */
function asRocketChatError(error: unknown): RocketChatError {
  if (error instanceof RocketChatError) return error;
  if (!(error instanceof Error) || error.name !== "TimeoutError") throw error;
  return new TimeoutError("The server did not answer in time. Check the network between, and try again", {
    afterMs: PROBE_TIMEOUT_MS,
    cause: error,
  });
}

export type TokenProbe =
  | { readonly ok: true; readonly user: OwnUserFacts; readonly rooms: readonly RoomFacts[] }
  | { readonly ok: false; readonly problem: string };

/** Asks `GET /api/v1/me` and the bot user's rooms. `problem` names the wrong value. */
export async function probeToken(settings: AccountSettings): Promise<TokenProbe> {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const rest = openSetupClient(settings, { signal });
    const user = await fetchMe(rest);
    if (user.id === settings.userId) return { ok: true, user, rooms: await listRooms(rest) };
    return {
      ok: false,
      problem: toOneLine(
        `The token belongs to the user id ${user.id} (@${user.username ?? "?"}), not to ${settings.userId}.`,
      ),
    };
  } catch (error) {
    return { ok: false, problem: toOneLine(asRocketChatError(error).message) };
  }
}

/** The rooms that the bot user is in, by what people call them; direct messages are not among them. */
async function listRooms(rest: RestClient): Promise<RoomFacts[]> {
  const rooms = (await fetchJoinedRooms(rest)).filter(({ type }) => type !== "d");
  return rooms.sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
}

/** What people call a room, for a terminal. */
export function nameOf({ id, label }: RoomFacts): string {
  return toOneLine(label ?? id);
}
