import { afterAll, beforeAll, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { ProtocolError } from "../errors.ts";
import { createBotUser, findManagedUser, issueToken } from "./administration.ts";
import { createRestClient, type SetupClient } from "./client.ts";

let emulator: Emulator;
let rest: SetupClient;
beforeAll(async () => {
  emulator = await startEmulator();
  const { userId } = emulator.control.addUser({ username: "root", roles: ["admin"] });
  rest = createRestClient({
    serverUrl: emulator.url,
    userId,
    pat: emulator.control.personalAccessToken("root"),
    fetch: async (url, init) => ({ response: await fetch(url, init), release: async () => {} }),
    onUnauthorized: () => {},
  });
});
afterAll(() => emulator.close());

const BOT = { username: "b", name: "b", email: "b@bots.invalid", password: "p", roles: ["bot"] };

/** A server whose next answer names a variable of this machine's environment where it should name what it made up. */
function answering(path: string, answer: object): void {
  emulator.faults.rest({ path, times: 1, status: 200, body: { success: true, ...answer } });
}

it("takes no token and no user id that the configuration would replace by a variable of this machine", async () => {
  answering("users.generatePersonalAccessToken", { token: `\${HOME}` });
  await expect(issueToken(rest, "openclaw", "")).rejects.toThrow(ProtocolError);
  answering("users.create", { user: { _id: `\${HOME}`, username: "b" } });
  await expect(createBotUser(rest, BOT, "")).rejects.toThrow(ProtocolError);
  answering("users.info", { user: { _id: `\${HOME}`, username: "b" } });
  expect(await findManagedUser(rest, { username: "b" })).toBeUndefined();
});
