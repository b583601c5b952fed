import { expect, it } from "vitest";
import { decodeRevision, type Revision } from "../facts/change.ts";
import { createKnownMessages, Recent } from "./known.ts";

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

it("finds each of the last entries under its id alone, whatever the ids", () => {
  const [max, count] = [2_000, 50_000];
  const recent = new Recent<number>(max);
  const idOf = (number: number) => `${number % 7 === 0 ? "ß" : ""}${number.toString(36).padStart(17, "-")}`;
  const faults: string[] = [];
  for (let number = 0; number < count; number += 1) {
    if (recent.get(idOf(number)) !== undefined) faults.push(`${number} is found before it is put`);
    recent.put(idOf(number), number);
    const oldest = Math.max(0, number - max / 2 + 1);
    if (recent.get(idOf(oldest)) !== oldest) faults.push(`${oldest} is not found behind ${number}`);
  }
  expect(faults).toEqual([]);
  expect(recent.values().length).toBeLessThanOrEqual(max);
  recent.delete(idOf(count - 1));
  expect(recent.get(idOf(count - 1))).toBeUndefined();
});
