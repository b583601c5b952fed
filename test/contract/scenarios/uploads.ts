// Owns the scenarios about what is sent as a file: captions, pictures, sounds, confirmations, refusals.
import type { Actor } from "../actor.ts";
import { muting, type Sent, sendFile, withSetting } from "../errands.ts";
import { jpeg, type MadeFile, mp3, note, png, wav } from "../made-files.ts";
import { at, isObject, textAt } from "../recording/json.ts";
import type { Scenario } from "../scenario.ts";

const GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const WEBP = "UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA";
const LONG_TEXT = "word ".repeat(1100);

export const uploadThreadCaption: Scenario = {
  name: "upload-thread-caption",
  about:
    "Files with captions: text, description, both, in a thread, with a mention; what others get; reading back",
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    const { id: rid } = await stage.createRoom({ members: [bot, bob], name: "caption" });
    await bot.listen({ rooms: [rid] });
    await alice.listen({ rooms: [rid], user: ["notification"] });
    const { id: tmid } = await alice.say(rid, "send me the files here");
    const send = (fields: Parameters<typeof sendFile>[3], file = note(), who = bot) =>
      sendFile(who, rid, file, fields);
    const dot = png(64, 48);
    await stage.phase("text only");
    await send({ msg: "the text" });
    await stage.phase("description only");
    await send({ description: "the description" });
    await stage.phase("text and description with marks and a mention");
    const both = await send({ msg: "*bold* for @alice", description: "_it_ is `code` for @bob" });
    await stage.phase("empty text and description");
    await send({ msg: "", description: "" });
    await stage.phase("in the thread, text");
    await send({ msg: "in the thread", tmid });
    await stage.phase("in the thread, description");
    const inThread = await send({ description: "a picture in the thread", tmid }, dot);
    await stage.parts({
      "in the thread, naming alice": () => send({ msg: "for @alice", description: "again", tmid }, dot),
      "bob answers the file in the thread with a file": () =>
        send({ msg: "@labbot mine", tmid }, note(), bob),
      "bob opens a thread on the file message": async () => {
        if (both) await bob.say(rid, "about this file", { tmid: both.id });
      },
      "into a thread that does not exist": () => send({ msg: "x", tmid: "nosuchmessage2345" }),
      "thread reply shown in the room": () => send({ msg: "x", tmid, tshow: true }),
      "a key nobody knows": () => send({ msg: "x", bogus: "y" }),
      "alias and emoji": () => send({ msg: "x", alias: "Robot", emoji: ":robot:" }),
      "another file name at the confirmation": () => send({ msg: "x", fileName: "other name.txt" }),
      "text too long": () => send({ msg: LONG_TEXT }),
      "description too long": () => send({ description: LONG_TEXT }),
      "reading back": async () => {
        await bot.get("chat.getThreadMessages", { tmid });
        if (inThread) await bot.get("chat.getMessage", { msgId: inThread.id });
        await alice.get("subscriptions.getOne", { roomId: rid });
        await bot.get("groups.files", { roomId: rid, count: 3, sort: '{"uploadedAt":-1}' });
      },
    });
  },
};

export const uploadConfirmTwice: Scenario = {
  name: "upload-confirm-twice",
  about: "Uploads in two steps: confirmed twice, in turned order, never, after a delete, after leaving",
  async play(stage) {
    const { bot, alice, bob } = stage;
    await stage.phase("setup");
    const room = await stage.createRoom({ members: [bot, bob], name: "confirm" });
    const other = await stage.createRoom({ members: [bot], name: "confirm-other" });
    await alice.listen({ rooms: [room.id, other.id] });
    const media = async (name: string) => {
      const form = [{ name: "file", ...note("hello file\n", name) }];
      return at((await bot.rest("POST", `rooms.media/${room.id}`, { form })).body, "file");
    };
    const confirm = async (file: Awaited<ReturnType<typeof media>>, body: { [key: string]: string }) =>
      (await bot.post(`rooms.mediaConfirm/${room.id}/${textAt(file, "_id") ?? "missing"}`, body)).body;
    await stage.phase("first step");
    const file = await media("one.txt");
    if (!file) {
      for (const n of [1, 2]) {
        await stage.phase(`old way, the same file, ${n}`);
        await sendFile(bot, room.id, note("hello file\n", "one.txt"), { msg: `time ${n}` });
      }
      return;
    }
    const url = textAt(file, "url") ?? "/missing";
    await stage.phase("fetched before it is confirmed");
    await bot.get(url);
    await bob.get(url);
    await bot.get("groups.files", { roomId: room.id });
    await stage.phase("confirmed");
    const one = textAt(await confirm(file, { msg: "time 1", description: "first" }), "message", "_id");
    await stage.phase("confirmed again with other text");
    const two = textAt(await confirm(file, { msg: "time 2", description: "second" }), "message", "_id");
    await stage.parts({
      "what both messages hold": async () => {
        for (const msgId of [one, two]) if (msgId !== undefined) await bot.get("chat.getMessage", { msgId });
        await bot.get("groups.history", { roomId: room.id, count: 5 });
        await bot.get("groups.files", { roomId: room.id });
      },
      "one of the two deleted": async () => {
        if (one !== undefined) await bot.erase(room.id, one);
        await stage.settle();
        await bot.get(url);
      },
      "confirmed after the delete": () => confirm(file, { msg: "time 3" }),
      "two files, the second confirmed first": async () => {
        const [a, b] = [await media("a.txt"), await media("b.txt")];
        await confirm(b, { msg: "b" });
        await confirm(a, { msg: "a" });
      },
      "empty body, no body": async () => {
        await confirm(await media("c.txt"), {});
        const d = textAt(await media("d.txt"), "_id") ?? "missing";
        await bot.rest("POST", `rooms.mediaConfirm/${room.id}/${d}`);
      },
      "the bot left the room in between": async () => {
        const e = await media("e.txt");
        await alice.post("groups.kick", { roomId: room.id, userId: bot.userId });
        await stage.settle();
        await confirm(e, { msg: "too late" });
        await bot.get(textAt(e, "url") ?? "/missing");
      },
    });
  },
};

