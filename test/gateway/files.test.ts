import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Message } from "../../emulator/world/documents.ts";
import { jpeg, note, png, wav } from "../contract/made-files.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
let town: string;
let vault: string;
let dm: string;
let workspace: string;

/** OpenClaw transcribes nothing that is smaller. Bytes. */
const TOO_SHORT = 1024;

/** A recording in which the words stand as they are. */
const spoken = (words: string, filename: string) => {
  const { bytes, ...tone } = wav("audio/wav");
  return {
    ...tone,
    filename,
    bytes: Buffer.concat([bytes, Buffer.from(`said: ${words}\0`), Buffer.alloc(TOO_SHORT)]),
  };
};

/** In place of a model that listens: what is said stands in the recording. */
const TRANSCRIBER = {
  type: "cli",
  command: process.execPath,
  args: [
    "-e",
    "console.log(/said: ([\\w ]+)/.exec(require('node:fs').readFileSync(process.argv[1], 'latin1'))[1])",
    "{{AttachmentPath}}",
  ],
  capabilities: ["audio"],
};

beforeAll(async () => {
  stack = await startStack(
    ({ control, userIds }) => {
      town = control.addRoom({ name: "town", type: "c", members: ["alice", "bob", "openclaw-bot"] });
      vault = control.addRoom({ name: "vault", type: "p", members: ["bob", "openclaw-bot"] });
      dm = control.direct(["alice", "openclaw-bot"]);
      return {
        rooms: { [town]: { users: [userIds.alice] } },
        dmPolicy: "open",
        allowFrom: ["*"],
        mediaMaxMb: 1,
      };
    },
    {
      config: {
        tools: { media: { models: [TRANSCRIBER] } },
        messages: { groupChat: { mentionPatterns: ["labby"] } },
      },
    },
  );
  workspace = join(stack.gateway.folder, "workspace");
  mkdirSync(workspace, { recursive: true });
});
afterAll(() => stack?.stop());
beforeEach(() => stack.emulator.faults.clear());

const picture = png(64, 48);

/** The files of the media store, by the beginning of their names. */
function stored(): Map<string, Buffer> {
  const folder = join(stack.gateway.folder, "state", "media", "inbound");
  return new Map(
    readdirSync(folder).map((name) => [name.split("---")[0] ?? name, readFileSync(join(folder, name))]),
  );
}

const post = (
  file: { filename: string; type: string; bytes: Buffer },
  rid: string,
  msg?: string,
  as = "alice",
) =>
  stack.emulator.control.postFile({
    as,
    rid,
    name: file.filename,
    type: file.type,
    bytes: file.bytes,
    ...(msg !== undefined && { msg }),
  });

const fromBot = (found: (message: Message) => boolean) =>
  stack.emulator.control.waitForMessage((message) => message.u._id === stack.bot.userId && found(message), {
    timeoutMs: 60_000,
  });

const bytesOf = (message: Message): Buffer =>
  Buffer.from(stack.emulator.world.uploads.get(message.file?._id ?? "")?.bytes ?? []);

