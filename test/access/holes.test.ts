// Owns the holes that were measured in other plugins for Rocket.Chat, each shown to be closed here.
import { globSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openStage, type Stage } from "./stage.ts";
import type { Place, Saying, Speaker } from "./town.ts";

let stage: Stage;
beforeEach(async () => {
  stage = await openStage();
});
afterEach(() => stage.close());

const say = (as: Speaker, place: Place, saying: Saying, marker: string) =>
  stage.eventOf(stage.town.speak(as, place, { saying, marker }), as);

it("never hands one person's words on as another's, however close they come", async () => {
  const { open, town } = stage;
  const judge = await open({
    section: () => ({ rooms: { [town.rooms.town]: { users: [town.ids.alice], requireMention: false } } }),
  });
  const events = [
    say("alice", "town", "named", "allowed one"),
    say("bob", "town", "named", "blocked words"),
    say("alice", "town", "named", "allowed two"),
    say("self", "town", "plain", "the bot's own words"),
  ];
  const verdicts = await Promise.all(events.map((event) => judge.judge(event)));
  expect(verdicts.map((verdict) => verdict.split(":", 1)[0])).toEqual([
    "answered",
    "sender-not-allowed",
    "answered",
    "own-message",
  ]);
  expect(judge.heard).toEqual([
    { senderId: town.ids.alice, text: "allowed one" },
    { senderId: town.ids.alice, text: "allowed two" },
  ]);
});

it("has nothing that waits for further messages before it judges", () => {
  const sources = globSync("src/**/*.ts", { exclude: ["**/*.test.ts"] });
  expect(sources.length).toBeGreaterThan(50);
  expect(sources.filter((path) => /debounc/i.test(readFileSync(path, "utf8")))).toEqual([]);
});

it("does not let a username pass for the id that it spells, in any list", async () => {
  const { open, town } = stage;
  const { alice } = town.ids;
  for (const dangerouslyAllowNameMatching of [false, true]) {
    const judge = await open({
      section: () => ({
        dangerouslyAllowNameMatching,
        dmPolicy: "allowlist",
        allowFrom: [alice],
        groupAllowFrom: [alice],
        dm: { groupEnabled: true },
        rooms: { [town.rooms.town]: {}, [town.rooms.ops]: { users: [alice] } },
      }),
    });
    for (const place of ["dm", "town", "ops"] as const) {
      expect(await judge.judge(say("alice", place, "named", "hi"))).toMatch(/^answered/);
      expect(await judge.judge(say("impostor", place, "named", "hi"))).toMatch(/^sender-not-allowed/);
    }
  }
});

it("answers a group DM in the group DM", async () => {
  const { open, town } = stage;
  const judge = await open({
    section: ({ ids }) => ({ dm: { groupEnabled: true }, allowFrom: [ids.alice] }),
  });
  expect(await judge.judge(say("alice", "group", "named", "who is here?"))).toMatch(/^answered/);
  expect(judge.posted).toEqual([town.rooms.group]);
});

it("answers in a direct message that is younger than the account's start", async () => {
  const { open, emulator } = stage;
  const judge = await open({ section: ({ ids }) => ({ allowFrom: [ids.bob] }) });
  const direct = emulator.control.direct(["bob", "labbot"]);
  expect(await judge.judge(say("bob", "dm", "plain", "first words"))).toMatch(/^answered/);
  expect(judge.posted).toEqual([direct]);
});

it("takes an empty list, or one whose names mean nobody, for nobody", async () => {
  const { open } = stage;
  for (const allowFrom of [[], ["@ghost"], ["accessGroup:none"], [" "]]) {
    for (const dmPolicy of ["allowlist", "open", "disabled"]) {
      const judge = await open({ section: () => ({ dmPolicy, allowFrom, dm: { groupEnabled: true } }) });
      expect(await judge.judge(say("alice", "dm", "plain", "hi"))).toMatch(/^sender-not-allowed/);
      expect(await judge.judge(say("alice", "group", "named", "hi"))).toMatch(/^sender-not-allowed/);
    }
  }
});

it("opens nothing when the last person is taken off a list", async () => {
  const { open, town } = stage;
  for (const section of [
    { groupAllowFrom: [town.ids.bob], rooms: { [town.rooms.town]: { users: [] } } },
    { rooms: { [town.rooms.town]: { users: [] } } },
    { groupAllowFrom: [], rooms: { [town.rooms.town]: {} } },
    { groupAllowFrom: [], groupPolicy: "open" },
    { allowFrom: [town.ids.alice, town.ids.bob], dm: { groupEnabled: true, groupRooms: [] } },
  ]) {
    const judge = await open({ section: () => section });
    const place = "dm" in section ? "group" : "town";
    for (const person of ["alice", "bob"] as const)
      expect(await judge.judge(say(person, place, "named", "hi"))).toMatch(
        /^(sender-not-allowed|group-dms-off)/,
      );
  }
});

it("asks the server nothing about a flood of messages that are not for the agent", async () => {
  const { open, emulator, town } = stage;
  const judge = await open({ section: () => ({ rooms: { [town.rooms.town]: {}, [town.rooms.ops]: {} } }) });
  const events = (["town", "ops", "side"] as const).flatMap((place) =>
    (["plain", "@all", "other", "in foreign thread"] as const).map((saying) =>
      say("alice", place, place === "town" ? saying : "plain", "noise"),
    ),
  );
  const before = emulator.control.requests().length;
  for (let round = 0; round < 200; round += 1) for (const event of events) await judge.judge(event);
  expect(emulator.control.requests().length).toBe(before);
  expect(judge.heard).toEqual([]);
});

it("asks once about a flood in a discussion of a room that is not served", async () => {
  const { open, emulator, town } = stage;
  const judge = await open({ section: () => ({ rooms: { [town.rooms.town]: {} } }) });
  const event = say("alice", "sidetalk", "named", "noise");
  const before = emulator.control.requests().length;
  for (let round = 0; round < 200; round += 1) expect(await judge.judge(event)).toBe("room-not-allowed");
  expect(emulator.control.requests().length - before).toBe(1);
});
