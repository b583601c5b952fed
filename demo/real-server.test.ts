// Owns the test of asking a real server who the bot is.
import { createServer } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listenOnLoopback } from "./listen.ts";
import { resolveUsername } from "./real-server.ts";

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? "");
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ username: "labbot" }));
});
let port = 0;
beforeAll(async () => {
  port = await listenOnLoopback(server);
});
afterAll(() => void server.close());

it.each(["", "/", "/chat", "/chat/"])("asks below the path of the server: %j", async (path) => {
  asked.length = 0;
  const url = new URL(`http://127.0.0.1:${port}${path}`);
  const options = {
    url,
    userId: "u",
    pat: "t",
    username: undefined,
    rooms: [],
    privateNetwork: true,
    insecure: true,
  };
  expect(await resolveUsername(options)).toBe("labbot");
  expect(asked).toEqual([`${path.replace(/\/$/, "")}/api/v1/me`]);
});
