// Owns the questions of the wizard: each value is tried on the server at once, and a failure says what to do.

import type { OpenClawConfig } from "openclaw/plugin-sdk/setup";
import type { RoomFacts } from "../../../facts/room.ts";
import { findRoomKey } from "../../../policy/names.ts";
import type { OwnUserFacts } from "../../../rest/auth.ts";
import type { AccountSettings, RoomSettings } from "../../../settings.ts";
import { inspectAccount } from "../../config/account.ts";
import { canonicalAddress, judgeAddress, judgeCredential, judgeUsername } from "../../config/faults.ts";
import { nameOf, probeServer, probeToken } from "../probe.ts";
import { judgeRoom } from "../provision.ts";
import { type Draft, patch, tell } from "./draft.ts";

/** Asks for the address until a Rocket.Chat answers there, or the person keeps one that does not answer now. */
export async function askServer(draft: Draft): Promise<OpenClawConfig> {
  const { accountId, prompter } = draft;
  let { cfg } = draft;
  for (;;) {
    const { serverUrl } = inspectAccount(cfg, accountId);
    const answer = await prompter.text({
      message: "Address of the Rocket.Chat server",
      placeholder: "https://chat.example.org",
      ...(serverUrl !== "" && { initialValue: serverUrl }),
      validate: (value) => tell(judgeAddress(value.trim())),
    });
    cfg = moveTo({ cfg, accountId }, canonicalAddress(answer));
    const found = await tryServer({ cfg, accountId, prompter });
    if (found !== undefined) return found;
  }
}

/** The address of the account; what was allowed for an unencrypted one is not taken along to an encrypted one. */
function moveTo({ cfg, accountId }: Pick<Draft, "cfg" | "accountId">, serverUrl: string): OpenClawConfig {
  const before = inspectAccount(cfg, accountId);
  const leaves = before.serverUrl.startsWith("http:") && serverUrl.startsWith("https:");
  const closes = leaves && before.dangerouslyAllowInsecure;
  return patch({ cfg, accountId }, { serverUrl, ...(closes && { dangerouslyAllowInsecure: false }) });
}

/** The configuration with which the server answers; undefined when another address is to be asked for. */
async function tryServer(draft: Draft): Promise<OpenClawConfig | undefined> {
  const { accountId, prompter } = draft;
  let { cfg } = draft;
  const account = () => inspectAccount(cfg, accountId);
  if (account().serverUrl.startsWith("http:") && !account().dangerouslyAllowInsecure) {
    const message =
      "http:// sends the token readable over the network. Allow it, for local development only?";
    if (!(await prompter.confirm({ message, initialValue: false }))) return undefined;
    cfg = patch({ cfg, accountId }, { dangerouslyAllowInsecure: true });
  }
  let probe = await probeServer(account());
  if (probe.kind === "private") {
    const { host } = new URL(account().serverUrl);
    const message = `${host} is on a private network. Is this your Rocket.Chat, and may OpenClaw connect to it?`;
    if (!(await prompter.confirm({ message, initialValue: true }))) return undefined;
    cfg = patch({ cfg, accountId }, { network: { dangerouslyAllowPrivateNetwork: true } });
    probe = await probeServer(account());
  }
  if (probe.kind === "found") {
    await prompter.note(
      `Rocket.Chat ${probe.version ?? "(unknown version)"} answers at ${account().serverUrl}.`,
      "Server",
    );
    return cfg;
  }
  await prompter.note(probe.problem, "Server");
  const keep = await prompter.confirm({ message: "Keep this address anyway?", initialValue: false });
  return keep ? cfg : undefined;
}

interface Checked {
  readonly cfg: OpenClawConfig;
  /** Undefined when the values are kept although the server did not accept them. */
  readonly user: OwnUserFacts | undefined;
  readonly rooms: readonly RoomFacts[];
}

/** Tries user id and token until the server accepts them, or the person keeps them as they are. */
export async function checkToken(draft: Draft, knownToken: string | undefined): Promise<Checked> {
  const { accountId, prompter } = draft;
  let { cfg } = draft;
  let token = knownToken;
  for (;;) {
    const account = withToken(inspectAccount(cfg, accountId), token);
    if (account.pat === "") {
      await prompter.note("The token cannot be read here; the gateway checks it when it starts.", "Token");
      return { cfg, user: undefined, rooms: [] };
    }
    const probe = await probeToken(account);
    if (probe.ok) {
      const { user, rooms } = probe;
      cfg = patch({ cfg, accountId }, { username: nameToKeep(user) ?? account.username });
      return { cfg, user, rooms };
    }
    await prompter.note(probe.problem, "The server does not accept these values");
    const again = await prompter.select<"userId" | "pat" | "keep">({
      message: "What do you want to enter again?",
      options: [
        { value: "userId", label: "The user id" },
        { value: "pat", label: "The personal access token" },
        { value: "keep", label: "Nothing: keep both as they are" },
      ],
    });
    if (again === "keep") return { cfg: await askUsername({ cfg, accountId, prompter }), ...UNCHECKED };
    if (again === "userId") {
      const userId = await prompter.text({ message: "User id of the bot user", validate: checkCredential });
      cfg = patch({ cfg, accountId }, { userId: userId.trim() });
    } else {
      const message = "Personal access token of the bot user";
      token = (await prompter.text({ message, sensitive: true, validate: checkCredential })).trim();
      cfg = patch({ cfg, accountId }, { pat: token });
    }
  }
}

