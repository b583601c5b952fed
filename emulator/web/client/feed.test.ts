// What the page makes of the plugin's events: one story a message, its outcome and its words.
import { expect, it } from "vitest";
import { headlineOf, outcomeOf, reasonOf, Stories } from "./feed.ts";

function storiesOf(...events: [name: string, at: number, fields?: Record<string, string>][]): Stories {
  const stories = new Stories("bot", () => {});
  for (const [name, at, fields] of events) stories.take({ name, at, fields: { message: "m1", ...fields } });
  return stories;
}

function headline(...events: Parameters<typeof storiesOf>): string {
  const story = storiesOf(...events).all.get("m1");
  return story ? headlineOf(story) : "no story";
}

it("tells how far a message has come", () => {
  expect(headline(["message admitted", 0])).toBe("stored, waiting for its turn");
  expect(headline(["message admitted", 0], ["turn started", 10])).toBe("the agent is working");
  expect(headline(["message admitted", 0], ["turn started", 10], ["turn ended", 1500])).toBe(
    "ended without an answer after 1.5 s",
  );
  expect(headline(["message admitted", 0], ["turn started", 10], ["reply sent", 640])).toBe(
    "answered in 640 ms",
  );
});

it("tells what became of what needs no turn", () => {
  const handled = (as: string) => headline(["message admitted", 0], ["message handled", 9, { as }]);
  expect(["commanded", "told", "joined"].map(handled)).toEqual([
    "carried out",
    "told to the agent in its next turn",
    "taken with the sender's next message",
  ]);
});

it("names the reason of a drop, before or after it was stored", () => {
  expect(headline(["message dropped", 0, { reason: "not-mentioned" }])).toBe("not answered: not mentioned");
  const story = storiesOf(
    ["message admitted", 0],
    ["message dropped", 5, { reason: "pairing-pending" }],
  ).all.get("m1");
  expect(story && [outcomeOf(story), reasonOf(story)]).toEqual(["dropped", "pairing-pending"]);
});

it("lets a message that is sent again keep its first judgment", () => {
  const again: Parameters<typeof storiesOf>[number] = ["message dropped", 900, { reason: "re-emission" }];
  expect(headline(["message admitted", 0], ["turn started", 1], ["reply sent", 5], again)).toBe(
    "answered in 5 ms",
  );
  expect(headline(["message dropped", 0, { reason: "not-mentioned" }], again)).toBe(
    "not answered: not mentioned",
  );
});

it("tells of what was asked later about a message that had been dropped", () => {
  const dropped: Parameters<typeof storiesOf>[number] = ["message dropped", 0, { reason: "not-mentioned" }];
  expect(headline(dropped, ["message admitted", 900], ["turn started", 910], ["reply sent", 940])).toBe(
    "answered in 40 ms",
  );
  expect(headline(dropped, ["message admitted", 900], ["message handled", 910, { as: "told" }])).toBe(
    "not answered: not mentioned",
  );
});

it("tells nothing of the agent's own messages and the server's notices", () => {
  expect(storiesOf(["message dropped", 0, { reason: "own-message" }]).all.size).toBe(0);
  expect(storiesOf(["message dropped", 0, { reason: "system-message" }]).all.size).toBe(0);
});

it("keeps what was last said about the connection", () => {
  expect(storiesOf(["connected", 0], ["connection lost", 1]).connection).toBe("connection lost");
});
