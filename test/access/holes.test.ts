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
  expect(await withTypo.judge(said)).toBe("discussion-unconfirmed");
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

let made = 0;

/** A private group of bob and the bot that bob made as `groups.create` lets him, with an id and parent of his choice. */
function forge(extra: Record<string, unknown>): string {
  const name = `${++made + 1}`.padEnd(17, "aBcDeFgHjJkLmNoP");
  return stage.emulator.control.addRoom({ name, type: "p", members: ["bob", "labbot"], extra });
}

const sayIn = (rid: string, as: "alice" | "bob" = "bob") =>
  stage.eventOf({ id: stage.emulator.control.post({ as, rid, msg: "@labbot hi" })._id, rid }, as);

/** The parent's message of a discussion. */
const noticeOf = (rid: string) =>
  [...stage.emulator.world.messages.values()].find(({ drid }) => drid === rid)?._id ?? "";

const asked = (path: string) =>
  stage.emulator.control.requests().filter((request) => request.path.endsWith(path)).length;

it("gives a room that names a listed room as its parent none of that one's rights, at one question", async () => {
  const { open, town } = stage;
  const forged = forge({ prid: town.rooms.ops });
  const judge = await open({ section: () => ({ rooms: { [town.rooms.ops]: {} } }) });
  for (let round = 0; round < 20; round += 1)
    expect(await judge.judge(sayIn(forged))).toBe("room-not-allowed");
  expect(asked("chat.getDiscussions")).toBe(1);
  expect(await judge.judge(say("bob", "talk", "named", "hi"))).toMatch(/^answered/);
  expect(await judge.judge(say("bob", "talk", "named", "again"))).toMatch(/^answered/);
  expect(asked("chat.getDiscussions")).toBe(2);
});

it("serves what its parent does not confirm by an entry of its own, and by the default entry where its parent has none", async () => {
  const { open, town } = stage;
  const forged = forge({ prid: town.rooms.ops });
  const { ops } = town.rooms;
  const outcomes = async (rooms: Record<string, object>) =>
    (await (await open({ section: () => ({ rooms }) })).judge(sayIn(forged))).split(":", 1)[0];
  expect(await outcomes({ "*": {} })).toBe("answered");
  expect(await outcomes({ [ops]: {}, "*": { users: [] }, [forged]: {} })).toBe("answered");
  // It may be a discussion of that room for all the bot can see.
  expect(await outcomes({ [ops]: { enabled: false }, "*": {} })).toBe("discussion-unconfirmed");
});

it("serves no discussion whose message in the parent room is gone, nor one of a room that the bot is not in", async () => {
  const { open, emulator, town } = stage;
  const hidden = emulator.control.addRoom({ name: "hidden", type: "p", members: ["bob"] });
  const plans = emulator.control.discuss({ as: "bob", rid: hidden, title: "plans", users: ["labbot"] });
  const pruned = emulator.control.discuss({
    as: "bob",
    rid: town.rooms.ops,
    title: "old",
    users: ["labbot"],
  });
  emulator.world.messages.delete(noticeOf(pruned));
  const judge = await open({ section: () => ({ rooms: { [hidden]: {}, [town.rooms.ops]: {} } }) });
  expect(await judge.judge(sayIn(plans))).toBe("room-not-allowed");
  expect(await judge.judge(sayIn(pruned))).toBe("room-not-allowed");
});

it("finds a discussion among more than fit into one answer", async () => {
  const { open, emulator, town } = stage;
  const early = emulator.control.discuss({
    as: "bob",
    rid: town.rooms.ops,
    title: "early",
    users: ["labbot"],
  });
  for (let index = 0; index < 120; index += 1)
    emulator.control.discuss({ as: "bob", rid: town.rooms.ops, title: `later ${index}` });
  const judge = await open({ section: () => ({ rooms: { [town.rooms.ops]: {} } }) });
  expect(await judge.judge(sayIn(early))).toMatch(/^answered/);
});

it("opens nothing when the parent cannot be asked, and loses nothing", async () => {
  const { open, emulator, town } = stage;
  const forged = forge({ prid: town.rooms.ops });
  emulator.faults.rest({ path: "chat.getDiscussions", times: 4, status: 502 });
  for (const event of [sayIn(forged), say("bob", "talk", "named", "hi")]) {
    const judge = await open({ section: () => ({ rooms: { [town.rooms.ops]: {} } }) });
    await expect(judge.judge(event)).rejects.toThrow("502");
  }
  const later = await open({ section: () => ({ rooms: { [town.rooms.ops]: {} } }) });
  expect(await later.judge(say("bob", "talk", "named", "hi"))).toMatch(/^answered/);
});

it("serves the older alone of two rooms whose ids differ by capitals, which OpenClaw's sessions do not keep", async () => {
  const { open, emulator, town } = stage;
  for (const older of [
    emulator.control.addRoom({ name: "vault", type: "p", members: ["alice", "labbot"] }),
    town.rooms.town,
  ]) {
    const first = sayIn(older, "alice");
    const twin = forge({ _id: older.toUpperCase() });
    const { rooms } = emulator.world;
    for (const [id, ts] of [
      [older, 1],
      [twin, 2],
    ] as const)
      Object.assign(rooms.get(id) ?? {}, { ts: new Date(ts) });
    // Whichever speaks first after a start.
    for (const order of [
      [twin, older],
      [older, twin],
    ]) {
      const judge = await open({ section: () => ({ groupPolicy: "open" }) });
      for (const rid of order)
        expect(await judge.judge(rid === older ? first : sayIn(rid))).toMatch(
          rid === older ? /^answered/ : /^id-not-unique/,
        );
    }
  }
  const judge = await open({ section: () => ({ groupPolicy: "open" }) });
  await judge.judge(say("bob", "ops", "named", "hi"));
  await judge.judge(say("bob", "ops", "named", "again"));
  const questions = asked("subscriptions.get");
  await judge.judge(say("bob", "side", "named", "hi"));
  expect(asked("subscriptions.get")).toBe(questions);
  const late = forge({ _id: town.rooms.side.toUpperCase() });
  expect(await judge.judge(sayIn(late))).toBe("id-not-unique");
  expect(await judge.judge(say("bob", "side", "named", "still here"))).toMatch(/^answered/);
});
