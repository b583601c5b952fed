import { expect, it } from "vitest";
import { accountSettings } from "../../../../test/support/settings.ts";
import { status } from "./status.ts";

const probe = { ok: true, username: "labbot", version: "8.3.0", roles: ["bot", "user"] } as const;

it("sums an account up in what it is connected to, and whether it runs", async () => {
  const snapshot = {
    accountId: "default",
    configured: true,
    running: true,
    connected: true,
    baseUrl: "https://chat.example.org",
  };
  const summary = await status.buildChannelSummary?.({
    account: accountSettings(),
    cfg: {},
    defaultAccountId: "default",
    snapshot: { ...snapshot, probe },
  });
  expect(summary).toMatchObject({
    configured: true,
    running: true,
    connected: true,
    baseUrl: snapshot.baseUrl,
    probe,
  });
});

it("tells who the bot user is, what it may by its roles, and the server's version", () => {
  const lines = status.formatCapabilitiesProbe?.({ probe }) ?? [];
  expect(lines.map(({ text }) => text)).toEqual(
    expect.arrayContaining(["Bot: @labbot on Rocket.Chat 8.3.0", "Roles: bot, user"]),
  );
  expect(status.formatCapabilitiesProbe?.({ probe: { ok: false, error: "no" } })).toEqual([]);
});