describe("a file that somebody sends", () => {
  it("reaches the model as a picture, in its own bytes, with the question", async () => {
    post(picture, dm, "what is on the small picture?");
    const request = await stack.model.waitForRequest("on the small picture");
    const [shown = ""] = request.pictures;
    expect(shown).toMatch(/^data:image\/png;base64,/);
    expect(stored().get("small")).toEqual(picture.bytes);
  });

  it("is a request without words in a direct message", async () => {
    const document = note("the minutes of Monday\n", "minutes.txt");
    post(document, dm);
    await stack.model.waitForRequest(({ prompt }) => prompt.includes("minutes"));
    expect(stored().get("minutes")).toEqual(document.bytes);
  });

  it("is one request with the words that follow it", async () => {
    post(png(32, 32, "sketch.png"), dm);
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "improve the sketch" });
    const request = await stack.model.waitForRequest("improve the sketch");
    expect(stored().has("sketch")).toBe(true);
    expect(request.pictures).not.toEqual([]);
    const asked = stack.model.requests().filter(({ prompt }) => prompt.includes("sketch"));
    expect(asked.filter(({ text }) => !text.includes("improve the sketch"))).toEqual([]);
  });

  it("comes with a mention in a room, and costs nothing without one", async () => {
    post(jpeg({ filename: "unseen.jpg" }), town, "for nobody");
    post(jpeg({ filename: "from bob.jpg" }), town, "@openclaw-bot look", "bob");
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "anything else?" });
    await stack.model.waitForRequest("anything else?");
    expect([...stored().keys()]).not.toContain("unseen");
    expect([...stored().keys()]).not.toContain("from_bob");
    post(jpeg({ filename: "seen.jpg" }), town, "@openclaw-bot what is on the photo?");
    await stack.model.waitForRequest("on the photo");
    // With it come the pictures of what it is shown of the room.
    expect([...stored().keys()]).toEqual(expect.arrayContaining(["seen", "unseen"]));
  });

  it("is listened to when it is a voice message, and answered in a room where it names the agent", async () => {
    const say = (words: string, rid: string, as = "alice") =>
      post(spoken(words, `by ${as}.wav`), rid, undefined, as);
    say("remind me of the ferry", dm);
    await stack.model.waitForRequest("remind me of the ferry");
    say("labby open the gate", town, "bob");
    say("nobody in particular", town);
    say("labby when does the ferry go", town);
    const { text } = await stack.model.waitForRequest("labby when does the ferry go");
    expect(text).not.toContain("nobody in particular");
    expect([...stored().keys()]).not.toContain("by_bob");
    expect(stack.model.requests().filter((one) => one.prompt.includes("open the gate"))).toEqual([]);
  });

  it("is said to be too large where it is", async () => {
    post(note(Buffer.alloc(1_200_000, "x"), "huge.txt"), dm, "read the huge one");
    const { prompt } = await stack.model.waitForRequest("read the huge one");
    expect(prompt).toContain("[file not available: huge.txt, because it is larger than mediaMaxMb allows]");
  });

  it("of another room is never fetched, whoever invents it", async () => {
    const secret = post(note("the vault's code\n", "code.txt"), vault, "keep this", "bob");
    stack.emulator.control.post({
      as: "alice",
      rid: dm,
      msg: "open the invented one",
      ...{ file: secret.file, files: secret.files, attachments: secret.attachments },
    });
    const { prompt } = await stack.model.waitForRequest("open the invented one");
    expect(prompt).toContain("because it is not, or no longer, a file of this room");
    expect([...stored().keys()]).not.toContain("code");
  });

  it("is missing in words when the server has lost it", async () => {
    stack.emulator.faults.rest({ path: "im.files", status: 500, times: 4 });
    post(note("gone\n", "lost.txt"), dm, "read the lost one");
    const { prompt } = await stack.model.waitForRequest("read the lost one");
    expect(prompt).toContain("[file not available: lost.txt, because it could not be fetched]");
  });
});

describe("what happens to a file afterwards", () => {
  it("is told in the next turn: new words with it, and that it is gone", async () => {
    const { control } = stack.emulator;
    const kept = post(note("one\n", "plan-a.txt"), town, "@openclaw-bot [say I have plan A]");
    await fromBot(({ msg }) => msg.includes("I have plan A"));
    const gone = post(note("two\n", "plan-b.txt"), town, "@openclaw-bot [say I have plan B]");
    await fromBot(({ msg }) => msg.includes("I have plan B"));
    control.edit({ as: "alice", messageId: kept._id, text: "@openclaw-bot the better plan" });
    control.delete({ as: "alice", messageId: gone._id });
    await expect
      .poll(
        async () => {
          control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say what is new]" });
          await stack.model.waitForRequest("what is new");
          return stack.model
            .requests()
            .map((request) => JSON.stringify(request))
            .join("\n");
        },
        { timeout: 60_000, interval: 3_000 },
      )
      .toMatch(
        new RegExp(`message edited in #town: msg ${kept._id}[^]*message deleted in #town: msg ${gone._id}`),
      );
  });
});

