import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { type Stack, startStack } from "./stack.ts";

/**
 * Three bot users of three accounts: `default` with its token from the environment, `flaky` on the same server with
 * one from a file, and `old` on a server of version 6.5 with one from a program.
 */
const folder = mkdtempSync(join(tmpdir(), "rocketchat-trust-"));
let stack: Stack;
let old: Emulator;
let town: string;
let cellar: string;
let attic: string;
const bots: Record<string, { userId: string; pat: string }> = {};

/** A file that only this user may read, as OpenClaw demands of files with secrets. */
function keep(name: string, content: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

beforeAll(async () => {
  old = await startEmulator({ profile: "6.5" });
  old.control.addUser({ username: "alice" });
  const oldBot = old.control.addUser({ username: "old-bot", roles: ["user", "bot"] });
  attic = old.control.addRoom({ name: "attic", type: "c", members: ["alice", "old-bot"] });
  const oldPat = old.control.personalAccessToken("old-bot");
  bots.old = { userId: oldBot.userId, pat: oldPat };
  const environment: NodeJS.ProcessEnv = {};
  stack = await startStack(
    ({ control, account, userIds }) => {
      const { userId } = control.addUser({ username: "flaky-bot", roles: ["user", "bot"] });
      const flakyPat = control.personalAccessToken("flaky-bot");
      bots.flaky = { userId, pat: flakyPat };
      const { pat, ...withoutPat } = account;
      environment.ROCKETCHAT_PAT = String(pat);
      town = control.addRoom({ name: "town", type: "c", members: ["alice", "openclaw-bot"] });
      cellar = control.addRoom({ name: "cellar", type: "c", members: ["alice", "flaky-bot"] });
      keep("flaky", flakyPat);
      keep("old", oldPat);
      return {
        ...withoutPat,
        pat: undefined,
        credentialCheckSeconds: 30,
        groupPolicy: "open",
        userId: undefined,
        username: undefined,
        accounts: {
          default: { userId: userIds["openclaw-bot"], username: "openclaw-bot" },
          flaky: {
            userId,
            username: "flaky-bot",
            pat: { source: "file", provider: "drawer", id: "value" },
          },
          old: {
            serverUrl: old.url,
            userId: oldBot.userId,
            username: "old-bot",
            pat: { source: "exec", provider: "butler", id: "old" },
          },
          lost: {
            userId: userIds.bob,
            username: "bob",
            pat: { source: "env", provider: "default", id: "ROCKETCHAT_NO_SUCH_TOKEN" },
          },
          spare: { enabled: false, userId, username: "flaky-bot", pat: "a-token-in-plain-text" },
        },
      };
    },
    {
      env: environment,
      config: {
        secrets: {
          providers: {
            drawer: { source: "file", path: join(folder, "flaky"), mode: "singleValue" },
            butler: {
              source: "exec",
              command: keep("butler.sh", `#!/bin/sh\ncat ${join(folder, "old")}\n`, 0o700),
              jsonOnly: false,
            },
          },
        },
      },
    },
  );
  for (const [name, { pat }] of Object.entries(bots)) stack.secrets.set(`the first token of ${name}`, pat);
  await stack.gateway.waitForOutput(/\[flaky\] connected/);
  await stack.gateway.waitForOutput(/\[old\] connected/);
});
afterAll(async () => {
  await stack?.stop();
  await old?.close();
  rmSync(folder, { recursive: true });
});

/** Asks a bot in a room; resolves with the question's id. */
function ask(server: Emulator, { rid, bot, text }: { rid: string; bot: string; text: string }): string {
  return server.control.post({ as: "alice", rid, msg: `@${bot} [say ${text}]` })._id;
}

const answer = (server: Emulator, text: string) =>
  server.control.waitForMessage(({ msg, u }) => msg === text && u.username !== "alice", {
    timeoutMs: 90_000,
  });

const answersIn = (server: Emulator, rid: string) =>
  server.control.messages(rid).flatMap(({ u, t, msg }) => (u.username === "alice" || t ? [] : [msg]));

const modelWasAsked = (text: string): boolean =>
  stack.model.requests().some((request) => JSON.stringify(request).includes(text));

/** What `channels status` tells of each account, by its name. */
async function readStatus(): Promise<Record<string, unknown>> {
  const { channelAccounts } = JSON.parse(await stack.gateway.mustRun(["channels", "status", "--json"]));
  const accounts: { accountId: string }[] = channelAccounts.rocketchat;
  return Object.fromEntries(accounts.map((account) => [account.accountId, account]));
}

describe("tokens", () => {
  it("from the environment, a file and a program work", async () => {
    ask(stack.emulator, { rid: town, bot: "openclaw-bot", text: "from the environment" });
    ask(stack.emulator, { rid: cellar, bot: "flaky-bot", text: "from a file" });
    ask(old, { rid: attic, bot: "old-bot", text: "from a program" });
    await answer(stack.emulator, "from the environment");
    await answer(stack.emulator, "from a file");
    await answer(old, "from a program");
  });

  it("that stand in the configuration, or nowhere, are found by the audit, the others are not", async () => {
    const { stdout } = await stack.gateway.cli(["secrets", "audit", "--json", "--allow-exec"]);
    const { findings } = JSON.parse(stdout) as { findings: { code: string; jsonPath: string }[] };
    const ours = findings.filter(({ jsonPath }) => jsonPath.startsWith("channels.rocketchat"));
    expect(ours.map(({ code, jsonPath }) => `${code} ${jsonPath}`).toSorted()).toEqual([
      "PLAINTEXT_FOUND channels.rocketchat.accounts.spare.pat",
      "REF_UNRESOLVED channels.rocketchat.accounts.lost.pat",
    ]);
  });

  it("that are not protected on their way are found by the security audit", async () => {
    const { stdout } = await stack.gateway.cli(["security", "audit", "--json"]);
    expect(stdout).toContain("channels.rocketchat.insecure-transport");
    expect(stack.gateway.output).toMatch(/\[default\] transport insecure/);
  });
});

describe("status", () => {
  let accounts: Record<string, unknown>;
  beforeAll(async () => {
    accounts = await readStatus();
  });

  it("shows that a token which cannot be found keeps its account from starting, and no other", () => {
    expect(accounts).toMatchObject({ lost: { running: false }, default: { lifecycle: "ready" } });
  });

  it("tells how an account fares", () => {
    expect(accounts.old).toMatchObject({
      lifecycle: "ready",
      health: {
        serverVersion: "6.5",
        missingRoles: [],
        lastCheckAt: expect.any(Number),
        connectedSince: expect.any(Number),
        reconnects: 0,
        queued: 0,
        drops: { "own-message": expect.any(Number) },
      },
    });
    expect(stack.gateway.output).toMatch(/\[old\] server noted .*Rocket\.Chat 6\.5 is outside/);
    expect(stack.gateway.output).not.toMatch(/\[default\] server noted/);
  });
});

describe("while one account is limited, flapping and then revoked", () => {
  it("another answers as ever", async () => {
    const { emulator, gateway } = stack;
    emulator.faults.rest({ path: "chat.sendMessage", mentioning: cellar, status: 429 });
    ask(emulator, { rid: cellar, bot: "flaky-bot", text: "stuck in the cellar" });
    await gateway.waitForOutput(/\[flaky\] rate limited endpoint=v1\/chat\.sendMessage/);
    for (let count = 1; count <= 10; count += 1) {
      if (count < 6) emulator.faults.cutSockets({ username: "flaky-bot" });
      if (count === 6) emulator.control.revokeToken(bots.flaky?.pat ?? "");
      ask(emulator, { rid: town, bot: "openclaw-bot", text: `answer ${count}` });
      await answer(emulator, `answer ${count}`);
    }
    const numbered = answersIn(emulator, town).filter((text) => text.startsWith("answer "));
    expect(numbered).toEqual(Array.from({ length: 10 }, (_, index) => `answer ${index + 1}`));
    expect(answersIn(emulator, cellar)).not.toContain("stuck in the cellar");
    expect(gateway.output).not.toMatch(/\[default\] connection lost/);
  });
});

describe("a revoked token", () => {
  let vault: string;
  let loft: string;

  it("of 8.3 is noticed at the first refusal: nothing is processed, what is queued stays", async () => {
    const { emulator, gateway } = stack;
    emulator.faults.clear();
    await renewToken("flaky", emulator, "flaky-bot");
    vault = emulator.control.addRoom({ name: "vault", type: "c", members: ["alice", "flaky-bot"] });
    const from = gateway.mark();
    emulator.control.revokeToken(bots.flaky?.pat ?? "");
    const id = ask(emulator, { rid: vault, bot: "flaky-bot", text: "kept by the new server" });
    await stack.waitForStoredEvent(id, { accountId: "flaky" });
    await gateway.waitForOutput(/\[flaky\] account blocked .*personal access token/, { from });
    expect(modelWasAsked("kept by the new server")).toBe(false);
    expect(await readStatus()).toMatchObject({ flaky: { lifecycle: "blocked", health: { queued: 1 } } });
  });

  it("of 6.5 is noticed at once: nothing is processed, what is queued stays", async () => {
    loft = old.control.addRoom({ name: "loft", type: "c", members: ["alice", "old-bot"] });
    const from = stack.gateway.mark();
    old.faults.rest({ path: "rooms.info", times: 1, delayMs: 5_000 });
    const id = ask(old, { rid: loft, bot: "old-bot", text: "kept by the old server" });
    await stack.waitForStoredEvent(id, { accountId: "old" });
    old.control.revokeToken(bots.old?.pat ?? "");
    await stack.gateway.waitForOutput(/\[old\] account blocked/, { from });
    expect(modelWasAsked("kept by the old server")).toBe(false);
  });

  it("is replaced by a new one, and what was queued is answered once", async () => {
    await renewToken("flaky", stack.emulator, "flaky-bot");
    await renewToken("old", old, "old-bot");
    await answer(stack.emulator, "kept by the new server");
    await answer(old, "kept by the old server");
    expect(answersIn(stack.emulator, vault)).toEqual(["kept by the new server"]);
    expect(answersIn(old, loft)).toEqual(["kept by the old server"]);
    expect(stack.gateway.output.match(/\[default\] connected/g)).toHaveLength(1);
  });
});

/** Puts a new token where the account's SecretRef finds it and resolves when the account is connected with it. */
async function renewToken(accountId: string, server: Emulator, username: string): Promise<void> {
  const pat = server.control.personalAccessToken(username);
  stack.secrets.set(`a later token of ${accountId}: ${bots[accountId]?.pat.slice(0, 3)}`, pat);
  bots[accountId] = { userId: bots[accountId]?.userId ?? "", pat };
  keep(accountId, pat);
  const from = stack.gateway.mark();
  await stack.gateway.mustRun(["secrets", "reload"]);
  await stack.gateway.waitForOutput(new RegExp(`\\[${accountId}\\] connected`), { from });
}
