import { afterAll, beforeAll, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { createRestClient, type RestClient } from "../rest/client.ts";
import { closeMessage } from "./close.ts";

let emulator: Emulator;
let rest: RestClient;
let rid: string;

beforeAll(async () => {
  emulator = await startEmulator();
  const { control } = emulator;
  const { userId } = control.addUser({ username: "labbot", roles: ["user", "bot"] });
  control.addUser({ username: "mo" });
  rid = control.addRoom({ name: "ops", type: "p", members: ["mo", "labbot"] });
  rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: control.personalAccessToken("labbot"),
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
});
afterAll(() => emulator.close());

const ask = (): string => emulator.control.post({ as: "labbot", rid, msg: "May I?" })._id;
const textOf = (id: string) => emulator.control.messages(rid).find(({ _id }) => _id === id)?.msg;

it("adds how a question ended", async () => {
  const id = ask();
  await closeMessage(rest, id, "Approved.");
  expect(textOf(id)).toBe("May I?\n\nApproved.");
  await closeMessage(rest, "nothing", "Approved.");
});

it("makes nobody else's words its own", async () => {
  const id = ask();
  emulator.control.edit({ as: "mo", messageId: id, text: "May I make tea?" });
  await closeMessage(rest, id, "Approved.");
  expect(textOf(id)).toBe("May I make tea?");
});
