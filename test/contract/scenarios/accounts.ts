// Owns the scenarios about accounts: logins, tokens, deactivation, new names, status.
import { type Actor, MISSING } from "../actor.ts";
import { sha256 } from "../credentials.ts";
import type { Json, JsonObject } from "../recording/json.ts";
import type { Scenario } from "../scenario.ts";
import type { DdpSocket } from "../wire.ts";

const roomsGet = (ddp: DdpSocket) => ddp.call("rooms/get", { $date: Date.now() });
const resume = async (actor: Actor, token: Json) => {
  const ddp = await actor.connect();
  await ddp.call("login", { resume: token });
  return ddp;
};
const digest = (password: string) => ({ digest: sha256(password), algorithm: "sha-256" });

export const loginPassword: Scenario = {
  name: "login-password",
  about: "Logins by password over DDP and REST, and a REST logout under an open socket",
  async play(stage) {
    const { alice, mallory } = stage;
    const byPassword = (ddp: DdpSocket, user: JsonObject, password: string) =>
      ddp.call("login", { user, password: digest(password) });
    await stage.phase("DDP, digest");
    await byPassword(await alice.connect(), { username: "alice" }, alice.password);
    await stage.phase("DDP, wrong password");
    const b = await alice.connect();
    await byPassword(b, { username: "alice" }, "wrong");
    let token = "";
    await stage.parts({
      "DDP, unknown user": () => byPassword(b, { username: "no.such.user" }, "wrong"),
      "DDP, by mail address": () => byPassword(b, { email: "alice@example.test" }, alice.password),
      "REST, user and password": async () => {
        token = await mallory.login({ user: "mallory", password: mallory.password });
      },
      "REST, username key": () => mallory.login({ username: "mallory", password: mallory.password }),
      "REST, digest": () => mallory.login({ user: "mallory", password: digest(mallory.password) }),
      "REST, wrong password": () => mallory.login({ user: "mallory", password: "wrong" }),
      "REST, unknown user": () => mallory.login({ user: "no.such.user", password: "wrong" }),
      "REST, no password": () => mallory.login({ user: "mallory" }),
      "REST, empty body": () => mallory.login({}),
      "REST, resume": () => mallory.login({ resume: token }),
      "REST, resume with a bad token": () => mallory.login({ resume: "no-such-token" }),
      "socket with the first token": async () => {
        const c = await resume(mallory, token);
        await c.stream("stream-notify-user", `${mallory.userId}/force_logout`);
      },
    });
    const login = { authToken: token, userId: mallory.userId };
    await stage.parts({
      "REST logout of that token": () => mallory.post("logout", undefined, { login }),
      "the token afterwards": () => mallory.get("me", undefined, { login }),
    });
  },
};

export const loginResume: Scenario = {
  name: "login-resume",
  about: "Logins by token: good, bad, of the wrong type, repeated, pipelined; and the DDP logout",
  async play(stage) {
    const { bot, alice } = stage;
    const good = { resume: bot.token };
    await stage.phase("personal access token");
    const a = await resume(bot, bot.token);
    await stage.parts({
      "the same again on the same socket": () => a.call("login", good),
      "login token": () => resume(alice, alice.token),
    });
    await stage.phase("bad token");
    const c = await resume(bot, "no-such-token");
    await stage.parts({
      "empty token": () => c.call("login", { resume: "" }),
      "token of the wrong type": () => c.call("login", { resume: 12345 }),
      "token null": () => c.call("login", { resume: null }),
      "good token after bad ones": () => c.call("login", good),
    });
    await stage.phase("empty params");
    const d = await bot.connect();
    await d.call("login");
    await stage.parts({
      "empty object": () => d.call("login", {}),
      "unknown login type": () => d.call("login", { magic: true }),
      "pipelined: connect, login and sub in one go": async () => {
        const e = await bot.socket();
        e.send({ msg: "connect", version: "1", support: ["1"] });
        e.send({ msg: "method", method: "login", id: "l1", params: [good] });
        e.send({
          msg: "sub",
          id: "q1",
          name: "stream-notify-user",
          params: [`${bot.userId}/message`, false],
        });
        e.send({ msg: "sub", id: "q2", name: "stream-room-messages", params: ["__my_messages__", false] });
      },
    });
    await stage.phase("six bad logins on one connection");
    const f = await bot.connect();
    for (let i = 0; i < 6; i++) await f.call("login", { resume: "no-such-token" });
    await stage.phase("a good one right after");
    await f.call("login", good);
    await stage.phase("log in by REST for a token of its own");
    const authToken = await alice.login({ user: alice.username, password: alice.password });
    const g = await resume(alice, authToken);
    await g.stream("stream-notify-user", `${alice.userId}/message`);
    await stage.parts({
      "DDP logout": () => g.call("logout"),
      "method after logout": () => g.call("rooms/get"),
      "the token after logout": async () => {
        await g.call("login", { resume: authToken });
        await alice.get("me", undefined, { login: { authToken, userId: alice.userId } });
      },
    });
  },
};

