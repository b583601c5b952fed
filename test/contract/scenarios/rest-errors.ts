// Owns the scenario about REST calls that fail whatever they ask for: logins, endpoints, verbs, bodies, rate limits.
import type { Actor, Login } from "../actor.ts";
import type { Scenario } from "../scenario.ts";

const CALLS_OVER_THE_LIMIT = 12;

export const restErrors: Scenario = {
  name: "rest-errors",
  about: "REST calls without a login, to no endpoint, with a broken body, and too many of them",
  alone: true,
  async play(stage) {
    const { bot, alice } = stage;
    const me = (login: Login) => () => bot.get("me", undefined, { login });
    const raw = (text: string, type?: string) =>
      bot.rest("POST", "chat.postMessage", { raw: text, ...(type && { headers: { "content-type": type } }) });
    const manyCalls = async (who: Actor) => {
      for (let i = 0; i < CALLS_OVER_THE_LIMIT; i++)
        await who.get("channels.info", { roomName: "no-such-room" });
    };
    await stage.parts({
      "no login": async () => {
        await me("none")();
        await bot.post("chat.postMessage", { roomId: "x", text: "x" }, { login: "none" });
      },
      "bad token": me({ authToken: "bad", userId: bot.userId }),
      "bad user id": me({ authToken: bot.token, userId: "nosuchuser2345678" }),
      "token of another user": me({ authToken: bot.token, userId: alice.userId }),
      "token only": me({ authToken: bot.token }),
      "user id only": me({ userId: bot.userId }),
      "Authorization header": () =>
        bot.get("me", undefined, { login: "none", headers: { authorization: `Bearer ${bot.token}` } }),
      "unknown endpoint": async () => {
        await bot.get("no.such.endpoint");
        await bot.post("no.such.endpoint", { a: 1 });
        await bot.get("/api/v2/me");
        await bot.get("/api/");
      },
      "wrong verb": async () => {
        await bot.get("chat.postMessage");
        await bot.post("me", {});
        await bot.rest("DELETE", "me");
        await bot.rest("OPTIONS", "me");
      },
      "malformed JSON": async () => {
        await raw('{"roomId":');
        await bot.rest("POST", "chat.sendMessage", { raw: "not json" });
      },
      "JSON that is no object": async () => {
        for (const text of ["[]", '"x"', "null"]) await raw(text);
      },
      "empty body": () => raw(""),
      "wrong content type": async () => {
        await raw('{"channel":"#no-such-channel","text":"x"}', "text/plain");
        await raw("channel=%23no-such-channel&text=x", "application/x-www-form-urlencoded");
      },
      "trailing slash and case": async () => {
        await bot.get("me/");
        await bot.get("ME");
      },
      "twelve calls by a plain user": () => {
        alice.changeAddress();
        stage.keepAddresses();
        return manyCalls(alice);
      },
      "another endpoint by the same user": () => alice.get("users.info", { username: "labbot" }),
      "twelve calls by the bot": () => manyCalls(bot),
    });
  },
};
