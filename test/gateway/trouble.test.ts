import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { MAX_FRAME_BYTES } from "../../src/connection/socket.ts";
import { type Stack, startStack } from "./stack.ts";

const TIMEOUT_MS = 180_000;

/** A server of its own for an account of its own, so that the long outages pass side by side. */
interface Place {
  readonly id: string;
  readonly server: Emulator;
  readonly rid: string;
}

const notRocketChat = createServer((_, response) =>
  response.writeHead(404, { "content-type": "text/html" }).end("<html>"),
);
let stack: Stack;
let town: string;
let silent: Place;
let away: Place;
let late: Place;
let lateIsUp: Promise<void>;
const places: Record<string, object> = {};

async function openPlace(id: string): Promise<Place> {
  const server = await startEmulator();
  const { control } = server;
  const username = `${id}-bot`;
  control.addUser({ username: "alice" });
  const { userId } = control.addUser({ username, roles: ["user", "bot"] });
  places[id] = {
    groupPolicy: "open",
    serverUrl: server.url,
    userId,
    username,
    pat: control.personalAccessToken(username),
  };
  const rid = control.addRoom({ name: "town", type: "c", members: ["alice", username] });
  return { id, server, rid };
}

/** The accounts beside the good one: three whose servers will be away, and others that have each one thing wrong. */
beforeAll(async () => {
  await new Promise<void>((resolve) => notRocketChat.listen(0, "127.0.0.1", resolve));
  const { port } = notRocketChat.address() as AddressInfo;
  silent = await openPlace("silent");
  away = await openPlace("away");
  late = await openPlace("late");
  // The gateway starts in this time.
  lateIsUp = late.server.faults.restart({ gapMs: 40_000 });
  stack = await startStack(({ control, account, userIds }) => {
    town = control.addRoom({ name: "town", type: "c", members: ["alice", "openclaw-bot"] });
    return {
      rooms: { [town]: {} },
      accounts: {
        default: {},
        ...places,
        down: { ...account, serverUrl: "http://127.0.0.1:9" },
        elsewhere: { ...account, serverUrl: `http://127.0.0.1:${port}` },
        badtoken: { ...account, userId: userIds.bob, username: "bob", pat: "not-the-token" },
        double: { ...account, serverUrl: `${String(account.serverUrl)}/` },
        otheruser: { ...account, userId: userIds.alice },
        private: { ...account, network: { dangerouslyAllowPrivateNetwork: false } },
        plaintext: { ...account, dangerouslyAllowInsecure: false },
        incomplete: { ...account, pat: "" },
      },
    };
  });
  for (const id of ["silent", "away"]) await stack.gateway.waitForOutput(new RegExp(`\\[${id}\\] connected`));
});
afterAll(async () => {
  await lateIsUp;
  await stack?.stop();
  notRocketChat.close();
  await Promise.all([silent, away, late].map((place) => place?.server.close()));
});

/** What each account's trouble is told as, and the state that it is in. */
const TROUBLES: readonly [accountId: string, line: RegExp, lifecycle: string][] = [
  ["down", /\[down\] connection lost .*Nothing listens there: check the port in `serverUrl`/, "recovering"],
  ["elsewhere", /\[elsewhere\] connection lost .*HTTP 404.*Check `serverUrl`/, "recovering"],
  ["badtoken", /\[badtoken\] account blocked .*Check that the personal access token is current/, "blocked"],
  ["otheruser", /\[otheruser\] account blocked .*token belongs to the user .*Correct `userId`/, "blocked"],
  ["private", /\[private\] account cannot start .*dangerouslyAllowPrivateNetwork to true/, "blocked"],
  ["double", /\[double\] account cannot start .*account default is the same bot user/, "blocked"],
  ["plaintext", /\[plaintext\] account cannot start .*serverUrl must be https/, "blocked"],
];

describe("an account in trouble says what is wrong and what to do", () => {
  let accounts: { accountId: string }[];
  const statusOf = (accountId: string) => accounts.find((account) => account.accountId === accountId);
  beforeAll(async () => {
    await Promise.all(TROUBLES.map(([, line]) => stack.gateway.waitForOutput(line)));
    const { channelAccounts } = JSON.parse(await stack.gateway.mustRun(["channels", "status", "--json"]));
    accounts = channelAccounts.rocketchat;
  });

  it.each(TROUBLES)("%s", (accountId, line, lifecycle) => {
    expect(stack.gateway.output).toMatch(line);
    expect(statusOf(accountId)).toMatchObject({ lifecycle, lastError: expect.any(String) });
  });

  it("and the others run on", () => {
    expect(statusOf("default")).toMatchObject({ lifecycle: "ready", connected: true });
  });

  it("and is not started without its token", () => {
    expect(statusOf("incomplete")).toMatchObject({ configured: false, running: false });
  });

  it("and never shows a token", () => {
    expect(stack.gateway.output).not.toContain("not-the-token");
    expect(stack.gateway.output).not.toContain(stack.bot.pat);
  });
});