export const patLifecycle: Scenario = {
  name: "pat-lifecycle",
  about: "Personal access tokens: made, listed, renewed and revoked while a socket uses them",
  needsAdmin: true,
  async play(stage) {
    const { alice } = stage;
    await stage.phase("setup");
    const user = await stage.createUser({ label: "patuser", roles: ["user", "bot"] });
    const room = await stage.createRoom({ members: [user], name: "pat" });
    const hears = { user: ["userData", "force_logout"] };
    const make = (body: JsonObject, headers: Record<string, string>) =>
      user.post("users.generatePersonalAccessToken", body, { login: "token", headers });
    const remove = () => {
      const options = { login: "token" as const, headers: user.secondFactor };
      return user.post("users.removePersonalAccessToken", { tokenName: "work" }, options);
    };
    await stage.parts({
      "without the second factor": () => make({ tokenName: "plain" }, {}),
      "with the second factor": async () => {
        user.personalAccessToken = await user.makeToken("work");
      },
      "the same name again": () => user.makeToken("work"),
      "no name": () => make({}, user.secondFactor),
      "wrong second factor": () =>
        make({ tokenName: "bad2fa" }, { ...user.secondFactor, "x-2fa-code": "wrong" }),
      list: () => user.get("users.getPersonalAccessTokens"),
    });
    await stage.phase("use");
    await user.get("me");
    const s = await user.listen(hears);
    const old = user.token;
    let renewed: string | undefined;
    await stage.parts({
      "message before": () => alice.say(room.id, "before"),
      "regenerate while connected": async () => {
        renewed = await user.makeToken("work", "regenerate");
      },
      "message after regenerating": () => alice.say(room.id, "after regenerating"),
      "method on that socket": () => roomsGet(s),
      "old and new token": async () => {
        await user.get("me", undefined, { login: { authToken: old, userId: user.userId } });
        user.personalAccessToken = renewed ?? old;
        await user.get("me");
      },
      "old token over DDP": () => resume(user, old),
    });
    await stage.phase("new token over DDP");
    const n = await user.listen(hears);
    await stage.parts({
      "revoke while connected": remove,
      "message after revoking": () => alice.say(room.id, "after revoking"),
      "method after revoking": () => roomsGet(n),
      "typing after revoking": () =>
        n.call("stream-notify-room", `${room.id}/user-activity`, user.username, ["user-typing"], {}),
      "REST after revoking": async () => {
        await user.get("me");
        await user.write(room.id, "still?");
      },
      "DDP login after revoking": () => resume(user, user.token),
      "revoke what is not there": remove,
      "role bot only": async () => {
        const botOnly = await stage.createUser({ label: "botonly", roles: ["bot"] });
        await botOnly.makeToken("x");
      },
    });
  },
};

export const deactivateUser: Scenario = {
  name: "deactivate-user",
  about: "A connected bot account is deactivated, reactivated, given a new password, deleted",
  needsAdmin: true,
  async play(stage) {
    const { admin, alice } = stage;
    await stage.phase("setup");
    const user = await stage.createUser({ label: "target", roles: ["user", "bot"], token: true });
    const { userId, username } = user;
    const room = await stage.createRoom({ members: [user], name: "deact" });
    const s = await user.listen({ user: ["userData", "force_logout", "subscriptions-changed"] });
    const watcher = await alice.ddp();
    const broadcasts = ["Users:Deleted", "Users:NameChanged", "user-status", "roles-change"];
    for (const event of broadcasts) await watcher.stream("stream-notify-logged", event);
    const byAdmin = (endpoint: string, body: JsonObject) =>
      admin.post(endpoint, body, { headers: admin.secondFactor });
    const setActive = (activeStatus: boolean, more: JsonObject = {}) =>
      byAdmin("users.setActiveStatus", { userId, activeStatus, ...more });
    const logIn = async () => {
      const token = await user.login({ user: username, password: user.password });
      if (token !== MISSING) user.authToken = token;
    };
    await stage.parts({
      deactivate: () => setActive(false, { confirmRelinquish: true }),
      "message after": () => alice.say(room.id, "is anybody there?"),
      "method after": () => roomsGet(s),
      "REST after": async () => {
        await user.get("me");
        await user.write(room.id, "x");
      },
      "DDP login after": () => resume(user, user.token),
      "password login after": logIn,
      "what others see": async () => {
        await alice.get("users.info", { username });
        await alice.post("im.create", { username });
      },
      reactivate: () => setActive(true),
      "the old token after reactivation": async () => {
        await user.get("me");
        await resume(user, user.token);
      },
    });
    const hears = { user: ["userData", "force_logout"] };
    await stage.phase("password login after reactivation");
    await logIn();
    user.personalAccessToken = await user.makeToken("second");
    const t = await user.listen(hears);
    const password = `${user.password}new`;
    stage.redactor.keepSecret(password, "password:target.new");
    await stage.parts({
      "roles changed": () => byAdmin("users.update", { userId, data: { roles: ["user"] } }),
      "password changed by the admin": () => byAdmin("users.update", { userId, data: { password } }),
      "the token after that": async () => {
        await user.get("me");
        await roomsGet(t);
      },
    });
    await stage.phase("fresh login");
    user.password = password;
    await logIn();
    user.personalAccessToken = await user.makeToken("third");
    const v = await user.listen(hears);
    await stage.parts({
      "delete the user": () => byAdmin("users.delete", { userId, confirmRelinquish: true }),
      "method after the deletion": () => roomsGet(v),
      "REST after the deletion": async () => {
        await user.get("me");
        await alice.get("users.info", { username });
      },
    });
  },
};

