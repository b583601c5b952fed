import { afterAll, beforeAll, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { createRestClient, type RestClient } from "../rest/client.ts";
import { react, setOwnReaction } from "./reactions.ts";

let emulator: Emulator;
let rest: RestClient;
let room: string;
let messageId: string;

beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  control.addUser({ username: "alice" });
  control.addEmoji("party_parrot", ["parrot_party"]);
  control.addEmoji("Eyes");
  room = control.addRoom({ name: "ops", type: "p", members: ["alice", "labbot"] });
  messageId = control.post({ as: "alice", rid: room, msg: "hello" })._id;
  rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: control.personalAccessToken("labbot"),
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
});
afterAll(() => emulator.close());

const reactions = () =>
  Object.keys(emulator.control.messages(room).find(({ _id }) => _id === messageId)?.reactions ?? {});

it.each([
  ["a character", "\u{1f440}", ":eyes:"],
  ["a name", "hourglass_flowing_sand", ":hourglass_flowing_sand:"],
  ["an emoji of the workspace", ":party_parrot:", ":party_parrot:"],
  ["another name of one", "parrot_party", ":parrot_party:"],
])("a configured reaction given by %s is set and removed by one call each", async (_, emoji, stored) => {
  const before = emulator.control.requests().length;
  await setOwnReaction(rest, { messageId, emoji, stands: true });
  expect(reactions()).toEqual([stored]);
  await setOwnReaction(rest, { messageId, emoji, stands: false });
  expect(reactions()).toEqual([]);
  expect(emulator.control.requests().slice(before)).toHaveLength(2);
});

it("a configured reaction that does not exist is refused with near names", async () => {
  const call = setOwnReaction(rest, { messageId, emoji: "party_parot", stands: true });
  await expect(call).rejects.toThrow(/no emoji "party_parot".*:party_parrot:/);
});

it.each([
  ["eyes", ":eyes:"],
  ["Eyes", ":Eyes:"],
  ["EYES", ":eyes:"],
])("the agent's %s is the emoji that is spelled so, or the standard one", async (emoji, stored) => {
  await react(rest, { messageId, emoji, stands: true });
  expect(reactions()).toEqual([stored]);
  await react(rest, { messageId, emoji, stands: false });
});
