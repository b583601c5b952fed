import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { findLeaks, readWritings } from "../../../../test/support/sweep.ts";
import { runDoctor } from "./doctor-command.ts";
import { type ReportPort, writeReport } from "./report.ts";

const TOKEN = "a-token-that-nobody-may-see-0123456789";
const OTHER = "another-token-behind-a-reference-98765";
const folder = mkdtempSync(join(tmpdir(), "report-"));
beforeAll(() => {
  vi.stubEnv("OPENCLAW_STATE_DIR", folder);
  mkdirSync(join(folder, "rocketchat"));
  writeFileSync(join(folder, "rocketchat", "known-default.json"), "{}");
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const reference = { source: "env", provider: "default", id: "WARD_PAT" };
const cfg: OpenClawConfig = {
  channels: {
    rocketchat: {
      serverUrl: "https://chat.example.org",
      accounts: {
        main: {
          userId: "bot1",
          username: "main-bot",
          pat: TOKEN,
          rooms: { r1: { systemPrompt: "Be kind" } },
        },
        ward: { userId: "bot2", username: "ward-bot", pat: reference },
      },
    },
  },
};

Object.assign(cfg, {
  bindings: ["rocketchat", "slack"].map((channel) => ({
    agentId: "main",
    match: { channel, accountId: "ward" },
  })),
});

const line = (message: string, subsystem = "rocketchat") => ({
  time: "12:00",
  level: "info",
  subsystem,
  message,
});
const port: ReportPort = {
  versions: { plugin: "0.1.0", openclaw: "2026.9.6" },
  resolveSecret: async () => OTHER,
  readStatus: async () => ({
    channelAccounts: {
      rocketchat: [{ accountId: "main", health: { reconnects: 2, drops: { "not-mentioned": 7 } } }],
      slack: [{ accountId: "elsewhere" }],
    },
  }),
  readLog: async () => ({
    lines: [
      ...Array.from({ length: 250 }, (_, index) => line(`[main] line ${index}`)),
      line("of the host", "gateway/channels/rocketchat"),
      line("somebody else's", "gateway/channels/slack"),
      line(`[main] with ${TOKEN}\n\u001b[2Jand ${Buffer.from(OTHER).toString("base64")}`),
    ],
  }),
};

async function report(change: Partial<ReportPort> = {}) {
  const path = await writeReport(cfg, [], {
    file: join(folder, "out", "report.json"),
    port: { ...port, ...change },
  });
  return { path, written: JSON.parse(readFileSync(path, "utf8")) };
}

beforeAll(() => void mkdirSync(join(folder, "out")));

it("takes what looks like a secret out of quoted text, and replaces a file that others could read", async () => {
  const lines = [line('sent {"X-Auth-Token":"qqq111"}'), line('authorization: "Bearer qqq222"')];
  const old = join(folder, "out", "report.json");
  writeFileSync(old, "", { mode: 0o644 });
  const { path, written } = await report({ readLog: async () => ({ lines }) });
  expect(written.log).toHaveLength(2);
  expect(JSON.stringify(written)).not.toMatch(/qqq\d/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("holds versions, settings, counters, files and the last lines of the channel, and no secret", async () => {
  const { path, written } = await report();
  expect(written).toMatchObject({
    versions: { plugin: "0.1.0", openclaw: "2026.9.6", node: process.version },
    settings: {
      serverUrl: "https://chat.example.org",
      accounts: {
        main: { username: "main-bot", pat: "[hidden]", rooms: { r1: { systemPrompt: "[hidden]" } } },
        ward: { pat: reference },
      },
    },
    bindings: [{ match: { channel: "rocketchat" } }],
    counters: [{ accountId: "main", health: { reconnects: 2, drops: { "not-mentioned": 7 } } }],
    files: [{ name: "known-default.json", bytes: 2 }],
  });
  expect(written.log).toHaveLength(200);
  expect(written.log.at(-2)).toBe("12:00 info of the host");
  expect(written.log.at(-1)).toMatch(/^12:00 info \[main\] with \[redacted\] \[2Jand \[redacted\]/);
  expect(JSON.stringify(written)).not.toMatch(/somebody else|elsewhere/);
  const secrets = new Map([
    ["token", TOKEN],
    ["token behind a reference", OTHER],
  ]);
  expect(findLeaks(readWritings(join(folder, "out")), secrets)).toEqual([]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("is written without a gateway and without a log, and says what is missing", async () => {
  const { written } = await report({
    readStatus: async () => Promise.reject(new Error(`gateway closed\nwith ${TOKEN}`)),
    readLog: async () => undefined,
  });
  expect(written.counters).toBe("could not be read: gateway closed");
  expect(written.log).toBe("the log could not be read");
  expect(written.files).toHaveLength(1);
});

it("is asked of the doctor, whose findings it holds, and not together with --json", async () => {
  const said: string[] = [];
  const print = (text: string) => void said.push(text);
  const file = join(folder, "out", "doctor.json");
  expect(await runDoctor({}, { report: file }, { print, versions: { plugin: "1.2.3" }, report: port })).toBe(
    1,
  );
  const written = JSON.parse(readFileSync(file, "utf8"));
  expect(written.versions.plugin).toBe("0.1.0");
  expect(written.findings[0].checks[0]).toMatchObject({ outcome: "failure" });
  expect(said.at(-1)).toContain(`Written: ${file}`);
  expect(await runDoctor({}, { report: true, json: true }, { print })).toBe(2);
});
