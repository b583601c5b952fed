import { expect, it } from "vitest";
import { decodeMessage, type MessageFacts } from "../facts/message.ts";
import { createKnowledge } from "./knowledge.ts";

function setUp() {
  const asked: string[] = [];
  let now = 0;
  let teams = ["team1"];
  const known = createKnowledge({
    places: { parentOf: () => undefined },
    threads: { role: () => undefined, noteOwnMessage: () => {} },
    matchesPattern: () => false,
    fetchTeams: async () => {
      asked.push("teams");
      return teams;
    },
    fetchProfile: async (id) => {
      asked.push(id);
      return id === "nobody" ? undefined : { id, username: id, name: id, isBot: id.endsWith("bot") };
    },
    siblings: new Set(["sibling"]),
    now: () => now,
  });
  return {
    asked,
    known,
    join(...ids: string[]) {
      teams = ids;
    },
    pass(ms: number) {
      now += ms;
    },
  };
}

function mentioning(...mentions: object[]): MessageFacts {
  const message = decodeMessage({ _id: "m", rid: "r", ts: { $date: 1 }, u: { _id: "alice" }, mentions });
  if (message === undefined) throw new Error("not a message");
  return message;
}
const team1 = mentioning({ _id: "team1", type: "team" });

it("asks for the bot's teams when a team is mentioned, once in ten minutes", async () => {
  const { asked, known, join, pass } = setUp();
  await known.learnTeams(mentioning({ _id: "bob", type: "user" }, { _id: "all" }));
  expect(asked).toEqual([]);
  expect(known.isOwnTeam("team1")).toBeUndefined();
  await known.learnTeams(team1);
  await known.learnTeams(team1);
  expect([known.isOwnTeam("team1"), known.isOwnTeam("team2")]).toEqual([true, false]);
  join();
  pass(10 * 60_000);
  expect(known.isOwnTeam("team1")).toBeUndefined();
  await known.learnTeams(team1);
  expect(known.isOwnTeam("team1")).toBe(false);
  expect(asked).toEqual(["teams", "teams"]);
});

it("asks once in an hour whether somebody is a bot, and never about the gateway's own", async () => {
  const { asked, known, pass } = setUp();
  expect(known.bots.has("webbot")).toBe(false);
  expect(await known.isBot("webbot")).toBe(true);
  expect(known.bots.has("webbot")).toBe(true);
  expect(await known.isBot("alice")).toBe(false);
  expect(await known.isBot("nobody")).toBe(false);
  expect(await known.isBot("sibling")).toBe(true);
  await known.isBot("webbot");
  expect(asked).toEqual(["webbot", "alice", "nobody"]);
  pass(60 * 60_000);
  await known.isBot("alice");
  expect(asked).toEqual(["webbot", "alice", "nobody", "alice"]);
});
