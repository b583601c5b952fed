import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFailed } from "vitest";
import { BLOCKS, type Block, MENTION_PATTERNS } from "../access/decisions.ts";
import { buildTown, type Town } from "../access/town.ts";
import { type Stack, startStack } from "./stack.ts";

let stack: Stack;
let harbor: string;
let dm: string;
let group: string;
let bots: { plaza: string; second: string };
/** What connects the second bot user. */
let second: Record<string, unknown>;
let people: { alice: string; bob: string };
beforeEach(() => {
  const from = stack.gateway.mark();
  onTestFailed(() => console.log(stack.gateway.output.slice(from)));
});
beforeAll(async () => {
  stack = await startStack(({ control, userIds, account }) => {
    people = { alice: userIds.alice ?? "", bob: userIds.bob ?? "" };
    harbor = control.addRoom({ name: "harbor", type: "p", members: ["alice", "bob", "openclaw-bot"] });
    dm = control.direct(["alice", "openclaw-bot"]);
    group = control.direct(["alice", "bob", "openclaw-bot"]);
    const { userId } = control.addUser({ username: "second-bot", roles: ["user", "bot"] });
    const pat = control.personalAccessToken("second-bot");
    const plaza = control.addRoom({
      name: "plaza",
      type: "c",
      members: ["bob", "openclaw-bot", "second-bot"],
    });
    bots = { plaza, second: userId };
    second = { ...account, userId, username: "second-bot", pat };
    return {
      accounts: { default: {}, second },
      dmPolicy: "allowlist",
      allowFrom: [people.alice],
      rooms: { "#harbor": { users: ["@bob"] }, [plaza]: {} },
    };
  });
});
afterAll(() => stack?.stop());

const said = (rid: string) =>
  stack.emulator.control.messages(rid).flatMap(({ u, msg }) => (u._id === stack.bot.userId ? [msg] : []));

/** Resolves with "answered", or with why the gateway would not: the reason, and OpenClaw's own after a colon. */
function outcomeOf({ id, word, from }: { id: string; word: string; from: number }): Promise<string> {
  const answered = stack.emulator.control
    .waitForMessage(({ u, msg }) => u._id === stack.bot.userId && msg === word, { timeoutMs: 60_000 })
    .then(() => "answered");
  answered.catch(() => {});
  const dropped = (reason: string) =>
    stack.gateway.waitForOutput(
      new RegExp(`\\[default\\] message dropped reason=${reason}( detail=\\S+)? message=${id}`),
      { from },
    );
  // The acknowledgement of an admitted message comes back with it, and is dropped as the bot's own doing.
  const refused = dropped("\\S+").then((line) => {
    const admitted = stack.gateway.output.slice(from).includes(`message admitted message=${id}`);
    return admitted && line.includes("own-message") ? dropped("(?!own-message)\\S+") : line;
  });
  refused.catch(() => {});
  return Promise.race([
    answered,
    refused.then((line) => {
      const [, reason = "", detail = "-"] = /reason=(\S+)(?: detail=(\S+))?/.exec(line) ?? [];
      return detail === "-" ? reason : `${reason}: ${detail}`;
    }),
  ]);
}

/** Lets somebody write and resolves with the reason alone, or "answered". */
async function ask(as: string, rid: string, word: string): Promise<string> {
  const from = stack.gateway.mark();
  const { _id: id } = stack.emulator.control.post({ as, rid, msg: `@openclaw-bot [say ${word}]` });
  const outcome = await outcomeOf({ id, word, from });
  return outcome.split(":", 1).join();
}

it("lets only the listed people of a room speak to the agent", async () => {
  expect(await ask("bob", harbor, "listed")).toBe("answered");
  expect(await ask("alice", harbor, "unlisted")).toBe("sender-not-allowed");
});

it("serves the discussions of a listed room, but no room that only says it is one", async () => {
  const { control } = stack.emulator;
  const talk = control.discuss({ as: "bob", rid: bots.plaza, title: "Talk", users: ["openclaw-bot"] });
  const forged = control.addRoom({
    name: "Xq3mYbHbnTwTtKkXd",
    type: "p",
    members: ["alice", "openclaw-bot"],
    extra: { prid: bots.plaza },
  });
  const from = stack.gateway.mark();
  expect(await ask("alice", forged, "let in")).toBe("room-not-allowed");
  expect(await ask("bob", talk, "discussed")).toBe("answered");
  await stack.gateway.waitForOutput(
    new RegExp(`discussion not confirmed room=${forged} parent=${bots.plaza}`),
    {
      from,
    },
  );
});

it("answers a listed person directly, and nobody in a group DM that is off", async () => {
  expect(await ask("alice", dm, "direct")).toBe("answered");
  expect(await ask("alice", group, "grouped")).toBe("group-dms-off");
  expect(said(group)).toEqual([]);
});

