import { describe, expect, test } from "vitest";
import type { Json } from "./json.ts";
import type { Step } from "./recording.ts";
import { Redactor } from "./redact.ts";

const TOKEN = "Abcdefghij-klmnopqrst_uvwxyz0123456789ABCDE";
const ALICE = "aLiCe23456789abcd";

function redactor(): Redactor {
  return new Redactor({
    base: "http://127.0.0.1:3000",
    run: "zqabcdef",
    ids: new Map([[ALICE, "alice"]]),
    secrets: new Map([["open sesame", "password:alice"]]),
  });
}

function redacted(...frames: Json[]): Json[] {
  const steps = frames.map((frame): Step => ({ kind: "frame", actor: "a", socket: "a#1", dir: "in", frame }));
  return redactor()
    .redact(steps)
    .flatMap((step) => (step.kind === "frame" ? [step.frame] : []));
}

describe("placeholders", () => {
  test.each<[string, Json, Json]>([
    ["an id of 17 characters", "23456789abcdefghj", "<id:1>"],
    ["an id of 24 hexadecimal digits", "0123456789abcdef01234567", "<id:1>"],
    ["an id with a name of its own", ALICE, "<id:alice>"],
    ["two ids joined", `${ALICE}23456789abcdefghj`, expect.stringMatching(/^<id:\d>$/)],
    ["an id within a text", "x/23456789abcdefghj/y", "x/<id:1>/y"],
    ["a long word that is none", "internationalises", "internationalises"],
    ["a date as text", "2026-11-22T10:00:00.000Z", "<date:1>"],
    ["a date of DDP", { $date: 5 }, { $date: "<date:1>" }],
    ["an instant as a number", 1_763_800_000_000, "<ms:1>"],
    ["any other number", 42, 42],
    ["the server's address", "http://127.0.0.1:3000/x", "<base>/x"],
    ["the run", "rec-room-zqabcdef", "rec-room-<run>"],
    ["a known secret", "it is open sesame", "it is <password:alice>"],
    ["an unknown token", TOKEN, "<token:new.1>"],
    ["a text of one character", "x".repeat(43), "x".repeat(43)],
    ["a key", { [`${ALICE}/message`]: 1 }, { "<id:alice>/message": 1 }],
  ])("%s", (_, value, placeholder) => {
    expect(redacted(value)).toEqual([placeholder]);
  });

  test("the same id gets the same number, another the next", () => {
    const [a, b] = ["23456789abcdefghj", "23456789abcdefghk"];
    expect(redacted([a, b], [b, a])).toEqual([
      ["<id:1>", "<id:2>"],
      ["<id:2>", "<id:1>"],
    ]);
  });

  test("a word is an id where it stands under a key for ids", () => {
    const word = "abcdefghijkmnopqr";
    expect(redacted({ text: word })).toEqual([{ text: word }]);
    expect(redacted({ text: word }, { rid: word })).toEqual([{ text: "<id:1>" }, { rid: "<id:1>" }]);
  });
});

describe("leaks", () => {
  test.each([
    ["a known secret", "open sesame"],
    ["a token", TOKEN],
    ["a bcrypt hash", `$2b$10$${"a1".repeat(27)}`.slice(0, 60)],
    ["a digest", "0123456789abcdef".repeat(4)],
  ])("%s is found", (_, secret) => {
    expect(redactor().leaks(`before ${secret} after`)).toHaveLength(1);
  });

  test("a sample that is told shows the beginning only", () => {
    expect(redactor().leaks(TOKEN).join()).not.toContain(TOKEN.slice(0, 6));
  });

  test("placeholders are none", () => {
    expect(redactor().leaks("<token:new.1> <hash:2> <password:alice>")).toEqual([]);
  });
});
