import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import type { AccountClient } from "../../rest/client.ts";
import type { AccountSettings, TextSettings } from "../../settings.ts";
import { formattingHints } from "../turn/reply/formatting-hints.ts";
import { splitReply } from "./reply-text.ts";
import { noteSettingChange, refreshServerFacts, SETTINGS_STREAM } from "./server-facts.ts";
import { openRestClient } from "./transport.ts";

const LONG = "word ".repeat(3000);
const TABLE = "| a | b |\n|---|---|\n| 1 | 2 |";
const longest = (texts: readonly string[]): number => Math.max(...texts.map(({ length }) => length));

/** Where the server makes no markup of a longer text. UTF-16 units. */
const MAX_PARSED = 10_000;

describe.each(["6.5", "8.3", "9.0"] as const)("on Rocket.Chat %s", (profile) => {
  let emulator: Emulator;
  let account: AccountSettings;
  let rest: AccountClient;
  const split = (text: string, changes: Partial<TextSettings> = {}) =>
    splitReply({ ...account, text: { ...account.text, ...changes } }, rest, text);

  beforeAll(async () => {
    emulator = await startEmulator({ profile });
    const { userId } = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
    account = accountSettings({
      accountId: `bot-${profile}`,
      serverUrl: emulator.url,
      userId,
      pat: emulator.control.personalAccessToken("bot"),
      dangerouslyAllowInsecure: true,
      allowPrivateNetwork: true,
    });
    rest = openRestClient(account, { onUnauthorized: () => {} });
  });
  afterAll(() => emulator.close());

  it("divides by the configured limit, and by the server's where that is lower", async () => {
    emulator.control.setSetting("Message_MaxAllowedSize", 3000);
    await refreshServerFacts(account.accountId, rest);
    expect(longest(await split(LONG))).toBeLessThanOrEqual(3000);
    expect(longest(await split(LONG))).toBeGreaterThan(2900);
    expect(longest(await split(LONG, { chunkLimit: 1000 }))).toBeLessThanOrEqual(1000);
  });

  it("tells the agent how its words are shown", async () => {
    const rules = formattingHints({ accountId: account.accountId }).rules.join("\n");
    expect(rules).toContain(profile === "9.0" ? "shown as tables" : "shown as aligned code");
    expect(rules).toContain("A message holds 3000 characters");
    expect(rules).toContain("Formulas are shown");
    const off = { ...SETTINGS_STREAM, args: ["updated", { _id: "Katex_Enabled", value: false }] };
    await noteSettingChange(account.accountId, off);
    expect(formattingHints({ accountId: account.accountId }).rules.join("\n")).toContain("not shown here");
    const on = { ...SETTINGS_STREAM, args: ["updated", { _id: "Katex_Enabled", value: true }] };
    await noteSettingChange(account.accountId, on);
    expect(formattingHints({ accountId: "never asked" }).rules.join("\n")).not.toContain("Tables");
  });

  it("asks the server once for many replies", async () => {
    const before = emulator.control.requests().length;
    await Promise.all([split("a"), split("b"), split("c")]);
    expect(emulator.control.requests().length).toBe(before);
  });

  it("follows a change that the server tells", async () => {
    const event = { ...SETTINGS_STREAM, args: ["updated", { _id: "Message_MaxAllowedSize", value: 700 }] };
    await noteSettingChange(account.accountId, event);
    expect(longest(await split(LONG))).toBeLessThanOrEqual(700);
  });

  it("writes formulas as the server's KaTeX reads them, and follows a change of it", async () => {
    const formulas = "\\(x\\) for $5 or $6";
    const told = async (_id: string, value: boolean) => {
      await noteSettingChange(account.accountId, { ...SETTINGS_STREAM, args: ["updated", { _id, value }] });
      return split(formulas);
    };
    expect(await split(formulas)).toEqual([formulas]);
    expect(await told("Katex_Dollar_Syntax", true)).toEqual(["\\(x\\) for `$5` or `$6`"]);
    expect(await told("Katex_Parenthesis_Syntax", false)).toEqual(["$x$ for `$5` or `$6`"]);
    expect(await told("Katex_Enabled", false)).toEqual(["`x` for $5 or $6"]);
    emulator.control.setSetting("Katex_Parenthesis_Syntax", false);
    await refreshServerFacts(account.accountId, rest);
    expect(await split(formulas)).toEqual(["`x` for $5 or $6"]);
    emulator.control.setSetting("Katex_Parenthesis_Syntax", true);
    await refreshServerFacts(account.accountId, rest);
    expect(await split(formulas)).toEqual([formulas]);
  });

  it("never writes a message that the server would show without its markup", async () => {
    emulator.control.setSetting("Message_MaxAllowedSize", 3 * MAX_PARSED);
    await refreshServerFacts(account.accountId, rest);
    const parts = await split(`**bold** ${LONG.repeat(2)}`, { chunkLimit: 3 * MAX_PARSED });
    const isBounded = profile === "9.0";
    expect(longest(parts) <= MAX_PARSED).toBe(isBounded);
    expect(parts).toHaveLength(isBounded ? 4 : 2);
    emulator.control.setSetting("Message_MaxAllowedSize", 3000);
    await refreshServerFacts(account.accountId, rest);
  });

  it("assumes the default of a server that does not say", async () => {
    for (const path of ["settings.public", "info"]) emulator.faults.rest({ path, times: 2, status: 503 });
    expect(await refreshServerFacts(`new-${account.accountId}`, rest)).toMatchObject({
      maxMessageUnits: 5000,
      maxParsedUnits: Number.POSITIVE_INFINITY,
      modern: false,
    });
    emulator.faults.clear();
  });

  it("keeps what it knows of a server that is away for a moment", async () => {
    emulator.control.setSetting("Message_MaxAllowedSize", 900);
    await refreshServerFacts(account.accountId, rest);
    for (const path of ["settings.public", "info"]) emulator.faults.rest({ path, times: 4, status: 503 });
    await refreshServerFacts(account.accountId, rest);
    await refreshServerFacts(account.accountId, rest);
    expect(longest(await split(LONG))).toBeLessThanOrEqual(900);
    emulator.faults.clear();
    emulator.control.setSetting("Message_MaxAllowedSize", 3000);
    await refreshServerFacts(account.accountId, rest);
  });

  it("shows tables as configured", async () => {
    const [own] = await split(TABLE);
    expect(own).toMatch(profile === "9.0" ? /^\| a \| b \|/ : /^```\n\| a {3}\| b {3}\|/);
    expect(await split(TABLE, { tables: "bullets" })).toEqual(["**1**\n- b: 2"]);
    expect(await split(TABLE, { tables: "off" })).toEqual(["| a | b |\n| --- | --- |\n| 1 | 2 |"]);
  });
});
