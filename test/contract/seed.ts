// Owns the people the scenarios need: makes them on a fresh server, and brings them to one common state before a run.
import type { Actor } from "./actor.ts";
import { type Credentials, type Person, secondFactor } from "./credentials.ts";
import { type JsonObject, textAt } from "./recording/json.ts";
import { makePassword, newUserBody, Stage, type Target } from "./stage.ts";
import { bodyOf, callRest } from "./wire.ts";

const DEADLINE_MS = 20_000;

/** How to log in as the administrator of a fresh server. */
export interface Administrator {
  username: string;
  password: string;
}

/**
 * Makes labbot (roles user and bot), alice, bob and mallory, and a personal access token for the bot, by public REST alone.
 * Throws where the server refuses something; the names must be free. A real 8.3 applies its rate limits only after the next
 * start, so restart it before a run that is to be compared.
 */
export async function seed(url: string, administrator: Administrator): Promise<Credentials> {
  const admin = await logIn(url, administrator);
  const make = async (username: string, name: string, ...roles: string[]): Promise<Person> => {
    const password = makePassword();
    const body = newUserBody({ username, name, password, roles, joinDefaultChannels: true });
    await post(url, "users.create", { body, as: admin });
    return logIn(url, { username, password });
  };
  const labbot = await make("labbot", "Lab Bot", "user", "bot");
  const alice = await make("alice", "Alice A", "user");
  const bob = await make("bob", "Bob B", "user");
  const mallory = await make("mallory", "Mallory M", "user");
  const wish = { tokenName: "lab", bypassTwoFactor: true };
  const made = await post(url, "users.generatePersonalAccessToken", { body: wish, as: labbot });
  const personalAccessToken = must(textAt(made, "token"), "users.generatePersonalAccessToken");
  await post(url, "channels.create", { body: { name: "lab-public", members: ["labbot", "bob"] }, as: alice });
  await post(url, "groups.create", { body: { name: "lab-private", members: ["labbot"] }, as: alice });
  return { admin, users: { labbot: { ...labbot, personalAccessToken }, alice, bob, mallory } };
}

/** Sets what scenarios begin with: everybody online without a text, the bot's direct rooms there, that of three not. */
export async function prepare(target: Target): Promise<void> {
  const nothing = { scenario: "prepare", about: "", version: "", timed: false, steps: [] };
  const stage = new Stage(target, nothing);
  const { bot, alice, bob, mallory } = stage;
  for (const actor of [bot, alice, bob, mallory]) await bringOnline(actor);
  const open = (body: JsonObject) => bot.post("im.create", body, { quiet: true });
  for (const { username } of [bot, alice, bob]) await open({ username });
  if (target.credentials.admin) {
    const roomId = textAt((await open({ usernames: "alice,bob" })).body, "room", "_id");
    if (roomId !== undefined) await stage.admin.post("im.delete", { roomId }, { quiet: true });
  }
  await stage.finish();
}

async function bringOnline(actor: Actor): Promise<void> {
  const ddp = await actor.ddp();
  await ddp.call("UserPresence:setDefaultStatus", "online");
  await ddp.call("UserPresence:online");
  await actor.post("users.setStatus", { message: "", status: "online" }, { quiet: true });
  await ddp.close();
}

async function logIn(url: string, { username, password }: Administrator): Promise<Person> {
  const answer = await post(url, "login", { body: { user: username, password } });
  const userId = must(textAt(answer, "data", "userId"), "login");
  const authToken = must(textAt(answer, "data", "authToken"), "login");
  return { username, password, userId, authToken };
}

async function post(
  url: string,
  endpoint: string,
  call: { body: JsonObject; as?: Person },
): Promise<JsonObject> {
  const { body, as } = call;
  const login = as && { "X-Auth-Token": as.authToken, "X-User-Id": as.userId, ...secondFactor(as.password) };
  const answer = await callRest({
    method: "POST",
    url: new URL(`${url}/api/v1/${endpoint}`),
    headers: { "content-type": "application/json", ...login },
    payload: Buffer.from(JSON.stringify(body)),
    deadlineMs: DEADLINE_MS,
  });
  if (answer.status !== 200) {
    const why = textAt(answer.body, "error") ?? answer.failure ?? "";
    throw new Error(`${endpoint} answered ${answer.status} ${why}`.trimEnd());
  }
  return bodyOf(answer);
}

function must(value: string | undefined, endpoint: string): string {
  if (value === undefined) throw new Error(`the answer of ${endpoint} lacks what was asked for`);
  return value;
}
