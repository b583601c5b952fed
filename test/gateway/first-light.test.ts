import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
let dm: string;
let town: string;
let plaza: string;

/** What the bot said in a room so far, oldest first. */
const said = (rid: string): string[] =>
  stack.emulator.control
    .messages(rid)
    .filter((message) => message.u._id === stack.bot.userId)
    .map((message) => message.msg);

const answerIn = (rid: string, text: string, tmid?: string) =>
  stack.emulator.control.waitForMessage(
    (message) =>
      message.rid === rid &&
      message.u._id === stack.bot.userId &&
      message.msg.includes(text) &&
      message.tmid === tmid,
    { timeoutMs: 60_000 },
  );

/** How many rows each table of the plugin's databases has; not the ledger's own, of which each judgement is one. */
function readRows(folder: string): unknown[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sqlite"))
    .map((name) => {
      const db = new DatabaseSync(join(folder, name), { readOnly: true });
      const tables = db
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'judgement'")
        .all();
      const counts = tables.map((table) =>
        db.prepare(`SELECT count(*) AS count, max(rowid) AS last FROM "${table.name}"`).get(),
      );
      db.close();
      return { name, counts };
    });
}

beforeAll(async () => {
  stack = await startStack(
    ({ control }) => {
      town = control.addRoom({ name: "town", type: "c", members: ["alice", "bob", "openclaw-bot"] });
      plaza = control.addRoom({ name: "plaza", type: "c", members: ["alice", "bob"] });
      dm = control.direct(["alice", "openclaw-bot"]);
      return { rooms: { [town]: {}, [plaza]: {} } };
    },
    // As a user would; what is told apart by the host is how it runs, not how it is installed.
    { install: inject("openclaw") === undefined },
  );
});
afterAll(() => stack?.stop());

/** What the command line says is looked at on the installed host alone, unless everything is run on both. */
const isBrief = inject("openclaw") !== undefined && !process.env.ALL_HOSTS;