describe("a file that the agent sends", () => {
  const make = (name: string, bytes: Buffer): string => {
    const path = join(workspace, name);
    writeFileSync(path, bytes);
    return path;
  };

  it("arrives with a reply, once, in its own bytes, with the reply's words", async () => {
    const path = make("chart.png", png(80, 60).bytes);
    stack.model.script("draw the chart", { text: `Here is the chart.\nMEDIA:${path}` });
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "draw the chart" });
    const message = await fromBot(({ file }) => file?.name.startsWith("chart") ?? false);
    expect(message.msg).toBe("Here is the chart.");
    expect(bytesOf(message)).toEqual(png(80, 60).bytes);
  });

  it("is the first of several, in order, in the thread of the question, and its words call whom they name", async () => {
    const paths = ["first.txt", "second.txt"].map((name) => make(name, Buffer.from(`${name}\n`)));
    const media = paths.map((path) => `MEDIA:${path}`).join("\n");
    stack.model.script("two files", { text: `For <@bob>, both.\n${media}` });
    const root = stack.emulator.control.post({ as: "alice", rid: town, msg: "files, please" });
    stack.emulator.control.post({ as: "alice", rid: town, tmid: root._id, msg: "@openclaw-bot two files" });
    const last = await fromBot(({ file }) => file?.name.startsWith("second") ?? false);
    const sent = stack.emulator.control
      .messages(town)
      .filter(({ tmid, u }) => tmid === root._id && u._id === stack.bot.userId);
    expect(sent.map(({ msg }) => msg)).toEqual(["For @bob, both.", ""]);
    expect(sent.map((message) => bytesOf(message).toString())).toEqual(["first.txt\n", "second.txt\n"]);
    expect(sent[0]?.mentions?.map(({ username }) => username)).toEqual(["bob"]);
    expect(sent[1]?._id).toBe(last._id);
  });

  it("takes the first part of a long text with it, and the rest follows", async () => {
    const path = make("log.txt", Buffer.from("a log\n"));
    const words = Array.from({ length: 1_000 }, (_, index) => `word${index}`).join(" ");
    stack.model.script("the long log", { text: `${words}\nMEDIA:${path}` });
    const before = stack.emulator.control.messages(dm).length;
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "the long log" });
    await fromBot(({ msg }) => msg.includes("word999"));
    const sent = stack.emulator.control
      .messages(dm)
      .slice(before)
      .filter(({ u }) => u._id === stack.bot.userId);
    expect(sent.map(({ file }) => file?.name.startsWith("log") ?? false)).toEqual([true, false]);
    expect(sent.map(({ msg }) => msg).join(" ")).toBe(words);
  });

  it("arrives by the message tool", async () => {
    const path = make("report.pdf", Buffer.from("%PDF-1.4\n%report\n"));
    const args = { id: "message", args: { action: "send", message: "The report.", media: path } };
    stack.model.script("send the report", { tool: { name: "tool_call", args }, text: "It is sent." });
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "send the report" });
    const message = await fromBot(({ file }) => file?.name.startsWith("report") ?? false);
    expect(message.msg).toBe("The report.");
  });

  it.each(["among the agent's own", "among OpenClaw's copies"])(
    "stays where it is when OpenClaw does not let such contents out: %s",
    async (where) => {
      const copies = join(stack.gateway.folder, "state", "media", "outbound");
      mkdirSync(copies, { recursive: true });
      const path = join(where.includes("copies") ? copies : workspace, "key.bin");
      writeFileSync(path, Buffer.from(Array.from({ length: 400 }, (_, index) => (index * 37) % 256)));
      const args = { id: "message", args: { action: "send", message: `Look ${where}.`, media: path } };
      stack.model.script(`send what lies ${where}`, {
        tool: { name: "tool_call", args },
        text: `I tried ${where}.`,
      });
      stack.emulator.control.post({ as: "alice", rid: dm, msg: `send what lies ${where}` });
      await fromBot(({ msg }) => msg === `I tried ${where}.`);
      const { toolResults } = await stack.model.waitForRequest(
        ({ text, toolResults: results }) => text.includes(`lies ${where}`) && results.length > 0,
      );
      expect(toolResults.join("")).toContain("key.bin cannot be sent");
      expect([...stack.emulator.world.uploads.values()].map(({ name }) => name)).not.toContain("key.bin");
    },
  );

  it("arrives by upload-file, under its new name, and can be fetched by download-file", async () => {
    const path = make("rows.csv", Buffer.from("a,b\n1,2\n"));
    const args = { action: "upload-file", filePath: path, filename: "table.csv", initialComment: "As rows." };
    stack.model.script("as rows", {
      tool: { name: "tool_call", args: { id: "message", args } },
      text: "Done.",
    });
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "send it as rows" });
    const message = await fromBot(({ file }) => file?.name === "table.csv");
    expect([message.msg, bytesOf(message).toString()]).toEqual(["As rows.", "a,b\n1,2\n"]);

    const sent = post(note("what stands in it\n", "letter.txt"), dm, "keep the letter");
    await stack.model.waitForRequest("keep the letter");
    // OpenClaw lets an agent read only where it is, and be told so; with this action by `channelId` alone.
    const where = { channel: "rocketchat", channelId: `room:${dm}` };
    const fetching = { action: "download-file", messageId: sent._id, ...where };
    stack.model.script("fetch the letter", {
      tool: { name: "tool_call", args: { id: "message", args: fetching } },
      text: "I have it.",
    });
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "fetch the letter" });
    const { toolResults } = await stack.model.waitForRequest(
      ({ text, toolResults }) => text.includes("fetch the letter") && toolResults.length > 0,
    );
    const [, stands = ""] = /"path":\s*\\*"([^"\\]+)/.exec(toolResults.join("")) ?? [];
    expect(readFileSync(stands, "utf8")).toBe("what stands in it\n");
  });
});
