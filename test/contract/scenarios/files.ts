// Owns the scenarios about files: uploads of every sort, downloads by every sort of login.
import { type Actor, type Message, messageOf } from "../actor.ts";
import { textAt } from "../recording/json.ts";
import type { Scenario } from "../scenario.ts";
import type { FilePart } from "../wire.ts";

type File = Omit<FilePart, "name">;
interface Words {
  msg?: string;
  description?: string;
  tmid?: string;
}

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
/** A sound without a single sample: the two headers only. */
const WAV = Buffer.concat([
  Buffer.from("RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0", "latin1"),
  Buffer.from("\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0", "latin1"),
]);
const DOT: File = { filename: "dot.png", type: "image/png", bytes: PNG };
const NOTE: File = { filename: "note.txt", type: "text/plain", bytes: Buffer.from("hello file\n") };
const ONE_BYTE: File = { filename: "x.txt", type: "text/plain", bytes: Buffer.from("x") };

/** Uploads in two calls as 8.x has it, or, where that is refused, in one as 6.5 has it. */
async function upload(who: Actor, rid: string, file: File, words: Words = {}): Promise<Message> {
  const part = { name: "file", ...file };
  const media = await who.rest("POST", `rooms.media/${rid}`, { form: [part] });
  const fileId = textAt(media.body, "file", "_id");
  if (fileId !== undefined)
    return messageOf(await who.post(`rooms.mediaConfirm/${rid}/${fileId}`, { ...words }));
  const fields = Object.entries(words).map(([name, value]) => ({ name, value }));
  return messageOf(await who.rest("POST", `rooms.upload/${rid}`, { form: [part, ...fields] }));
}

export const uploadText: Scenario = {
  name: "upload-text",
  about: "Files by the bot and to the bot: in a thread, empty, oddly named, refused",
  async play(stage) {
    const { bot, alice, mallory } = stage;
    await stage.phase("setup");
    await bot.listen();
    const { id: rid } = await stage.createRoom({ members: [bot], name: "upload" });
    const { id: tmid } = await alice.say(rid, "parent");
    const both = async (form: FilePart | { name: string; value: string }) => {
      await bot.rest("POST", `rooms.media/${rid}`, { form: [form] });
      await bot.rest("POST", `rooms.upload/${rid}`, { form: [form] });
    };
    const binary = {
      filename: "data.bin",
      type: "application/octet-stream",
      bytes: Buffer.from([0, 1, 2, 3, 255]),
    };
    const json = { filename: "data.json", type: "application/json", bytes: Buffer.from('{"a":1}') };
    const markdown = { ...NOTE, filename: "from alice.md", type: "text/markdown" };
    await stage.parts({
      "bot uploads": () => upload(bot, rid, NOTE, { msg: "see file", description: "a note" }),
      "bot uploads into a thread": () => upload(bot, rid, NOTE, { msg: "in the thread", tmid }),
      "bot uploads without text": () => upload(bot, rid, NOTE),
      "alice uploads": () => upload(alice, rid, markdown, { msg: "look @labbot" }),
      "odd file name": () => upload(bot, rid, { ...NOTE, filename: "ä b&c #1?.txt" }),
      binary: () => upload(bot, rid, binary),
      "JSON file": () => upload(bot, rid, json),
      "empty file": () => upload(bot, rid, { ...NOTE, bytes: Buffer.alloc(0) }),
      outsider: () => upload(mallory, rid, NOTE),
      "unknown room": () => upload(bot, "nosuchroom2345678", NOTE),
      "wrong field name": () => both({ name: "upload", ...ONE_BYTE }),
      "no file": () => both({ name: "msg", value: "x" }),
      "confirm an unknown file": () => bot.post(`rooms.mediaConfirm/${rid}/nosuchfile2345678`, { msg: "x" }),
      "files of the room": () => bot.get("groups.files", { roomId: rid }),
    });
  },
};

