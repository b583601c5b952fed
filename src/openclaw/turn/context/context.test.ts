import type { OpenClawConfig } from "openclaw/plugin-sdk/channel-core";
import { expect, it } from "vitest";
import { accountSettings } from "../../../../test/support/settings.ts";
import { decodeMessage } from "../../../facts/message.ts";
import { resolveRoute } from "../route.ts";
import { lastRoute } from "./context.ts";

const room = { id: "dm", type: "d", chatType: "direct" } as const;

/** The pin on the last route that a direct message of bob, a paired person, would set. */
function pinFor(allowFrom: readonly string[], cfg: OpenClawConfig = {}) {
  const message = decodeMessage({ _id: "m", rid: "dm", msg: "hi", ts: 1, u: { _id: "bob" } });
  if (message === undefined) throw new Error("no message");
  const input = {
    message,
    room: { ...room, label: undefined },
    text: "hi",
    wasMentioned: false,
    implicitMentions: [],
  };
  const scope = { cfg, accountId: "default", settings: accountSettings({ allowFrom }), input };
  return lastRoute(scope, resolveRoute(scope)).mainDmOwnerPin;
}

it("pins the main session's last route to the one person of allowFrom", () => {
  expect(pinFor(["alice"])).toEqual({ ownerRecipient: "alice", senderRecipient: "bob" });
  expect(pinFor(["@alice"])).toMatchObject({ ownerRecipient: "@alice" });
  expect(pinFor(["alice"], { session: { dmScope: "main" } })).toMatchObject({ ownerRecipient: "alice" });
});

it("pins nothing where nobody or everybody could be the owner, or each person has a session", () => {
  for (const allowFrom of [[], ["*"], ["alice", "bob"], ["alice", "*"], ["accessGroup:staff"]])
    expect(pinFor(allowFrom)).toBeUndefined();
  expect(pinFor(["alice"], { session: { dmScope: "per-channel-peer" } })).toBeUndefined();
});
