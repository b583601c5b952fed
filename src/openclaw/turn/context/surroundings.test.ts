import { expect, it } from "vitest";
import { roomFacts } from "../../../../test/support/room.ts";
import { accountSettings } from "../../../../test/support/settings.ts";
import { decodeMessage } from "../../../facts/message.ts";
import { NOTHING_AROUND } from "../../../turn/surroundings.ts";
import type { TurnScope } from "../scope.ts";
import { shownRecent } from "./surroundings.ts";

const say = (id: string, userId: string) =>
  decodeMessage({ _id: id, rid: "r1", msg: id, ts: 1, u: { _id: userId, username: userId } });

it.each([
  ["direct", ["question", "answer"]],
  ["channel", ["question"]],
  ["group", ["question"]],
] as const)("shows its own words in the history of a new %s session: %j", (chatType, shown) => {
  const message = say("now", "alice");
  const recent = [say("question", "alice"), say("answer", "bot")].flatMap((said) => said ?? []);
  const settings = accountSettings({ dmHistoryLimit: 5 });
  const scope = {
    settings,
    input: { message, room: roomFacts({ id: "r1", chatType }) },
  } as unknown as TurnScope;
  expect(shownRecent(scope, { ...NOTHING_AROUND, recent }).map(({ id }) => id)).toEqual(shown);
});