export const uploadImage: Scenario = {
  name: "upload-image",
  about: "Images, a broken one, a sound, a video; one confirmed twice; a file whose message is deleted",
  async play(stage) {
    const { bot, alice } = stage;
    await stage.phase("setup");
    const { id: rid } = await stage.createRoom({ members: [bot], name: "image" });
    await bot.listen({ rooms: [rid], events: ["deleteMessage"] });
    await stage.phase("alice uploads an image");
    const hers = await upload(alice, rid, DOT, { msg: "a picture", description: "one dot" });
    await stage.phase("bot uploads an image");
    const its = await upload(bot, rid, DOT);
    const broken = { ...DOT, filename: "broken.png", bytes: Buffer.from("no png at all") };
    const byName = { filename: "named.png", type: "application/octet-stream", bytes: PNG };
    const video = { filename: "clip.mp4", type: "video/mp4", bytes: Buffer.from("no video") };
    await stage.parts({
      "broken image": () => upload(bot, rid, broken),
      "image by name only": () => upload(bot, rid, byName),
      sound: () => upload(bot, rid, { filename: "beep.wav", type: "audio/wav", bytes: WAV }),
      video: () => upload(bot, rid, video),
      "confirm twice": async () => {
        const form = [{ name: "file", ...DOT, filename: "twice.png" }];
        const fileId = textAt((await bot.rest("POST", `rooms.media/${rid}`, { form })).body, "file", "_id");
        if (fileId === undefined) return;
        for (const msg of ["one", "two"]) await bot.post(`rooms.mediaConfirm/${rid}/${fileId}`, { msg });
      },
      "reading it back": () => bot.get("chat.getMessage", { msgId: hers.id }),
      "delete the message with the image": async () => {
        await bot.erase(rid, its.id);
        await stage.settle();
        await bot.rest("GET", `/file-upload/${its.fileId}/dot.png`);
      },
    });
  },
};

export const download: Scenario = {
  name: "download",
  about: "Fetching a file with each sort of login and with none, by a wrong name, in part, after leaving",
  async play(stage) {
    const { bot, alice, mallory } = stage;
    await stage.phase("setup");
    const { id: roomId } = await stage.createRoom({ members: [bot], name: "download" });
    const note = await upload(alice, roomId, NOTE, { msg: "see" });
    const dot = await upload(alice, roomId, DOT);
    const path = `/file-upload/${note.fileId}/note.txt`;
    const [rc_uid, rc_token] = [bot.userId, bot.token];
    const anonymous = { login: "none" as const };
    const withHeaders = (headers: Record<string, string>) =>
      bot.get(path, undefined, { ...anonymous, headers });
    await stage.parts({
      "headers, personal access token": () => bot.get(path),
      "headers, login token": () => bot.get(path, undefined, { login: "token" }),
      "no login": () => bot.get(path, undefined, anonymous),
      "bad token": () => bot.get(path, undefined, { login: { authToken: "bad", userId: bot.userId } }),
      outsider: () => mallory.get(path),
      cookie: () => withHeaders({ cookie: `rc_uid=${rc_uid}; rc_token=${rc_token}` }),
      query: () => bot.get(path, { rc_uid, rc_token }, anonymous),
      "room in the query": () =>
        bot.get(path, { rc_uid, rc_token, rc_rid: roomId, rc_room_type: "p" }, anonymous),
      "Authorization header": () => withHeaders({ authorization: `Bearer ${rc_token}` }),
      "download query": () => bot.get(path, { download: "" }),
      range: () => bot.get(path, undefined, { headers: { range: "bytes=0-3" } }),
      HEAD: () => bot.rest("HEAD", path),
      "another name": () => bot.get(`/file-upload/${note.fileId}/other.txt`),
      "no name": () => bot.get(`/file-upload/${note.fileId}`),
      "unknown file": () => bot.get("/file-upload/nosuchfile2345678/x.txt"),
      image: () => bot.get(`/file-upload/${dot.fileId}/dot.png`),
      "ufs address": () => bot.get(`/ufs/GridFS:Uploads/${note.fileId}/note.txt`),
      avatar: async () => {
        await bot.get("/avatar/alice");
        await bot.get("/avatar/alice", undefined, anonymous);
      },
      "after leaving the room": async () => {
        await bot.post("groups.leave", { roomId });
        await bot.get(path);
      },
    });
  },
};
