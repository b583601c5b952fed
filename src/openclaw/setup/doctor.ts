// Owns the live checks of one account: each says what it found and, where that is not well, what to do.

import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import type { RoomFacts } from "../../facts/room.ts";
import { findConcerns } from "../../policy/findings.ts";
import type { OwnUserFacts } from "../../rest/auth.ts";
import { fetchRoomState, type RoomState } from "../../rest/rooms.ts";
import { fetchPublicSetting } from "../../rest/server.ts";
import type { AccountSettings } from "../../settings.ts";
import { openSetupClient, readServerClock } from "../account/transport.ts";
import { missingKeys } from "../config/faults.ts";
import { CHANNEL_ID } from "../config/schema.ts";
import { nameOf, probeServer, probeToken } from "./probe.ts";

export interface Check {
  /** Stable name, for tests and scripts. */
  readonly id: string;
  readonly outcome: "ok" | "warning" | "failure";
  readonly found: string;
  /** What to do; present unless the outcome is `ok`. */
  readonly remedy?: string;
}

/** A clock that is further off spoils the age of messages. Milliseconds. */
const MAX_CLOCK_SKEW_MS = 60_000;

const TIMEOUT_MS = 10_000;

/** Versions of Rocket.Chat that this plugin is made for. */
const MAJORS = { from: 7, to: 9 };

/** Runs every check that the ones before it allow: without a server there is no token to check. */
export async function checkAccount(cfg: OpenClawConfig, account: AccountSettings): Promise<Check[]> {
  const settings = [...checkPolicies(account), checkGroupReplies(cfg)];
  const missing = missingKeys(account);
  if (missing.length > 0) return [failure("config", `${missing.join(", ")} not set`, ADD), ...settings];
  const server = await probeServer(account);
  if (server.kind !== "found") {
    const remedy =
      server.kind === "private" ? "Set the key that is named, if this is your server" : CHECK_URL;
    return [failure("server", server.problem, remedy), ...settings];
  }
  return [
    ok("server", `${account.serverUrl} is a Rocket.Chat`),
    checkTransport(account),
    checkVersion(server.version),
    await checkClock(account),
    ...(await checkBotUser(account)),
    ...settings,
  ];
}

const ADD = "Run `openclaw channels add --channel rocketchat`";
const CHECK_URL = "Check `serverUrl` and the network between";

const ok = (id: string, found: string): Check => ({ id, outcome: "ok", found });
const warning = (id: string, found: string, remedy: string): Check => ({
  id,
  outcome: "warning",
  found,
  remedy,
});
const failure = (id: string, found: string, remedy: string): Check => ({
  id,
  outcome: "failure",
  found,
  remedy,
});

function checkTransport({ serverUrl, dangerouslyAllowInsecure }: AccountSettings): Check {
  if (!dangerouslyAllowInsecure) return ok("tls", "encrypted, certificate checked");
  const found = serverUrl.startsWith("https:") ? "the certificate is not checked" : "not encrypted";
  return warning("tls", found, "Remove `dangerouslyAllowInsecure` once this is no local test");
}

function checkVersion(version: string | undefined): Check {
  if (version === undefined)
    return warning("version", "the server tells no version", "Look at Administration > Workspace");
  const major = Number.parseInt(version, 10);
  if (major >= MAJORS.from && major <= MAJORS.to) return ok("version", `Rocket.Chat ${version}`);
  return warning(
    "version",
    `Rocket.Chat ${version} is outside ${MAJORS.from}.x to ${MAJORS.to}.x`,
    "Update the server, or the plugin",
  );
}

async function checkClock(account: AccountSettings): Promise<Check> {
  const server = await readServerClock(account, AbortSignal.timeout(TIMEOUT_MS)).catch(() => Number.NaN);
  if (Number.isNaN(server))
    return warning("clock", "the server tells no time", "Check that no proxy removes the Date header");
  const skew = Math.round((Date.now() - server) / 1000);
  if (Math.abs(skew) * 1000 <= MAX_CLOCK_SKEW_MS) return ok("clock", "the clocks agree");
  const found = `this machine is ${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} the server`;
  return warning("clock", found, "Let both machines keep their time by NTP");
}

async function checkBotUser(account: AccountSettings): Promise<Check[]> {
  const probe = await probeToken(account);
  if (!probe.ok) {
    return [failure("token", probe.problem, "Make a new token for the bot user and configure it")];
  }
  const { user, rooms } = probe;
  return [
    ok("token", `the token works for @${user.username ?? user.id}`),
    checkUsername(account, user),
    checkRole(user, "bot", "Rocket.Chat limits it to ten calls a minute of each kind"),
    checkRole(user, "user", "it cannot delete its own messages or renew its token"),
    await checkChanges(account),
    ...(await checkRooms(account, rooms)),
  ];
}

