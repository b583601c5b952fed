import { afterEach, expect, it } from "vitest";
import { messageIds } from "../../../test/support/message-ids.ts";
import { createTyping } from "../../outbound/typing.ts";
import { shareSending } from "../account/sending.ts";
import { openRestClient } from "../account/transport.ts";
import { inspectAccount } from "../config/account.ts";
import { heartbeat } from "./heartbeat.ts";

const section = { serverUrl: "https://chat.example.org", userId: "bot", username: "labbot", pat: "a-token" };
const cfg = { channels: { rocketchat: section } };
const seen: string[] = [];
let unshare = (): void => {};
afterEach(() => unshare());

function run(): void {
  const typing = createTyping({
    now: () => 0,
    readName: async () => "labbot",
    async call(_, [event, , activities, extras]) {
      seen.push(`${event} ${JSON.stringify(extras)} ${JSON.stringify(activities)}`);
    },
  });
  const rest = openRestClient(inspectAccount(cfg), { onUnauthorized: () => {} });
  unshare = shareSending("default", { rest, ids: messageIds("bot"), typing });
}

it("shows that the bot writes while a heartbeat works, in its place, and ends it once", async () => {
  const place = { cfg, to: "room:r1", accountId: "default", threadId: "t1" };
  run();
  await heartbeat.sendTyping(place);
  await heartbeat.sendTyping(place);
  await heartbeat.sendTyping({ ...place, to: "#town" });
  await heartbeat.clearTyping(place);
  await heartbeat.clearTyping(place);
  const shown = 'r1/user-activity {"tmid":"t1"} ["user-typing"]';
  expect(seen).toEqual([shown, 'r1/user-activity {"tmid":"t1"} []']);
});
