import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { buildMentionRegexes, matchesMentionPatterns } from "openclaw/plugin-sdk/channel-inbound";
import { resolveAgentRoute } from "openclaw/plugin-sdk/routing";
import { expect, it } from "vitest";
import { roomFacts } from "../../../test/support/room.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import { decodeMessage } from "../../facts/message.ts";
import type { RoomFacts } from "../../facts/room.ts";
import { createPatternMatcher } from "./mention-patterns.ts";

const core = {
  channel: { mentions: { buildMentionRegexes, matchesMentionPatterns }, routing: { resolveAgentRoute } },
};
const peer = (kind: "group" | "channel", id: string) => ({ channel: "rocketchat", peer: { kind, id } });
/** OpenClaw's type of a binding knows no route where absent is not undefined. */
const cfg = {
  agents: {
    entries: {
      main: { groupChat: { mentionPatterns: ["mainy"] } },
      ops: { groupChat: { mentionPatterns: ["opsy"] } },
    },
  },
  bindings: [
    { agentId: "ops", match: peer("group", "g1") },
    { agentId: "ops", match: peer("channel", "parent") },
    { agentId: "main", match: { channel: "rocketchat", accountId: "default" } },
  ],
} as object as OpenClawConfig;

it.each<[string, RoomFacts | undefined, string[]]>([
  ["a group DM", roomFacts({ id: "g1", chatType: "group" }), ["opsy"]],
  ["a discussion", roomFacts({ id: "d1", parentId: "parent" }), ["opsy"]],
  ["another room", roomFacts({ id: "r1" }), ["mainy"]],
  ["a room that is not known yet", undefined, ["mainy", "opsy"]],
])("in %s, the patterns of the agent that it is bound to count", (_, room, counting) => {
  const matcher = createPatternMatcher({
    core,
    readConfig: () => cfg,
    readSettings: () => accountSettings(),
    findRoom: () => room,
  });
  const matching = ["mainy", "opsy"].filter((text) => {
    const message = decodeMessage({ _id: "m", rid: room?.id ?? "r9", msg: text, ts: 1, u: { _id: "alice" } });
    return message !== undefined && matcher.matches(message);
  });
  expect(matching).toEqual(counting);
});
