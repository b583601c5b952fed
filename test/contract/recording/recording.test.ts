import { describe, expect, test } from "vitest";
import { SCENARIOS } from "../scenarios/index.ts";
import { formatRecording, loadRecordings, type Profile, parseRecordings } from "./recording.ts";
import { Redactor } from "./redact.ts";

describe.each<Profile>(["8.3", "6.5"])("the recordings of %s", (profile) => {
  const recordings = loadRecordings(profile);

  test("are there for each scenario and for nothing else", () => {
    expect([...recordings.keys()].sort()).toEqual(SCENARIOS.map(({ name }) => name));
  });

  test("say of the same scenarios as we do that their times count", () => {
    const timed = [...recordings.values()]
      .filter((recording) => recording.timed)
      .map(({ scenario }) => scenario);
    expect(timed).toEqual(SCENARIOS.filter((scenario) => scenario.timed).map(({ name }) => name));
  });

  test("hold nothing that looks like a secret", () => {
    const watch = new Redactor({ base: "http://127.0.0.1", run: "-", ids: new Map(), secrets: new Map() });
    for (const recording of recordings.values()) expect(watch.leaks(JSON.stringify(recording))).toEqual([]);
  });

  test("are the same when written and read again", () => {
    for (const [name, recording] of recordings) {
      expect(parseRecordings(formatRecording(recording)).get(name)).toEqual(recording);
    }
  });
});

test.each([
  ["{", /line 1 is no JSON object/],
  ['{"kind":"phase","name":"x"}', /line 1 stands before any meta line/],
  ['{"kind":"meta","scenario":"s"}\n{"kind":"rest"}', /line 2: answer/],
  ['{"kind":"meta","scenario":"s"}\n{"kind":"song"}', /line 2: kind/],
])("a malformed file is refused with the line's number: %s", (text, error) => {
  expect(() => parseRecordings(text)).toThrow(error);
});
