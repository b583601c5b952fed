import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, startStack } from "./stack.ts";

const notRocketChat = createServer((_, response) =>
  response.writeHead(404, { "content-type": "text/html" }).end("<html>"),
);
let stack: Stack;
let town: string;

/** The accounts beside the good one, each with one thing wrong. */
beforeAll(async () => {
  await new Promise<void>((resolve) => notRocketChat.listen(0, "127.0.0.1", resolve));
  const { port } = notRocketChat.address() as AddressInfo;
  stack = await startStack(({ control, account, userIds }) => {
    town = control.addRoom({ name: "town", type: "c", members: ["alice", "openclaw-bot"] });
    return {
      rooms: { [town]: {} },
      accounts: {
        default: {},
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
});
afterAll(async () => {
  await stack?.stop();
  notRocketChat.close();
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
});