export const uploadImageThumbnails: Scenario = {
  name: "upload-image-thumbnails",
  about: "Pictures with and without thumbnails, turned, cut off, misnamed; fetching both sizes; deleting",
  needsAdmin: true,
  async play(stage) {
    const { bot, alice } = stage;
    await stage.phase("setup");
    const { id: rid } = await stage.createRoom({ members: [bot], name: "thumbs" });
    await bot.listen({ rooms: [rid], events: ["deleteMessage"] });
    const send = (file: MadeFile) => sendFile(bot, rid, file);
    const large = png(800, 600, "large.png");
    await stage.phase("small PNG");
    const small = await sendFile(alice, rid, png(64, 48), { msg: "small" });
    await stage.phase("its files");
    await fetchAll(bot, small);
    await stage.phase("larger PNG");
    const words = { msg: "large", description: "eight by six" };
    const larger = await sendFile(alice, rid, large, words);
    await stage.phase("files of the larger PNG");
    await fetchAll(bot, larger);
    await stage.phase("larger JPEG by the bot");
    const photo = await sendFile(bot, rid, jpeg(), { description: "a photo" });
    await stage.phase("files of the JPEG");
    await fetchAll(bot, photo);
    await stage.phase("JPEG that says it is turned");
    const turned = await send(jpeg({ orientation: 6, filename: "turned photo.jpeg" }));
    await stage.phase("files of the turned JPEG");
    await fetchAll(bot, turned);
    await stage.parts({
      "exactly as wide as a thumbnail": () => send(png(480, 360, "exact.png")),
      "wide and low": () => send(png(960, 20, "wide.png")),
      "JPEG under a PNG's name and type": () => send(jpeg({ filename: "wrong.png", type: "image/png" })),
      "GIF and WebP by type only": async () => {
        await send({ filename: "x.gif", type: "image/gif", bytes: Buffer.from(GIF, "base64") });
        await send({ filename: "x.webp", type: "image/webp", bytes: Buffer.from(WEBP, "base64") });
      },
      "picture cut off": () => send(jpeg({ filename: "cut.jpg", bytes: jpeg().bytes.subarray(0, 600) })),
    });
    await stage.phase("thumbnails off");
    const restore = await withSetting(stage, "Message_Attachments_Thumbnails_Enabled", false);
    await stage.parts({
      "larger PNG without thumbnail": () => sendFile(alice, rid, large, { msg: "large" }),
      "thumbnails on": restore,
      "the message with the thumbnail deleted": async () => {
        if (!larger) return;
        await alice.erase(rid, larger.id);
        await stage.settle();
        await fetchAll(bot, larger);
      },
      "files of the room": () => bot.get("groups.files", { roomId: rid, sort: '{"uploadedAt":1}' }),
    });
  },
};

/** Every file of a message, then what its attachment points to. */
async function fetchAll(who: Actor, sent: Sent | undefined): Promise<void> {
  const files = at(sent?.message, "files");
  for (const file of Array.isArray(files) ? files : []) {
    if (!isObject(file)) continue;
    await who.get(`/file-upload/${textAt(file, "_id")}/${encodeURIComponent(textAt(file, "name") ?? "")}`);
  }
  for (const key of ["image_url", "title_link"]) {
    const url = textAt(sent?.message, "attachments", 0, key);
    if (url) await who.get(url);
  }
}

