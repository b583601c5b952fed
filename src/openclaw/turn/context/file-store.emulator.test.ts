// Owns the tests of files on their way in: from the server, through OpenClaw's guard, into its media store.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveResponseMedia } from "openclaw/plugin-sdk/media-runtime";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../../../emulator/server.ts";
import type { Message } from "../../../../emulator/world/documents.ts";
import { jpeg, type MadeFile, note, png, wav } from "../../../../test/contract/made-files.ts";
import { accountSettings } from "../../../../test/support/settings.ts";
import { decodeMessage, type MessageFacts } from "../../../facts/message.ts";
import { fetchMessageFiles, MAX_FILES } from "../../../turn/media.ts";
import { openRestClient } from "../../account/transport.ts";
import { createFileStore } from "./file-store.ts";

/** OpenClaw's media store and its guard are loaded with the first file. */
vi.setConfig({ testTimeout: 30_000 });

const state = mkdtempSync(join(tmpdir(), "rocketchat-files-"));
const cleanups: (() => unknown)[] = [];
beforeEach(() => vi.stubEnv("OPENCLAW_STATE_DIR", state));
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => rmSync(state, { recursive: true, force: true }));

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const KIB = 1024;

interface Bot {
  readonly serverUrl: string;
  readonly userId?: string;
  readonly pat?: string;
}

/** Brings the files of a message as a turn does. */
function bring(bot: Bot, message: Pick<MessageFacts, "id" | "files">, changes: { maxBytes?: number } = {}) {
  const settings = accountSettings({ ...bot, dangerouslyAllowInsecure: true, allowPrivateNetwork: true });
  const rest = openRestClient(settings, { onUnauthorized: () => {} });
  const store = createFileStore({ channel: { media: { saveResponseMedia } } });
  const room = { id: "r1", type: "p" } as const;
  return (where: { readonly id: string; readonly type: "c" | "p" | "d" } = room) =>
    fetchMessageFiles(
      { rest, store, log: QUIET, wait: async () => {} },
      { room: where, message, maxBytes: changes.maxBytes ?? 1024 * KIB, maxFiles: MAX_FILES },
    );
}

const claim = (id: string) => ({ id, name: "claimed.bin", type: undefined, isEncrypted: false });

describe("files of a message", () => {
  let emulator: Emulator;
  let bot: Bot;
  let rid: string;

  beforeAll(async () => {
    emulator = await startEmulator({});
    emulator.control.addUser({ username: "alice" });
    const { userId } = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
    bot = { serverUrl: emulator.url, userId, pat: emulator.control.personalAccessToken("bot") };
    rid = emulator.control.addRoom({ name: "plans", type: "p", members: ["alice", "bot"] });
  });
  afterAll(() => emulator.close());
  beforeEach(() => emulator.faults.clear());

  const post = ({ filename: name, type, bytes }: MadeFile): Message =>
    emulator.control.postFile({ as: "alice", rid, name, type, bytes });
  const read = (message: unknown): MessageFacts => {
    const facts = decodeMessage(JSON.parse(JSON.stringify(message)));
    if (facts === undefined) throw new Error("not a message");
    return facts;
  };
  const bringFrom = (message: Message, changes = {}) =>
    bring(bot, read(message), changes)({ id: rid, type: "p" });

  it.each<[string, MadeFile]>([
    ["a picture", png(900, 600)],
    ["a photo", jpeg()],
    ["a voice message", wav("audio/wav")],
    ["a document", note("%PDF-1.4\nplan\n", "../../etc/plan.pdf")],
  ])("arrive in their own bytes: %s", async (_, file) => {
    const { stored, missing } = await bringFrom(post(file));
    expect(missing).toEqual([]);
    expect(stored).toHaveLength(1);
    expect(readFileSync(stored[0]?.path ?? "")).toEqual(file.bytes);
    expect(stored[0]?.path.startsWith(state)).toBe(true);
  });

  it("are fetched again after a crash", async () => {
    const message = post(note("twice\n", "twice.txt"));
    const [first, second] = [await bringFrom(message), await bringFrom(message)];
    for (const { stored } of [first, second])
      expect(readFileSync(stored[0]?.path ?? "", "utf8")).toBe("twice\n");
  });

  it("are no longer there when the message was deleted meanwhile", async () => {
    const message = structuredClone(post(note("brief\n", "brief.txt")));
    emulator.control.delete({ as: "alice", messageId: message._id });
    const { stored, missing } = await bringFrom(message);
    expect([stored, missing]).toEqual([[], [{ name: "brief.txt", reason: "not-of-room" }]]);
  });

  it("are asked for again while the server is away for a moment, and named when it stays away", async () => {
    const message = post(note("shaky\n", "shaky.txt"));
    emulator.faults.rest({ path: "groups.files", status: 503, times: 3 });
    expect((await bringFrom(message)).stored).toHaveLength(1);
    emulator.faults.rest({ path: "groups.files", status: 503, times: 4 });
    expect((await bringFrom(message)).missing).toEqual([{ name: "shaky.txt", reason: "unreachable" }]);
  });

  it("are asked for again while a proxy's page comes in their place", async () => {
    const message = post(note("behind\n", "behind.txt"));
    emulator.faults.rest({ path: "file-upload", status: 403, body: "<html>", times: 3 });
    expect((await bringFrom(message)).stored).toHaveLength(1);
  });
});

