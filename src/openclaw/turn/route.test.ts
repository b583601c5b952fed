import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { describe, expect, it } from "vitest";
import { roomFacts } from "../../../test/support/room.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import { decodeMessage } from "../../facts/message.ts";
import { resolveRoute } from "./route.ts";

function routeOf(
  cfg: OpenClawConfig,
  chatType: "direct" | "group" | "channel",
  more: { mentioned?: boolean; implicit?: "quoted_bot"; sender?: string } = {},
) {
  const { mentioned = false, implicit, sender = "Alice" } = more;
  const message = decodeMessage({ _id: "m", rid: "r", msg: "hi", ts: 1, u: { _id: sender } });
  if (message === undefined) throw new Error("no message");
  const input = {
    message,
    room: roomFacts({ id: "r", chatType }),
    text: "hi",
    wasMentioned: mentioned,
    implicitMentions: implicit ? [implicit] : [],
  };
  return resolveRoute({ cfg, accountId: "default", settings: accountSettings(), input });
}

describe("the session of a direct message", () => {
  it.each([
    ["main", "agent:main:main"],
    ["per-peer", "agent:main:direct:alice"],
    ["per-channel-peer", "agent:main:rocketchat:direct:alice"],
    ["per-account-channel-peer", "agent:main:rocketchat:default:direct:alice"],
  ] as const)("under dmScope %s is %s", (dmScope, session) => {
    expect(routeOf({ session: { dmScope } }, "direct").turnSessionKey).toBe(session);
  });

  it("is one for the identities of a person that identityLinks names", () => {
    const identityLinks = { alice: ["rocketchat:Alice", "rocketchat:Alice2"] };
    const cfg: OpenClawConfig = { session: { dmScope: "per-peer", identityLinks } };
    const sessions = ["Alice", "Alice2"].map((sender) => routeOf(cfg, "direct", { sender }).turnSessionKey);
    expect(sessions).toEqual(["agent:main:direct:alice", "agent:main:direct:alice"]);
  });
});

describe("a message that names nobody, where no mention is needed", () => {
  const quiet: OpenClawConfig = { messages: { groupChat: { unmentionedInbound: "room_event" } } };

  it.each([
    ["channel", {}, "room_event"],
    ["group", {}, "room_event"],
    ["channel", { mentioned: true }, "user_request"],
    ["channel", { implicit: "quoted_bot" }, "user_request"],
    ["direct", {}, "user_request"],
  ] as const)("is in a %s, %j, a %s under unmentionedInbound", (chatType, more, kind) => {
    expect(routeOf(quiet, chatType, more).eventKind).toBe(kind);
  });

  it("is a request otherwise, and by the agent's own setting", () => {
    expect(routeOf({}, "channel").eventKind).toBe("user_request");
    const groupChat = { unmentionedInbound: "user_request" } as const;
    const own: OpenClawConfig = { ...quiet, agents: { entries: { main: { groupChat } } } };
    expect(routeOf(own, "channel").eventKind).toBe("user_request");
  });
});
