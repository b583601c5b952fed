// Owns the live checks of one account: each says what it found and, where that is not well, what to do.

import { normalizeAccountId } from "openclaw/plugin-sdk/account-id";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { ConfigError, UnauthorizedError } from "../../../errors.ts";
import { FILE_SETTINGS, readFileRules } from "../../../facts/file-rules.ts";
import type { RoomFacts } from "../../../facts/room.ts";
import { describe } from "../../../log.ts";
import { findConcerns } from "../../../policy/findings.ts";
import { findRoomKey, listNames, withIds } from "../../../policy/names.ts";
import { fetchMe, type OwnUserFacts } from "../../../rest/auth.ts";
import type { RestClient } from "../../../rest/client.ts";
import { fetchJoinedRooms, fetchRoom, fetchRoomState, type RoomState } from "../../../rest/rooms.ts";
import { fetchPublicSetting, fetchPublicSettings } from "../../../rest/server.ts";
import { findUser } from "../../../rest/users.ts";
import type { AccountSettings } from "../../../settings.ts";
import { type NamePin, nameOfPin, openNamePins } from "../../account/memory/name-pins.ts";
import { remarkOn } from "../../account/server-notes.ts";
import { openSetupClient, readServerClock } from "../../account/transport.ts";
import { assertOnlyOne, listAccountIds } from "../../config/account.ts";
import { findFaults } from "../../config/faults.ts";
import { placeOf } from "../../config/places.ts";
import { CHANNEL_ID } from "../../config/schema.ts";
import { nameOf, probeServer } from "../probe.ts";
import { judgeRoom } from "../provision.ts";
import { resolveToken } from "../token-place.ts";

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

/** What the checks need besides the configuration and the server. */
export interface DoctorPort {
  /** The value behind a reference; undefined where it cannot be resolved here. Never rejects. */
  resolveSecret(value: unknown, path: string): Promise<string | undefined>;
  /** Those who hold a pairing code and are not approved. */
  readWaiting(accountId: string): Promise<readonly { readonly userId: string; readonly code: string }[]>;
}

export interface AccountReport {
  readonly accountId: string;
  readonly checks: readonly Check[];
}

/** Checks one account by its name. Never rejects: a check that cannot be made says so. */
export async function examineAccount(
  cfg: OpenClawConfig,
  name: string,
  port: DoctorPort,
): Promise<AccountReport> {
  const accountId = normalizeAccountId(name);
  const known = listAccountIds(cfg);
  if (!known.some((id) => normalizeAccountId(id) === accountId)) {
    const remedy = `Name one of these: ${known.join(", ")}`;
    return { accountId, checks: [failure("account", `there is no account ${name}`, remedy)] };
  }
  const checks = await attempt("account", async () =>
    checkAccount(cfg, await resolveToken(cfg, accountId, port), port),
  );
  return { accountId, checks };
}

/** Runs every check that the ones before it allow: without a server there is no token to check. */
export async function checkAccount(
  cfg: OpenClawConfig,
  account: AccountSettings,
  port: DoctorPort,
): Promise<Check[]> {
  const settings = [...checkSwitch(account), ...checkPolicies(cfg, account), checkGroupReplies(cfg)];
  const faults = findFaults(account).map(({ path, problem, remedy }) =>
    failure("config", `${path} ${problem}`, remedy),
  );
  const twice = await attempt("account", async () => {
    assertOnlyOne(cfg, account);
    return [];
  });
  if (faults.length > 0) return [...faults, ...twice, ...settings];
  const server = await probeServer(account);
  if (server.kind !== "found") {
    const remedy = server.kind === "failed" ? CHECK_URL : "Change the key that the line above names";
    return [failure("server", server.problem, remedy), ...twice, ...settings];
  }
  return [
    ok("server", `${account.serverUrl} is a Rocket.Chat`),
    checkTransport(account),
    checkVersion(server.version),
    ...(await attempt("clock", async () => [await checkClock(account)])),
    ...(await attempt("token", () => checkBotUser(account))),
    ...(await attempt("pairing", () => checkWaiting(account, port))),
    ...twice,
    ...settings,
  ];
}

const CHECK_URL = "Check `serverUrl` and the network between";

