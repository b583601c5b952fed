import { parseThreadSessionSuffix } from "openclaw/plugin-sdk/routing";
import { describe, expect, it } from "vitest";
import { resolveDeliveryTarget, resolveSessionConversation } from "./session-route.ts";

describe("resolveSessionConversation", () => {
  it.each([
    ["general", { id: "general", threadId: null, parentConversationCandidates: [] }],
    ["general:thread:m1", { id: "general", threadId: "m1", parentConversationCandidates: ["general"] }],
  ])("reads %s", (rawId, conversation) => {
    expect(resolveSessionConversation({ kind: "channel", rawId })).toEqual({
      ...conversation,
      baseConversationId: "general",
    });
  });

  it("reads as OpenClaw does where the plugin is not loaded yet", () => {
    for (const rawId of ["r1", "r1:thread:m1", "r1:thread:m1:thread:m2"]) {
      const generic = parseThreadSessionSuffix(rawId);
      const ours = resolveSessionConversation({ kind: "group", rawId });
      expect([ours?.id, ours?.threadId ?? undefined]).toEqual([generic.baseSessionKey, generic.threadId]);
    }
  });

  it("reads nothing out of nothing", () => {
    expect(resolveSessionConversation({ kind: "channel", rawId: "" })).toBeNull();
  });
});

describe("resolveDeliveryTarget", () => {
  it.each([
    [{ conversationId: "r1" }, { to: "room:r1" }],
    [{ conversationId: "user:u1" }, { to: "user:u1" }],
    [
      { conversationId: "m1", parentConversationId: "r1" },
      { to: "room:r1", threadId: "m1" },
    ],
    [{ conversationId: "r1", parentConversationId: "r1" }, { to: "room:r1" }],
  ])("%j is written to at %j", (conversation, target) => {
    expect(resolveDeliveryTarget(conversation)).toEqual(target);
  });
});