function checkUsername(account: AccountSettings, user: OwnUserFacts): Check {
  if (user.username === account.username) return ok("username", `mentions of @${account.username} are heard`);
  const remedy = `Set username to ${user.username ?? "the bot user's name"}`;
  return failure("username", `configured is @${account.username}, the token is @${user.username}'s`, remedy);
}

function checkRole(user: OwnUserFacts, role: string, cost: string): Check {
  const id = `role-${role}`;
  if (user.roles.includes(role)) return ok(id, `has the role \`${role}\``);
  const remedy = `Add it under Administration > Workspace > Users > @${user.username} > Edit`;
  return warning(id, `lacks the role \`${role}\`: ${cost}`, remedy);
}

/** Whether the workspace lets people, and so the bot user, change what they wrote. */
async function checkChanges(account: AccountSettings): Promise<Check> {
  const rest = openSetupClient(account);
  const asked = ["Message_AllowEditing", "Message_AllowDeleting"].map(async (id) =>
    (await fetchPublicSetting(rest, id).catch(() => undefined)) === false ? [id] : [],
  );
  const off = (await Promise.all(asked)).flat().join(", ");
  if (off === "") return ok("changes", "the workspace allows editing and deleting messages");
  const remedy =
    "Turn it on under Administration > Workspace > Settings > Message, if the agent is to do that";
  return warning("changes", `${off} is off: the agent cannot do that to its messages`, remedy);
}

/** Each served room: whether the bot is in it, and whether it may write there. */
async function checkRooms(account: AccountSettings, joined: readonly RoomFacts[]): Promise<Check[]> {
  const served = [...account.rooms].filter(([key, { enabled }]) => key !== "*" && enabled !== false);
  if (served.length === 0 && account.groupPolicy === "allowlist") {
    const remedy = "Add room ids or names under `rooms`, if the agent is to answer in rooms";
    return [warning("rooms", "no room is served", remedy)];
  }
  const rest = openSetupClient(account);
  const checks = served.map(async ([key]) => {
    const room = joined.find(({ id, name }) => id === key || `#${name}` === key || name === key);
    if (room === undefined) {
      const remedy = "Invite the bot user to it, or correct the key under `rooms`";
      return failure("room", `${key}: the bot user is in no such room`, remedy);
    }
    return checkPosting(room, await fetchRoomState(rest, room.id), account);
  });
  return Promise.all(checks);
}

function checkPosting(room: RoomFacts, state: RoomState, account: AccountSettings): Check {
  const may = `in #${nameOf(room)}`;
  if (state.encrypted) {
    const remedy = "Turn off end-to-end encryption there: a bot user has no key";
    return failure("room", `${may}: the room is encrypted`, remedy);
  }
  if (state.archived) return failure("room", `${may}: the room is archived`, "Unarchive it");
  if (state.muted.includes(account.username))
    return failure("room", `${may}: the bot user is muted`, "Unmute it");
  if (state.readOnly && !state.unmuted.includes(account.username)) {
    const remedy = "Let it write there: room members > bot user > Allow to write";
    return failure("room", `${may}: read-only, the bot user may not write`, remedy);
  }
  return ok("room", `${may}: may post and react`);
}

function checkPolicies(account: AccountSettings): Check[] {
  const checks: Check[] = [];
  if (account.dmPolicy === "open") {
    checks.push(warning("dm-policy", "everybody on the server may write to the agent", RESTRICT_DM));
  } else checks.push(ok("dm-policy", `direct messages: ${account.dmPolicy}`));
  if (account.groupPolicy === "open") {
    checks.push(warning("group-policy", "every room that the bot is in is served", RESTRICT_ROOMS));
  } else checks.push(ok("group-policy", `rooms: ${account.groupPolicy}`));
  const silencing = findConcerns(account, { visibleReplies: undefined }).filter(({ id }) =>
    SILENCING.has(id),
  );
  return [...checks, ...silencing.map(({ detail, remediation }) => warning("lists", detail, remediation))];
}

/** Lists that shut out more than their author may have meant. */
const SILENCING: ReadonlySet<string> = new Set(["nobody-listed", "nobody-operates"]);

const RESTRICT_DM = 'Set `dmPolicy` to "pairing" or "allowlist"';
const RESTRICT_ROOMS = 'Set `groupPolicy` to "allowlist" and list the rooms';

/** Under `message_tool` an answer stays private unless the agent uses the message tool: the bot seems silent. */
function checkGroupReplies(cfg: OpenClawConfig): Check {
  const mode = cfg.messages?.groupChat?.visibleReplies ?? cfg.messages?.visibleReplies ?? "automatic";
  if (mode === "automatic") return ok("group-replies", "answers in rooms are posted");
  return warning(
    "group-replies",
    `messages.groupChat.visibleReplies is ${mode}: in rooms the agent only speaks through its message tool`,
    `Set messages.groupChat.visibleReplies to "automatic" if ${CHANNEL_ID} seems silent in rooms`,
  );
}