export const userRename: Scenario = {
  name: "user-rename",
  about: "A connected bot and another user get new user names and display names",
  needsAdmin: true,
  async play(stage) {
    const { admin, alice } = stage;
    await stage.phase("setup");
    const bot = await stage.createUser({ label: "oldname", roles: ["user", "bot"], token: true });
    const talker = await stage.createUser({ label: "talker" });
    const room = await stage.createRoom({ members: [bot, talker], name: "rename" });
    const s = await bot.listen({ rooms: [room.id], user: ["userData", "subscriptions-changed"] });
    await s.stream("stream-notify-logged", "Users:NameChanged");
    const update = ({ userId }: Actor, data: JsonObject) =>
      admin.post("users.update", { userId, data }, { headers: admin.secondFactor });
    const newName = stage.name("newname");
    const typeAs = (name: string) =>
      s.call("stream-notify-room", `${room.id}/user-activity`, name, ["user-typing"], {});
    await stage.parts({
      "mention by the old name": () => alice.say(room.id, `@${bot.username} one`),
      "bot gets a new user name": () => update(bot, { username: newName }),
      "mention by the new name": () => alice.say(room.id, `@${newName} two`),
      "mention by the old name afterwards": () => alice.say(room.id, `@${bot.username} three`),
      "bot types under the old name, then under the new": async () => {
        await typeAs(bot.username);
        await typeAs(newName);
      },
      "bot gets a new display name": () => update(bot, { name: "Another Name" }),
      "bot posts": () => bot.write(room.id, "it is me"),
      "the other user gets a new user name": () => update(talker, { username: stage.name("newtalker") }),
      "the other user speaks": () => talker.say(room.id, "it is me too"),
      "a taken user name": () => update(talker, { username: "alice" }),
    });
  },
};

const TOO_LONG_STATUS = "x".repeat(130);

export const statusPresence: Scenario = {
  name: "status-presence",
  about: "Setting one's status, and what others hear of it",
  alone: true,
  async play(stage) {
    const { bot, alice } = stage;
    await stage.phase("setup");
    const b = await bot.ddp();
    await b.stream("stream-notify-logged", "user-status");
    const set = (who: Actor, body: JsonObject) => who.post("users.setStatus", body);
    await stage.parts({
      "alice busy with text": () => set(alice, { message: "in a meeting", status: "busy" }),
      "alice away": () => set(alice, { message: "", status: "away" }),
      "text only": () => set(alice, { message: "only text" }),
      "status only": () => set(alice, { status: "online" }),
      "bad status": () => set(alice, { message: "x", status: "sleeping" }),
      nothing: () => set(alice, {}),
      "for somebody else": () => set(bot, { message: "x", status: "busy", userId: alice.userId }),
      "text too long": () => set(bot, { message: TOO_LONG_STATUS }),
      "bot busy": async () => {
        await set(bot, { message: "thinking", status: "busy" });
        await bot.get("users.getStatus");
      },
      "bot by DDP": async () => {
        await b.call("setUserStatus", "online", "by DDP");
        await b.call("UserPresence:setDefaultStatus", "online");
        await b.call("UserPresence:online");
        await b.call("UserPresence:away");
      },
      "presence stream": async () => {
        await b.subscribe("stream-user-presence", ["", { added: [alice.userId] }]);
        await set(alice, { message: "seen?", status: "busy" });
      },
      "back to normal": async () => {
        await set(alice, { message: "", status: "online" });
        await set(bot, { message: "", status: "online" });
      },
    });
  },
};