export const uploadAudio: Scenario = {
  name: "upload-audio",
  about:
    "Sounds and films: WAV, MP3, voice message types, by a wrong type and by none; fetched whole and in part",
  async play(stage) {
    const { bot, alice } = stage;
    await stage.phase("setup");
    const { id: rid } = await stage.createRoom({ members: [bot], name: "audio" });
    await bot.listen({ rooms: [rid] });
    const { id: tmid } = await alice.say(rid, "listen to this");
    const send = (file: MadeFile, fields = {}) => sendFile(bot, rid, file, fields);
    await stage.phase("alice sends a WAV");
    const tone = await sendFile(alice, rid, wav("audio/wav"), { msg: "a tone", description: "400 Hz" });
    const path =
      textAt(tone?.message, "attachments", 0, "audio_url") ??
      textAt(tone?.message, "attachments", 0, "title_link");
    const film = { filename: "clip.mp4", type: "video/mp4", bytes: Buffer.alloc(64, 1) };
    await stage.parts({
      "bot fetches it": async () => {
        if (path === undefined) return;
        await bot.get(path);
        for (const range of ["bytes=0-99", "bytes=800-"])
          await bot.get(path, undefined, { headers: { range } });
      },
      "bot sends an MP3": () => send(mp3("answer.mp3", "audio/mpeg"), { msg: "spoken" }),
      "bot sends an MP3 into the thread, without text": () => send(mp3("answer.mp3", "audio/mpeg"), { tmid }),
      "voice message as the web client sends it": () =>
        sendFile(alice, rid, mp3("Audio record.mp3", "audio/mp3")),
      "types by name": async () => {
        await send(mp3("a.ogg", "audio/ogg"));
        await send(mp3("a.m4a", "audio/mp4"));
        await send(mp3("a.webm", "audio/webm"));
        await send(mp3("a.opus", "audio/ogg; codecs=opus"));
      },
      "a WAV as application/octet-stream": () => send(wav("application/octet-stream")),
      "a WAV as text": () => send(wav("text/plain")),
      "a WAV without a type": () => send(wav("")),
      video: () => send(film, { msg: "a film", description: "no film in truth" }),
      "reading back": async () => {
        if (tone) await bot.get("chat.getMessage", { msgId: tone.id });
        await bot.get("groups.files", { roomId: rid, sort: '{"uploadedAt":1}' });
      },
    });
  },
};

export const uploadRefused: Scenario = {
  name: "upload-refused",
  about:
    "Refused uploads: too large, refused type, off, empty, no member, read-only, muted, archived, no login",
  needsAdmin: true,
  async play(stage) {
    const { bot, alice, mallory } = stage;
    await stage.phase("setup");
    const room = await stage.createRoom({ members: [bot], name: "refused" });
    const open = await stage.createRoom({ type: "c", members: [], name: "refused-open" });
    const direct = await stage.openDirect(alice, bot);
    await bot.listen({ rooms: [room.id] });
    const mute = muting(stage, room);
    const send = (msg: string, file = note(), rid = room.id, who = bot) => sendFile(who, rid, file, { msg });
    const big = note("x".repeat(2000), "big.txt");
    const both = async (options: Parameters<Actor["rest"]>[2]) => {
      for (const way of ["media", "upload"]) await bot.rest("POST", `rooms.${way}/${room.id}`, options);
    };
    let restore = async () => {};
    const during = async (name: string, id: string, value: number | string | boolean) => {
      await stage.phase(name);
      restore = await withSetting(stage, id, value);
    };
    await during("at most 100 bytes", "FileUpload_MaxFileSize", 100);
    await stage.parts({
      "too large": () => send("big", big),
      "exactly the limit, one more": async () => {
        await send("limit", note("x".repeat(100)));
        await send("limit and one", note("x".repeat(101)));
      },
      "any size again": () => restore(),
      "large again": () => send("big", big),
      "a type refused by default": () =>
        sendFile(bot, room.id, {
          filename: "x.svg",
          type: "image/svg+xml",
          bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
        }),
    });
    await during("text refused", "FileUpload_MediaTypeBlackList", "image/svg+xml,text/plain");
    await stage.parts({ "text accepted again": () => restore() });
    await during("uploads off", "FileUpload_Enabled", false);
    await stage.parts({ "an upload while they are off": () => send("off"), "uploads on": () => restore() });
    await during("uploads off in direct messages", "FileUpload_Enabled_Direct", false);
    await stage.parts({
      "an upload into a direct message": () => send("off", note(), direct),
      "on again in direct messages": () => restore(),
      "empty file": () => send("empty", note("")),
      "empty file name": () => send("no name", note("hello file\n", "")),
      "private room of which he is no member": () => send("in", note(), room.id, mallory),
      "public channel of which he is no member": () => send("in", note(), open.id, mallory),
      "unknown room": () => send("x", note(), "nosuchroom2345678"),
      "not logged in": () => both({ form: [{ name: "file", ...note() }], login: "none" }),
      "no multipart": () => both({ body: { file: "x" } }),
      "two files at once": () => {
        const form = [note(), note("hello file\n", "second.txt")].map((file) => ({ name: "file", ...file }));
        return both({ form });
      },
      muted: async () => {
        await mute("labbot");
        await stage.settle();
        await send("muted");
        await stage.settle();
        await mute("labbot", false);
      },
      "read-only": async () => {
        await alice.post("groups.setReadOnly", { roomId: room.id, readOnly: true });
        await stage.settle();
        await send("read-only");
        await alice.post("groups.setReadOnly", { roomId: room.id, readOnly: false });
      },
      archived: async () => {
        await alice.post("groups.archive", { roomId: room.id });
        await stage.settle();
        await send("archived");
      },
    });
  },
};
