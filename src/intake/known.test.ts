import { expect, it } from "vitest";
import { decodeRevision, type Revision } from "../facts/change.ts";
import { createKnownMessages } from "./known.ts";

function revision(id: string, sentAt: number): Revision {
  const decoded = decodeRevision({ _id: id, rid: "r1", ts: sentAt, u: { _id: "alice" } });
  if (decoded === undefined) throw new Error("no revision");
  return decoded;
}

it("forgets the message that changed longest ago when there are too many", () => {
  const known = createKnownMessages(2);
  for (const [id, sentAt] of [
    ["a", 30],
    ["b", 20],
    ["a", 30],
    ["c", 10],
  ] as const) {
    known.keep({ revision: revision(id, sentAt), mentioned: false, room: {} });
  }
  expect(["a", "b", "c"].map((id) => known.find(id)?.revision.id)).toEqual(["a", undefined, "c"]);
});

it("forgets what it is told to forget", () => {
  const known = createKnownMessages();
  known.keep({ revision: revision("a", 1), mentioned: true, room: {} });
  known.forget("a");
  expect(known.find("a")).toBeUndefined();
});