/** A server whose room holds one file; `serveFile` answers for the file, whatever it is to be. */
async function serveOne(serveFile: (response: ServerResponse, request: IncomingMessage) => void) {
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/file-upload/")) return serveFile(response, request);
    response.setHeader("content-type", "application/json");
    const file = { _id: "f1", rid: "r1", name: "log.txt", type: "text/plain" };
    response.end(JSON.stringify({ success: true, files: [file] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}` };
}

it("a file of which nobody tells the size is read no further than its limit", async () => {
  let sent = 0;
  const chunk = Buffer.alloc(64 * KIB, "x");
  const over = Promise.withResolvers<void>();
  const { url } = await serveOne((response) => {
    response.on("close", over.resolve);
    const pump = (): void => {
      while (!response.destroyed) {
        sent += chunk.length;
        if (!response.write(chunk)) return void response.once("drain", pump);
      }
    };
    pump();
  });
  const limit = 256 * KIB;
  const { stored, missing } = await bring(
    { serverUrl: url },
    { id: "m1", files: [claim("f1")] },
    { maxBytes: limit },
  )();
  await over.promise;
  expect([stored, missing]).toEqual([[], [{ name: "log.txt", reason: "too-large" }]]);
  // What lies in the buffers of both ends besides is no matter of the file's size.
  expect(sent).toBeLessThan(limit + 16 * 1024 * KIB);
  expect(readdirSync(state, { recursive: true }).filter((name) => String(name).includes("log"))).toEqual([]);
});

it("a file that lies elsewhere is fetched there, without the token", async () => {
  const seen: { readonly url: string; readonly token: unknown; readonly userId: unknown }[] = [];
  const home = await serveOne((response, { url, headers }) => {
    const { host, "x-auth-token": token, "x-user-id": userId } = headers;
    seen.push({ url: `${host}${url}`, token, userId });
    if (host === "chat.example.org")
      response.writeHead(302, { location: "http://storage.example.org/file-upload/signed" }).end();
    else response.end("from the storage\n");
  });
  // Both names lead to the one server, by a proxy: so that they need not exist.
  const proxy = createServer();
  proxy.on("connect", (_, client: Socket) => {
    const upstream = connect(home.port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    for (const end of [upstream, client]) end.on("error", () => upstream.destroy() && client.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  vi.stubEnv("HTTP_PROXY", `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  vi.stubEnv("NO_PROXY", "");
  vi.stubEnv("no_proxy", "");
  const files = [claim("f1")];
  const bot = { serverUrl: "http://chat.example.org", userId: "bot", pat: "s3cret-token" };
  const { stored, missing } = await bring(bot, { id: "m1", files })();
  expect(missing).toEqual([]);
  expect(readFileSync(stored[0]?.path ?? "", "utf8")).toBe("from the storage\n");
  expect(seen).toEqual([
    { url: "chat.example.org/file-upload/f1/", token: "s3cret-token", userId: "bot" },
    { url: "storage.example.org/file-upload/signed", token: undefined, userId: undefined },
  ]);
});
