// Owns the tests of the feed: which log lines become events, whole or in pieces, for early and late listeners.
import { expect, it } from "vitest";
import type { FeedEvent } from "../emulator/web/offers.ts";
import { PluginFeed, readLogLine } from "./plugin-feed.ts";

const AT = "2026-11-22T18:56:04.512+00:00";
const DROPPED = `${AT} [rocketchat] [default] message dropped reason=not-mentioned message=m1 room=GENERAL`;

it("reads time, words and fields of the plugin's lines", () => {
  expect(readLogLine(DROPPED)).toEqual({
    at: Date.parse(AT),
    name: "message dropped",
    fields: { reason: "not-mentioned", message: "m1", room: "GENERAL" },
  });
});

it("keeps spaces in a value", () => {
  const line = `${AT} [rocketchat] [ops] connection lost error=network: no way out attempt=2`;
  expect(readLogLine(line)).toMatchObject({
    name: "connection lost",
    fields: { error: "network: no way out", attempt: "2" },
  });
});

it("passes over lines of others and lines without a time", () => {
  expect(readLogLine(`${AT} [diagnostic] message queued: sessionId=1`)).toBeUndefined();
  expect(readLogLine("later [rocketchat] [default] connected")).toBeUndefined();
});

it("tells a late listener the past and everybody what comes in pieces", () => {
  const feed = new PluginFeed("bot");
  feed.read(`${DROPPED}\n${AT} [rocketchat] [def`);
  const heard: FeedEvent[] = [];
  const stop = feed.listen((event) => heard.push(event));
  feed.read("ault] connected\n");
  expect(heard.map(({ name }) => name)).toEqual(["message dropped", "connected"]);
  stop();
  feed.read(`${DROPPED}\n`);
  expect(heard).toHaveLength(2);
});
