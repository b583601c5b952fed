// Owns the scenario about who may fetch a file, and how.
import type { CallOptions, Login } from "../actor.ts";
import { sendFile, withSetting } from "../errands.ts";
import { note } from "../made-files.ts";
import type { Scenario } from "../scenario.ts";

const NAMES = ["other.txt", "note.exe", "a/b/note.txt", "", "%2e%2e%2fnote.txt", "n%C3%B6te.txt"];

export const downloadRules: Scenario = {
  name: "download-rules",
  about:
    "Who may fetch a file and how: every login, mixtures, outsiders, methods, names, unprotected, after a delete",
  needsAdmin: true,
  async play(stage) {
    const { bot, alice, bob, mallory } = stage;
    await stage.phase("setup");
    const group = await stage.createRoom({ members: [bot, bob], name: "rules" });
    const channel = await stage.createRoom({ type: "c", members: [bot], name: "rules-open" });
    const direct = await stage.openDirect(alice, bot);
    const file = note("0123456789abcdefghij");
    const [inGroup, inChannel, inDirect] = [
      await sendFile(alice, group.id, file, { msg: "private" }),
      await sendFile(alice, channel.id, file, { msg: "public" }),
      await sendFile(alice, direct, file, { msg: "direct" }),
    ];
    const at = (sent: typeof inGroup, name = "note.txt") => `/file-upload/${sent?.fileId}/${name}`;
    const path = at(inGroup);
    const token = bot.token;
    const query = (who = bot) => ({ rc_uid: who.userId, rc_token: who.token });
    const cookie = (secret = token) => ({ cookie: `rc_uid=${bot.userId}; rc_token=${secret}` });
    const none = (options: CallOptions = {}) => bot.rest("GET", path, { login: "none", ...options });
    const as = (login: Login) => bot.rest("GET", path, { login });
    const wrong = { rc_uid: bot.userId, rc_token: "wrong" };
    let restore = async () => {};
    await stage.parts({
      "each way to log in": async () => {
        await bot.get(path);
        await none({ query: query() });
        await none({ headers: cookie() });
        await none();
      },
      "half of it": async () => {
        await none({ query: { rc_uid: bot.userId } });
        await none({ query: { rc_token: token } });
        await as({ userId: bot.userId });
        await as({ authToken: token });
      },
      "user and token of two users": async () => {
        await as({ userId: alice.userId, authToken: token });
        await none({ query: { rc_uid: bob.userId, rc_token: token } });
      },
      "mixtures: the query wins over cookie and headers?": async () => {
        await bot.get(path, wrong);
        await bot.get(path, undefined, { headers: cookie("wrong") });
        await none({ query: query(), headers: cookie("wrong") });
        await none({ query: wrong, headers: cookie() });
      },
      "one who is no member: private room, public channel, direct message": async () => {
        for (const sent of [inGroup, inChannel, inDirect]) await mallory.get(at(sent));
        for (const sent of [inChannel, inDirect]) await bob.get(at(sent));
      },
      "no member, room named in the query": async () => {
        await none({ query: { ...query(mallory), rc_rid: group.id, rc_room_type: "p" } });
        await none({ query: { rc_rid: group.id, rc_room_type: "l", rc_token: "x" } });
      },
      "HEAD and other methods": async () => {
        await bot.rest("HEAD", path);
        await bot.rest("HEAD", path, { login: "none" });
        await bot.rest("POST", path, { body: {} });
        await bot.rest("DELETE", path);
        await bot.rest("OPTIONS", path);
      },
      "other names": async () => {
        for (const name of NAMES) await bot.get(at(inGroup, name));
      },
      "unknown file, odd ids": async () => {
        await bot.get("/file-upload/nosuchfile2345678/x.txt");
        await bot.get("/file-upload/");
        await bot.get("/file-upload");
        await bot.get(`/file-upload/${inGroup?.fileId}-x/note.txt`);
        await bot.get("/file-upload//note.txt");
      },
      "download, redirect, conditional": async () => {
        await bot.get(path, { download: "" });
        await bot.get(path, { contentDisposition: "inline" });
        await bot.get(path, { replyWithRedirectUrl: "true" });
        const since = { "if-modified-since": "Wed, 01 Jan 2036 00:00:00 GMT" };
        for (const headers of [since, { "accept-encoding": "gzip" }])
          await bot.get(path, undefined, { headers });
      },
      "a public link": () => bot.get("chat.getMessage", { msgId: inGroup?.id }),
      "files unprotected": async () => {
        restore = await withSetting(stage, "FileUpload_ProtectFiles", false);
      },
      "without login while unprotected": async () => {
        await none();
        await mallory.get(path);
      },
      "files protected": () => restore(),
      "without login again": () => none(),
      "bob leaves the room": async () => {
        await bob.post("groups.leave", { roomId: group.id });
        await stage.settle();
        await bob.get(path);
      },
      "the message is deleted": async () => {
        await alice.erase(group.id, inGroup?.id ?? "missing");
        await stage.settle();
        await bot.get(path);
        await bot.rest("HEAD", path);
      },
      "the channel is deleted": async () => {
        await alice.post("channels.delete", { roomId: channel.id });
        await stage.settle();
        await bot.get(at(inChannel));
      },
      "the direct message is deleted": async () => {
        await alice.erase(direct, inDirect?.id ?? "missing");
        await stage.settle();
        await bot.get(at(inDirect));
      },
    });
  },
};