/** The bot user's name, for the configuration: of `$` OpenClaw would make the value of a variable. */
function nameToKeep({ username }: OwnUserFacts): string | undefined {
  if (username === undefined || judgeUsername(username) !== undefined) return undefined;
  return username.includes("$") ? undefined : username;
}

const UNCHECKED = { user: undefined, rooms: [] } as const;

/** The server tells the username when it accepts the token; otherwise somebody has to. */
async function askUsername({ cfg, accountId, prompter }: Draft): Promise<OpenClawConfig> {
  const { username } = inspectAccount(cfg, accountId);
  if (username !== "") return cfg;
  const answer = await prompter.text({
    message: "Username of the bot user, without @",
    validate: (value) => tell(judgeUsername(value.trim())),
  });
  return patch({ cfg, accountId }, { username: answer.trim().replace(/^@/, "") });
}

const checkCredential = (value: string): string | undefined => tell(judgeCredential(value.trim()));

function withToken(account: AccountSettings, token: string | undefined): AccountSettings {
  return token === undefined ? account : { ...account, pat: token, patStatus: "available" };
}

/** Lets the person pick the served rooms among those the bot is in; ids are stored, names only shown. */
export async function askRooms(draft: Draft, rooms: readonly RoomFacts[]): Promise<OpenClawConfig> {
  const { cfg, accountId, prompter } = draft;
  if (rooms.length === 0) {
    await prompter.note(
      "The bot is in no room yet. Invite it to a room and run this again, or use it in direct messages.",
      "Rooms",
    );
    return cfg;
  }
  const account = inspectAccount(cfg, accountId);
  const keyOf = (room: RoomFacts) => findRoomKey(account.rooms.keys(), room);
  const picked = await prompter.multiselect({
    message: "In which rooms may people speak to the agent (by mentioning it)?",
    options: rooms.map(optionOf),
    initialValues: rooms.filter((room) => judgeRoom(account, room) === "served").map(({ id }) => id),
  });
  return patch({ cfg, accountId }, { rooms: pickRooms(account, { rooms, picked, keyOf }) });
}

function optionOf(room: RoomFacts) {
  return { value: room.id, label: `#${nameOf(room)}`, hint: room.type === "c" ? "public" : "private" };
}

/** What a room is restricted by keeps its key; a room that is taken away is switched off where another key serves it. */
function pickRooms(
  account: AccountSettings,
  choice: {
    readonly rooms: readonly RoomFacts[];
    readonly picked: readonly string[];
    readonly keyOf: (room: RoomFacts) => string | undefined;
  },
): Record<string, RoomSettings> {
  const next = new Map(account.rooms);
  for (const room of choice.rooms) {
    const key = choice.keyOf(room);
    const served = judgeRoom(account, room);
    const wanted = choice.picked.includes(room.id);
    if (wanted && served === "unserved") next.set(room.id, {});
    if (wanted && served === "off" && key !== undefined)
      next.set(key, { ...account.rooms.get(key), enabled: true });
    if (!wanted && served === "served" && key !== undefined) next.delete(key);
    if (!wanted && served === "served" && key === undefined) next.set(room.id, { enabled: false });
  }
  return Object.fromEntries(next);
}

export async function sayWhatIsNext({ cfg, accountId, prompter }: Draft, user: OwnUserFacts): Promise<void> {
  const name = nameToKeep(user) ?? inspectAccount(cfg, accountId).username;
  const missing = ["user", "bot"].filter((role) => !user.roles.includes(role));
  const { dmPolicy } = inspectAccount(cfg, accountId);
  const lines = [
    `The token works: the agent is @${name}.`,
    ...missing.map((role) => MISSING_ROLE[role] ?? ""),
    "Start the gateway if it is not running: openclaw gateway run",
    `Open a direct message with @${name} in Rocket.Chat and write: Hello`,
    ...(dmPolicy === "pairing"
      ? [
          "It answers with a pairing code and a command. Run that command, then write again.",
          `In a room: @${name} hello`,
        ]
      : [`In a room: @${name} hello`]),
  ];
  await prompter.note(lines.join("\n"), "First message");
}

const MISSING_ROLE: Readonly<Record<string, string>> = {
  user: "It lacks the role `user`: it cannot delete its own messages or renew its token. Add the role.",
  bot: "It lacks the role `bot`: Rocket.Chat limits it to ten calls a minute of each kind. Add the role.",
};