describe("a frame that cannot be read", () => {
  it.each([
    ["that is not JSON", "{broken", /\[default\] frame not-json, dropped/],
    ["of unknown shape", '{"msg":"changed","collection":7}', /\[default\] frame [\w-]+, dropped/],
  ])("%s is dropped with one line", async (_, frame, line) => {
    const from = stack.gateway.mark();
    stack.emulator.faults.sendFrame(frame);
    await stack.gateway.waitForOutput(line, { from });
  });

  it("as a message without a sender is dropped with one line, and the next message is answered", async () => {
    const { control } = stack.emulator;
    const fields = {
      eventName: "__my_messages__",
      args: [
        { _id: "m1", rid: town, msg: "@openclaw-bot", ts: { $date: 1 } },
        { roomParticipant: true, roomType: "c" },
      ],
    };
    stack.emulator.faults.sendFrame(
      JSON.stringify({ msg: "changed", collection: "stream-room-messages", id: "id", fields }),
    );
    await stack.gateway.waitForOutput(/\[default\] message malformed, dropped/);
    control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say undisturbed]" });
    await control.waitForMessage(({ msg, u }) => u._id === stack.bot.userId && msg === "undisturbed", {
      timeoutMs: 60_000,
    });
  });

  it("because it is too large ends the connection, with a line that says why, and what was asked meanwhile is answered", async () => {
    const { control, world, faults } = stack.emulator;
    const from = stack.gateway.mark();
    const log = world.messages.get(control.post({ as: "alice", rid: town, msg: "a log" })._id);
    if (log === undefined) throw new Error("not stored");
    // As after an edit, which may make a message of any size; the emulator would parse it first, for minutes.
    log.msg = "x".repeat(MAX_FRAME_BYTES);
    faults.sendFrame(
      JSON.stringify({ msg: "changed", collection: "stream-room-messages", fields: { args: [log] } }),
    );
    control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say still here]" });
    await stack.gateway.waitForOutput(
      /\[default\] connection lost .*sent a frame of more than 16777216 bytes/,
      {
        from,
      },
    );
    await control.waitForMessage(({ msg, u }) => u._id === stack.bot.userId && msg === "still here", {
      timeoutMs: 60_000,
    });
    log.msg = "a log";
    control.post({ as: "alice", rid: town, msg: "@openclaw-bot [say as before]" });
    await control.waitForMessage(({ msg, u }) => u._id === stack.bot.userId && msg === "as before", {
      timeoutMs: 60_000,
    });
  });
});

const ask = ({ id, server, rid }: Place, text: string) =>
  server.control.post({ as: "alice", rid, msg: `@${id}-bot [say ${text}]` });

/** Waits for the answer to a first question, asks another, and gives all that was said when that is answered. */
async function answers(place: Place, text: string): Promise<string[]> {
  const { id, server, rid } = place;
  const heard = (words: string) =>
    server.control.waitForMessage(({ u, msg }) => u.username === `${id}-bot` && msg === words, {
      timeoutMs: TIMEOUT_MS,
    });
  await heard(text);
  ask(place, "and after it");
  await heard("and after it");
  return server.control.messages(rid).flatMap(({ u, msg }) => (u.username === `${id}-bot` ? [msg] : []));
}

it.concurrent(
  "a question that came while the connection was half-open is answered once",
  async () => {
    silent.server.faults.silenceSockets();
    ask(silent, "into the silence");
    expect(await answers(silent, "into the silence")).toEqual(["into the silence", "and after it"]);
  },
  TIMEOUT_MS,
);

it.concurrent(
  "a question that came while the server was away for 90 s is answered once",
  async () => {
    const back = away.server.faults.restart({ gapMs: 90_000 });
    ask(away, "into the void");
    await back;
    expect(await answers(away, "into the void")).toEqual(["into the void", "and after it"]);
  },
  TIMEOUT_MS,
);

it.concurrent(
  "a server that was started after the gateway is served",
  async () => {
    await lateIsUp;
    await stack.gateway.waitForOutput(/\[late\] connected/);
    ask(late, "good morning");
    expect(await answers(late, "good morning")).toEqual(["good morning", "and after it"]);
  },
  TIMEOUT_MS,
);