/** What a check finds, or that it could not be made: one that fails must not take the others with it. */
async function attempt(id: string, check: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof ConfigError) return [failure(id, error.message, "Change the key that is named")];
    const found = `could not be checked: ${describe(error)}`;
    return [warning(id, found, "Run `openclaw rocketchat doctor` again in a minute")];
  }
}

/** A client that does not wait out a rate limit: whoever runs the doctor is waiting. */
export function openImpatientClient(account: AccountSettings): RestClient {
  const rest = openSetupClient(account, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return {
    get: (path, query, options) => rest.get(path, query, { ...options, patienceMs: 0 }),
    post: (path, body, options) => rest.post(path, body, { ...options, patienceMs: 0 }),
  };
}

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

function checkTransport({ serverUrl, dangerouslyAllowInsecure, keyPaths }: AccountSettings): Check {
  const encrypted = serverUrl.startsWith("https:");
  if (encrypted && !dangerouslyAllowInsecure) return ok("tls", "encrypted, certificate checked");
  const found = encrypted ? "the certificate is not checked" : "not encrypted";
  return warning("tls", found, `Remove ${keyPaths.insecure} once this is no local test`);
}

function checkVersion(version: string | undefined): Check {
  if (version === undefined)
    return warning("version", "the server does not tell its version", "Look at Administration > Workspace");
  const remark = remarkOn(version);
  if (remark === undefined) return ok("version", `Rocket.Chat ${version}`);
  return warning("version", `Rocket.Chat ${version}: ${remark}`, "Update the server, or the plugin");
}

async function checkClock(account: AccountSettings): Promise<Check> {
  const server = await readServerClock(account, AbortSignal.timeout(TIMEOUT_MS)).catch(() => Number.NaN);
  if (Number.isNaN(server))
    return warning(
      "clock",
      "the server does not tell the time",
      "Check that no proxy removes the Date header",
    );
  const skew = Math.round((Date.now() - server) / 1000);
  if (Math.abs(skew) * 1000 <= MAX_CLOCK_SKEW_MS) return ok("clock", "the clocks agree");
  const found = `this machine is ${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} the server`;
  return warning("clock", found, "Let NTP set the time of both machines");
}

async function checkBotUser(account: AccountSettings): Promise<Check[]> {
  if (account.pat === "") {
    const found = `${account.keyPaths.pat} is a reference that cannot be read here, so the token was not tried`;
    return [
      warning(
        "token",
        found,
        "Run this with the gateway's environment, or look at `openclaw channels status --probe`",
      ),
    ];
  }
  const rest = openImpatientClient(account);
  const user = await fetchMe(rest).catch((error: unknown) => {
    if (error instanceof UnauthorizedError) return undefined;
    throw error;
  });
  if (user === undefined) {
    const { userId, pat } = account.keyPaths;
    const remedy = `Compare ${userId}; for a new token run \`openclaw rocketchat provision\`, or make one in Rocket.Chat and put it into ${pat}`;
    return [failure("token", "the server does not accept the user id and the token", remedy)];
  }
  if (user.id !== account.userId) {
    const found = `the token belongs to the user id ${user.id} (@${user.username ?? "?"}), not to ${account.userId}`;
    return [failure("token", found, `Correct ${account.keyPaths.userId} or ${account.keyPaths.pat}`)];
  }
  return [
    ok("token", `the token works for @${user.username ?? user.id}`),
    checkUsername(account, user),
    checkRole(user, "bot", "Rocket.Chat limits it to ten calls a minute of each kind"),
    checkRole(user, "user", "it cannot delete its own messages or renew its token"),
    ...(await attempt("changes", async () => [await checkChanges(rest)])),
    ...(await attempt("files", async () => [await checkFiles(rest)])),
    ...(await attempt("names", () => checkNames(account, rest))),
    ...(await attempt("rooms", async () => checkRooms(account, await fetchJoinedRooms(rest), rest))),
  ];
}

function checkUsername(account: AccountSettings, user: OwnUserFacts): Check {
  if (user.username === account.username) return ok("username", `mentions of @${account.username} are heard`);
  const remedy = `Set ${account.keyPaths.username} to ${user.username ?? "the bot user's name"}`;
  return failure("username", `configured is @${account.username}, the token is @${user.username}'s`, remedy);
}

function checkRole(user: OwnUserFacts, role: string, cost: string): Check {
  const id = `role-${role}`;
  if (user.roles.includes(role)) return ok(id, `has the role \`${role}\``);
  const remedy = `Add it under Administration > Workspace > Users > @${user.username} > Edit`;
  return warning(id, `lacks the role \`${role}\`: ${cost}`, remedy);
}

/** Whether the workspace lets people, and so the bot user, change what they wrote. */
async function checkChanges(rest: RestClient): Promise<Check> {
  const asked = ["Message_AllowEditing", "Message_AllowDeleting"].map(async (id) =>
    (await fetchPublicSetting(rest, id).catch(() => undefined)) === false ? [id] : [],
  );
  const off = (await Promise.all(asked)).flat().join(", ");
  if (off === "") return ok("changes", "the workspace allows editing and deleting messages");
  const remedy =
    "Turn it on under Administration > Workspace > Settings > Message, if the agent should do that";
  return warning("changes", `${off} is off: the agent cannot do that to its messages`, remedy);
}

/** Whether the workspace takes files from the bot user; what it does not publish is not known to be refused. */
async function checkFiles(rest: RestClient): Promise<Check> {
  const { enabled, enabledInDirect, accepted, maxBytes } = readFileRules(
    await fetchPublicSettings(rest, FILE_SETTINGS),
  );
  const place = "under Administration > Workspace > Settings > File Upload";
  const remedy = `Turn it on ${place}, if the agent should send and read files`;
  if (!enabled)
    return warning("files", "file uploads are turned off: the agent can neither send nor get files", remedy);
  if (!enabledInDirect) return warning("files", "file uploads are turned off in direct messages", remedy);
  if (accepted.length > 0) {
    const found = `the workspace takes only files of these types: ${accepted.join(", ")}`;
    return warning(
      "files",
      found,
      `Add the types that the agent should send to Accepted Media Types ${place}`,
    );
  }
  const limit = maxBytes === undefined ? "" : `, up to ${Math.floor(maxBytes / 1024)} KB each`;
  return ok("files", `the bot user may send files${limit}`);
}

/** Each name that was looked up: what it means, and whether that is still called so. */
async function checkNames(account: AccountSettings, rest: RestClient): Promise<Check[]> {
  const wanted = new Set(listNames(account).map(({ key }) => key));
  const pins = openNamePins(account)
    .list()
    .filter(({ key }) => wanted.has(key));
  return Promise.all(pins.map((pin) => checkName(rest, pin)));
}

async function checkName(rest: RestClient, pin: NamePin): Promise<Check> {
  const name = nameOfPin(pin);
  const { id, key } = pin;
  const isRoom = key.startsWith("#");
  const now = isRoom ? (await fetchRoom(rest, id))?.name : (await findUser(rest, { userId: id }))?.username;
  const bare = name.replace(/^[@#]/, "");
  if (now === bare || id === bare) return ok("name", `${name} is ${id}`);
  const state = now === undefined ? "which the server does not show" : `now called ${now}`;
  const found = `${name} means the ${isRoom ? "room" : "user"} ${id}, ${state}`;
  const remedy = `List the id. If another is meant: \`openclaw rocketchat names --forget NAME\`, and restart`;
  return warning("name", found, remedy);
}

/** Each served room: whether the bot is in it, and may write there; and the rooms that it is in for nothing. */
async function checkRooms(
  written: AccountSettings,
  joined: readonly RoomFacts[],
  rest: RestClient,
): Promise<Check[]> {
  // A name means the room that it meant first, whatever that is called by now.
  const account = { ...written, rooms: withIds(written, openNamePins(written).read()).rooms };
  const rooms = joined.filter(({ type }) => type !== "d");
  const unlisted = rooms.filter((room) => judgeRoom(account, room) === "unserved");
  const checks = unlisted.length === 0 ? [] : [checkUnlisted(account, unlisted)];
  const served = [...account.rooms].filter(([key, { enabled }]) => key !== "*" && enabled !== false);
  if (served.length === 0 && account.groupPolicy === "allowlist" && !account.rooms.has("*")) {
    const remedy = "Add room ids or names under `rooms`, if the agent should answer in rooms";
    checks.push(warning("rooms", "no room is served", remedy));
  }
  for (const [key] of served)
    checks.push(...(await attempt("room", async () => [await checkRoom(account, { key, rooms, rest })])));
  return checks;
}

function checkUnlisted(account: AccountSettings, rooms: readonly RoomFacts[]): Check {
  const names = rooms.map((room) => `#${nameOf(room)}`).join(", ");
  const found = `the bot user is in ${names}, which ${account.keyPaths.account} does not list under rooms: messages there are ignored`;
  return warning(
    "unlisted",
    found,
    "Add the rooms it should serve under `rooms`; remove the bot user from the others",
  );
}

async function checkRoom(
  account: AccountSettings,
  {
    key,
    rooms,
    rest,
  }: { readonly key: string; readonly rooms: readonly RoomFacts[]; readonly rest: RestClient },
): Promise<Check> {
  const room = rooms.find((one) => findRoomKey([key], one) !== undefined);
  if (room !== undefined) return checkPosting(room, await fetchRoomState(rest, room.id), account);
  const remedy = "Invite the bot user to it, or correct the key under `rooms`";
  return failure("room", `${key}: the bot user is in no such room`, remedy);
}

/** Who was sent a code and waits for it to be approved. */
async function checkWaiting(account: AccountSettings, port: DoctorPort): Promise<Check[]> {
  const waiting = await port.readWaiting(account.accountId);
  if (waiting.length === 0) return [];
  const rest = openImpatientClient(account);
  const people = waiting.map(async ({ userId, code }) => {
    const user = await findUser(rest, { userId }).catch(() => undefined);
    return `@${user?.username ?? userId} with the code ${code}`;
  });
  const found = `waiting to be let in: ${(await Promise.all(people)).join(", ")}`;
  return [
    warning("pairing", found, "Approve the people you know: `openclaw pairing approve rocketchat CODE`"),
  ];
}

function checkSwitch({ enabled, keyPaths }: AccountSettings): Check[] {
  if (enabled) return [];
  return [
    warning("enabled", `${keyPaths.account} is switched off`, "Remove `enabled: false` there or at the root"),
  ];
}

/** Whether the bot user may write in a room. */
export function checkPosting(room: RoomFacts, state: RoomState, account: AccountSettings): Check {
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

function checkPolicies(cfg: OpenClawConfig, account: AccountSettings): Check[] {
  const place = (key: string) => placeOf(cfg, account.accountId, key);
  return [
    account.dmPolicy === "open"
      ? warning(
          "dm-policy",
          "everybody on the server may write to the agent",
          `Set ${place("dmPolicy")} to "pairing" or "allowlist"`,
        )
      : ok("dm-policy", `direct messages: ${account.dmPolicy}`),
    account.groupPolicy === "open"
      ? warning(
          "group-policy",
          "every room that the bot is in is served",
          `Set ${place("groupPolicy")} to "allowlist" and list the rooms`,
        )
      : ok("group-policy", `rooms: ${account.groupPolicy}`),
    ...findConcerns(account, { visibleReplies: undefined })
      .filter(({ id }) => SILENCING.has(id))
      .map(({ detail, remediation }) => warning("lists", detail, remediation)),
  ];
}

/** Lists that shut out more than their author may have meant. */
const SILENCING: ReadonlySet<string> = new Set(["nobody-listed", "nobody-operates"]);

/** Under `message_tool` an answer stays private unless the agent uses the message tool: the bot seems silent. */
export function checkGroupReplies(cfg: OpenClawConfig): Check {
  const mode = cfg.messages?.groupChat?.visibleReplies ?? cfg.messages?.visibleReplies ?? "automatic";
  if (mode === "automatic") return ok("group-replies", "answers in rooms are posted");
  return warning(
    "group-replies",
    `messages.groupChat.visibleReplies is ${mode}: in rooms the agent speaks only through its message tool`,
    `Set messages.groupChat.visibleReplies to "automatic" if ${CHANNEL_ID} seems silent in rooms`,
  );
}
