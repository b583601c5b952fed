// Owns the holes that were measured in other plugins for Rocket.Chat, each shown to be closed here.
import { afterEach, beforeEach, expect, it } from "vitest";
import { NamesPendingError } from "../../src/errors.ts";
import { MemoryPins } from "../support/name-pins.ts";
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

it("lets a message wait for what its sender writes next only when the sender may speak", async () => {
  const { open, town } = stage;
  const judge = await open({
    section: () => ({ rooms: { [town.rooms.town]: { users: [town.ids.alice] } } }),
  });
  for (const person of ["bob", "alice", "impostor"] as const)
    await judge.judge(say(person, "town", "named", `words of ${person}`));
  expect(judge.waited).toEqual([town.ids.alice]);
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

it("serves no discussion while the name of a room that may be its parent's is not known, and loses nothing", async () => {
  const { open, emulator } = stage;
  const section = ({ ids }: Stage["town"]) => ({
    rooms: { "#ops": { users: [ids.alice] }, "*": { requireMention: false } },
  });
  emulator.faults.rest({ path: "rooms.info", times: 1, status: 502 });
  const early = await open({ section });
  for (const place of ["talk", "sidetalk", "ops"] as const)
    await expect(early.judge(say("bob", place, "named", "hi"))).rejects.toThrow(NamesPendingError);
  expect(await early.judge(say("bob", "side", "named", "hi"))).toMatch(/^answered/);

  const later = await open({ section });
  for (const place of ["talk", "ops"] as const) {
    expect(await later.judge(say("bob", place, "named", "hi"))).toMatch(/^sender-not-allowed/);
    expect(await later.judge(say("alice", place, "named", "hi"))).toMatch(/^answered/);
  }
  expect(await later.judge(say("bob", "sidetalk", "named", "hi"))).toMatch(/^answered/);
});

it("serves no discussion of a room that the bot may not see while some name means no room", async () => {
  const { open, emulator } = stage;
  const { control } = emulator;
  const hidden = control.addRoom({ name: "hidden", type: "p", members: ["alice"] });
  const rid = control.discuss({ as: "alice", rid: hidden, title: "plans", users: ["labbot", "bob"] });
  const said = stage.eventOf({ id: control.post({ as: "bob", rid, msg: "@labbot hi" })._id, rid }, "bob");
  const withTypo = await open({ section: () => ({ rooms: { "#hidden": { users: [] }, "*": {} } }) });
  expect(await withTypo.judge(said)).toBe("room-not-allowed");
  expect(await withTypo.judge(say("bob", "sidetalk", "named", "hi"))).toMatch(/^answered/);
});

it("lets a listed person wait whose name could not be looked up, and nobody else", async () => {
  const { open, emulator } = stage;
  emulator.faults.rest({ path: "users.info", times: 1, status: 502 });
  const judge = await open({ section: () => ({ dmPolicy: "allowlist", allowFrom: ["@alice"] }) });
  await expect(judge.judge(say("alice", "dm", "plain", "hi"))).rejects.toThrow(NamesPendingError);
  expect(await judge.judge(say("bob", "dm", "plain", "hi"))).toMatch(/^sender-not-allowed/);
});

it("knows people and rooms over restarts by what their names meant, whoever has these names now", async () => {
  const { open, emulator, town } = stage;
  const { control } = emulator;
  const pins = new MemoryPins();
  const section = () => ({ groupPolicy: "allowlist", rooms: { "#town": { users: ["@alice"] } } });
  await open({ section, pins });
  control.renameUser({ username: "alice", to: "alicia" });
  control.renameUser({ username: "bob", to: "alice" });
  control.rename({ as: "alicia", rid: town.rooms.town, name: "old-town" });
  control.rename({ as: "alicia", rid: town.rooms.side, name: "town" });
  const judge = await open({ section, pins });
  const hear = (as: string, rid: string) =>
    judge.judge(stage.eventOf({ id: control.post({ as, rid, msg: "@labbot hi" })._id, rid }, "alice"));
  expect(await hear("alicia", town.rooms.town)).toMatch(/^answered/);
  expect(await hear("alice", town.rooms.town)).toMatch(/^sender-not-allowed/);
  expect(await hear("alicia", town.rooms.side)).toBe("room-not-allowed");
});