it("denies the very next message of a person taken off the list, over the same connection", async () => {
  const connections = () =>
    stack.emulator.control.connections().filter(({ userId }) => userId === stack.bot.userId);
  const before = connections();
  const from = stack.gateway.mark();
  await stack.changeSection((section) => ({
    ...section,
    allowFrom: [people.bob],
    dm: { groupEnabled: true },
  }));
  await stack.gateway.waitForOutput(/\[reload\] config .*channels\.rocketchat\.allowFrom/, { from });
  expect(await ask("alice", dm, "too late")).toBe("sender-not-allowed");
  expect(await ask("bob", group, "grouped now")).toBe("answered");
  expect(await ask("alice", group, "not she")).toBe("sender-not-allowed");
  expect(stack.gateway.output.slice(from)).not.toContain("[default] connected");
  // The same one; a room that is spoken in adds its stream of deletions.
  expect(connections()).toEqual(
    before.map(({ userId, subs }) => ({ userId, subs: expect.arrayContaining(subs) })),
  );
});

it("goes by ids even where names are listed: whoever takes a listed person's name is still a stranger", async () => {
  stack.emulator.control.renameUser({ username: "bob", to: "robert" });
  stack.emulator.control.renameUser({ username: "alice", to: "bob" });
  expect(await ask("bob", harbor, "impostor")).toBe("sender-not-allowed");
  expect(await ask("robert", harbor, "renamed")).toBe("answered");
});

it("goes by ids: a room that takes a served room's name is not served", async () => {
  const { control } = stack.emulator;
  control.rename({ as: "robert", rid: harbor, name: "old-harbor" });
  const other = control.addRoom({ name: "harbor", type: "p", members: ["robert", "openclaw-bot"] });
  control.post({ as: "robert", rid: other, msg: "@openclaw-bot [say wrong room]" });
  expect(await ask("robert", harbor, "same room")).toBe("answered");
  expect(said(other)).toEqual([]);
});

it("lets two bot users of one gateway not answer each other", async () => {
  const { control } = stack.emulator;
  await stack.gateway.waitForOutput(/\[second\] connected/);
  stack.model.script("[provoke]", { text: "<@second-bot> [say a loop begins]" });
  control.post({ as: "robert", rid: bots.plaza, msg: "@openclaw-bot [provoke]" });
  const spoken = (text: string) => control.waitForMessage(({ msg }) => msg === text, { timeoutMs: 60_000 });
  await spoken("@second-bot [say a loop begins]");
  control.post({ as: "robert", rid: bots.plaza, msg: "@second-bot [say for a person I answer]" });
  await spoken("for a person I answer");
  const second = control.messages(bots.plaza).flatMap(({ u, msg }) => (u._id === bots.second ? [msg] : []));
  expect(second).toEqual(["for a person I answer"]);
});

describe("the decision table", () => {
  let town: Town;
  let account: Record<string, unknown>;
  const applied = async (change: () => Promise<void>, key: string): Promise<void> => {
    const from = stack.gateway.mark();
    await change();
    await stack.gateway.waitForOutput(new RegExp(`\\[reload\\] config .*${key}`), { from });
  };
  beforeAll(async () => {
    const { control } = stack.emulator;
    control.renameUser({ username: "bob", to: "alice" });
    control.renameUser({ username: "robert", to: "bob" });
    town = buildTown(stack.emulator, { userId: stack.bot.userId, username: "openclaw-bot" }, "second-bot");
    const accounts = { default: {}, second: { ...second, dmPolicy: "disabled", groupPolicy: "disabled" } };
    account = { ...stack.account, accounts };
    await applied(
      () => stack.gateway.updateConfig((config) => ({ ...config, messages: MENTION_PATTERNS })),
      "messages",
    );
  });

  const configure = (block: Block): Promise<void> =>
    applied(
      () => stack.changeSection(() => ({ ...account, ...block.section(town) })),
      "channels\\.rocketchat",
    );

  let count = 0;
  async function tryRow([as, place, saying]: Block["rows"][number]): Promise<string> {
    count += 1;
    const word = `word ${count}`;
    const from = stack.gateway.mark();
    const { id } = town.speak(as, place, { saying, marker: `[say ${word}]` });
    return outcomeOf({ id, word, from });
  }

  it.each(BLOCKS.filter(({ gateway }) => gateway))("holds in a real gateway with $name", async (block) => {
    await configure(block);
    // No integration writes here.
    const rows = block.rows.filter(([as]) => as !== "hook");
    const outcomes: string[] = [];
    for (const row of rows) outcomes.push(`${row.slice(0, 3).join(", ")}: ${await tryRow(row)}`);
    const expected = rows.map(([as, place, saying, verdict]) => {
      const seen = verdict.replace(/^answered: .*/, "answered").replace(/^pairing: .*/, "pairing-pending");
      return `${as}, ${place}, ${saying}: ${seen}`;
    });
    expect(outcomes).toEqual(expected);
  });
});