describe("the packed plugin in a real gateway", () => {
  it.skipIf(isBrief)("is loaded without a complaint", async () => {
    const { code, stdout, stderr } = await stack.gateway.cli([
      "plugins",
      "inspect",
      "rocketchat",
      "--runtime",
      "--json",
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ plugin: { id: "rocketchat", status: "loaded" } });
    expect(`${stdout}${stderr}`).not.toMatch(/"(errors?|diagnostics|warnings)": \[\s*[^\s\]]/);
  });

  it.skipIf(isBrief)("shows a connected and working account", async () => {
    const { code, stdout } = await stack.gateway.cli(["channels", "status", "--probe"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Rocket\.Chat default: .*connected.*works/);
  });

  it("reads what concerns nobody without a request, a further subscription or a stored event", async () => {
    const { control } = stack.emulator;
    const talk = () => control.post({ as: "alice", rid: town, msg: "nobody is meant" });
    const isRead = ({ _id }: { _id: string }) =>
      stack.gateway.waitForOutput(new RegExp(`message dropped reason=not-mentioned message=${_id}`));
    const subscriptions = () => control.connections().flatMap(({ subs }) => subs);
    await stack.gateway.waitForOutput(/recent messages learned/);
    await isRead(talk());
    // Deletions are told by room alone, once for a room.
    await expect
      .poll(subscriptions, { timeout: 60_000 })
      .toContain(`stream-notify-room ${town}/deleteMessage`);
    const rows = () => readRows(join(stack.gateway.folder, "state", "rocketchat"));
    const asked = () => control.requests().filter(({ path, userId }) => userId && !path.endsWith("/v1/me"));
    const before = { requests: asked().length, subscriptions: subscriptions().length, rows: rows() };
    for (let count = 0; count < 30; count += 1) {
      const { _id } = talk();
      control.post({ as: "alice", rid: town, msg: "in a thread", tmid: _id });
      control.react({ as: "bob", messageId: _id, emoji: ":eyes:" });
    }
    await isRead(talk());
    expect({ requests: asked().length, subscriptions: subscriptions().length, rows: rows() }).toEqual(before);
  });

  it("gives an unknown person a code and lets nothing of hers reach the model", async () => {
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "a secret question" });
    const { msg } = await answerIn(dm, "pairing approve rocketchat");
    const code = /rocketchat (\w+)/.exec(msg)?.[1] ?? "";
    expect(msg).toContain(`Your user id: ${stack.userIds.alice}`);
    // "Rocket.Chat" would be shown as a link to a web site of that name.
    expect(msg).not.toMatch(/rocket\.chat/i);
    expect(stack.model.requests()).toEqual([]);

    const connectedBefore = stack.gateway.mark();
    await stack.gateway.mustRun(["pairing", "approve", "rocketchat", code]);
    await stack.gateway.waitForOutput(/\[default\] connected/, { from: connectedBefore });
    await answerIn(dm, "Access approved");
    stack.emulator.control.post({ as: "alice", rid: dm, msg: "[say hello alice]" });
    await answerIn(dm, "hello alice");
    expect(JSON.stringify(stack.model.requests())).not.toContain("a secret question");
  });

  it("answers in a room only when it is mentioned, and there", async () => {
    stack.emulator.control.post({ as: "alice", rid: town, msg: "[say never] nobody is meant" });
    stack.emulator.control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say hello town]" });
    await answerIn(town, "hello town");
    expect(said(town)).toEqual(["hello town"]);
  });

  it("answers in the thread that it was asked in", async () => {
    const { control } = stack.emulator;
    const root = control.post({ as: "alice", rid: town, msg: "a thread begins" });
    control.post({ as: "bob", rid: town, tmid: root._id, msg: "@openclaw-bot [say hello thread]" });
    await answerIn(town, "hello thread", root._id);
  });

  it("ignores a room it is not in, at the price of no request", async () => {
    const { control } = stack.emulator;
    const before = control.requests().length;
    control.post({ as: "alice", rid: plaza, msg: "@openclaw-bot [say uninvited]" });
    control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say after plaza]" });
    await answerIn(town, "after plaza");
    expect(said(plaza)).toEqual([]);
    const asked = control
      .requests()
      .slice(before)
      .filter(({ userId }) => userId === stack.bot.userId);
    const paths = new Set(asked.map(({ path }) => path.split("/").at(-1)));
    expect([...paths].toSorted()).toEqual(["channels.history", "chat.react", "chat.sendMessage"]);
  });

  it("posts a long answer in parts, in order, each within what the server takes at the time", async () => {
    const { control } = stack.emulator;
    const code = Array.from({ length: 240 }, (_, index) => `const line${index} = "${"x".repeat(30)}";`).join(
      "\n",
    );
    const text = `First of all **this**.\n\n\`\`\`ts\n${code}\n\`\`\`\n\n${"Some words. ".repeat(60)}\n\nThat was the end.`;
    for (const limit of [5000, 1500]) {
      control.setSetting("Message_MaxAllowedSize", limit);
      const before = said(town).length;
      const request = `long answer within ${limit}`;
      stack.model.script(request, { text: text.replace("the end", `the end of ${limit}`) });
      control.post({ as: "alice", rid: town, msg: `@openclaw-bot ${request}` });
      await answerIn(town, `the end of ${limit}`);
      const parts = said(town).slice(before);
      expect(parts.length).toBeGreaterThan(12_000 / limit);
      for (const part of parts) expect(part.length).toBeLessThanOrEqual(limit);
      expect(parts[0]).toMatch(/^First of all \*\*this\*\*\./);
      const fences = parts.join("\n").matchAll(/^```ts\n([\s\S]*?)\n```$/gm);
      expect([...fences].map(([, lines]) => lines).join("\n")).toBe(code);
    }
    control.setSetting("Message_MaxAllowedSize", 5000);
  });

  it("shows a table, and calls nobody who is named in an answer", async () => {
    const text =
      "| who | what |\n|---|---|\n| @all | 5 * 3 * 2 |\n\nThanks @all, @here and @bob; see README.md";
    stack.model.script("show a table", { text });
    stack.emulator.control.post({ as: "alice", rid: town, msg: "@openclaw-bot show a table" });
    const { msg, mentions } = await answerIn(town, "README.md");
    expect(msg).toBe(
      "```\n| who  | what      |\n| ---- | --------- |\n| @all | 5 * 3 * 2 |\n```\n\n" +
        "Thanks @\u200ball, @\u200bhere and @\u200bbob; see `README.md`",
    );
    expect(mentions ?? []).toEqual([]);
  });

  it.skipIf(isBrief)(
    "sends to a person, and to a thread in as many parts as it takes, on request of the command line",
    async () => {
      const root = stack.emulator.control.post({ as: "bob", rid: town, msg: "a root for the command line" });
      const send = (to: string, text: string, ...more: string[]) => {
        const where = ["--channel", "rocketchat", "--target", to, ...more];
        return stack.gateway.mustRun(["message", "send", ...where, "--message", text]);
      };
      const long = Array.from({ length: 900 }, (_, index) => `word${index}`).join(" ");
      const workspace = join(stack.gateway.folder, "workspace");
      mkdirSync(workspace, { recursive: true });
      const file = join(workspace, "by-hand.txt");
      writeFileSync(file, "by hand\n");
      await Promise.all([
        send("#town", long, "--thread-id", root._id),
        send("@alice", "to alice", "--media", file),
      ]);
      const inThread = stack.emulator.control.messages(town).filter(({ tmid }) => tmid === root._id);
      expect(inThread).toHaveLength(2);
      expect(inThread.map(({ msg }) => msg).join(" ")).toBe(long);
      const sent = stack.emulator.control.messages(dm).find(({ msg }) => msg === "to alice");
      const upload = stack.emulator.world.uploads.get(sent?.file?._id ?? "");
      expect(Buffer.from(upload?.bytes ?? []).toString()).toBe("by hand\n");
    },
  );

  it("writes its lines under the name by which OpenClaw looks for a channel's", () => {
    const lines = readFileSync(join(stack.gateway.folder, "openclaw.log"), "utf8").split("\n");
    const connected = lines.filter((line) => line.includes("[default] connected"));
    expect(connected.length).toBeGreaterThan(0);
    for (const line of connected) expect(line).toContain(String.raw`{\"subsystem\":\"rocketchat\"}`);
  });

  it("takes nothing that stands in its room for a lost delivery", () => {
    const { output, commandOutput } = stack.gateway;
    expect(output).toMatch(/reply sent/);
    expect(output + commandOutput).not.toMatch(/could not be delivered|claim was lost/);
  });
});
