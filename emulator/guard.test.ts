// Pages elsewhere reach neither the controls nor what the chat page offers, whatever they make a browser send.
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "./server.ts";

let emulator: Emulator;
let port: number;

beforeAll(async () => {
  const people = [{ username: "alice", name: "Alice", password: "open sesame" }];
  emulator = await startEmulator({ page: { people } });
  emulator.control.addUser({ username: "alice" });
  port = Number(new URL(emulator.url).port);
});
afterAll(() => emulator.close());

interface Ask {
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: string;
}

/** One HTTP call with any headers; its status and text. */
function ask(path: string, { method = "GET", headers = {}, body }: Ask = {}): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const call = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.on("end", () => resolve([answer.statusCode ?? 0, text]));
    });
    call.on("error", reject).end(body);
  });
}

const JSON_TYPE = { "content-type": "application/json" };
const POST = JSON.stringify({ as: "alice", rid: "GENERAL", msg: "hello" });
const said = () => emulator.control.messages("GENERAL").length;
const home = () => `http://127.0.0.1:${port}`;

describe("a change by the controls", () => {
  it.each([
    ["of another origin", { ...JSON_TYPE, origin: "https://elsewhere.example" }],
    ["of a page without an origin", { ...JSON_TYPE, origin: "null" }],
    ["of another port of this machine", { ...JSON_TYPE, origin: "http://127.0.0.1:1" }],
    ["to a name that was pointed here", { ...JSON_TYPE, host: "elsewhere.example" }],
    ["as plain text", { "content-type": "text/plain" }],
    ["as a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["of no type", {}],
  ])("%s is refused and does nothing", async (_, headers) => {
    const before = said();
    const [status, text] = await ask("/_control/post", { method: "POST", headers, body: POST });
    expect([status, text]).toEqual([403, expect.stringContaining("error")]);
    expect(said()).toBe(before);
  });

  it("passes from a program, and from a page of this origin", async () => {
    const before = said();
    for (const origin of [undefined, home()]) {
      const headers = { ...JSON_TYPE, ...(origin === undefined ? {} : { origin }) };
      const [status] = await ask("/_control/post", { method: "POST", headers, body: POST });
      expect(status).toBe(200);
    }
    expect(said()).toBe(before + 2);
  });
});

it.each(["/_web/", "/_web/people", "/_control/messages?rid=GENERAL", "/_control/requests"])(
  "%s is read by this machine's names alone",
  async (path) => {
    const [refused, text] = await ask(path, { headers: { host: `elsewhere.example:${port}` } });
    expect([refused, text]).toEqual([403, expect.not.stringContaining("sesame")]);
    for (const name of ["127.0.0.1", "localhost"]) {
      const [status] = await ask(path, { headers: { host: `${name}:${port}` } });
      expect(status).toBe(200);
    }
  },
);
