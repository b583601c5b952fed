// Owns the tests of what an account trusts on the network: certificates, proxies, redirects, other hosts.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Emulator, startEmulator } from "../../../emulator/server.ts";
import { accountSettings } from "../../../test/support/settings.ts";
import type { RocketChatError } from "../../errors.ts";
import { fetchMe } from "../../rest/auth.ts";
import type { AccountSettings } from "../../settings.ts";
import { resolveEndpoints } from "../config/account.ts";
import { openSocketFor } from "./sockets.ts";
import { assertServerAllowed, openRestClient, readTlsTrust } from "./transport.ts";

/** What finds a proxy is loaded when there is one, which takes its time. */
vi.setConfig({ testTimeout: 30_000 });

const folder = mkdtempSync(join(tmpdir(), "rocketchat-tls-"));
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Place {
  readonly emulator: Emulator;
  /** The account, with `changes` laid over it. */
  account(changes?: Partial<AccountSettings>): AccountSettings;
  readonly caFile: string;
}

async function startPlace(tls: true | "expired"): Promise<Place> {
  const emulator = await startEmulator({ tls });
  const { userId } = emulator.control.addUser({ username: "bot", roles: ["user", "bot"] });
  const pat = emulator.control.personalAccessToken("bot");
  const caFile = join(folder, `${tls}.pem`);
  writeFileSync(caFile, emulator.certificate ?? "");
  const account = (changes: Partial<AccountSettings> = {}) =>
    accountSettings({
      serverUrl: emulator.url,
      userId,
      username: "bot",
      pat,
      allowPrivateNetwork: true,
      ...changes,
    });
  return { emulator, account, caFile };
}

/** How REST and the WebSocket fare with an account's settings: `open`, or the message of the error. */
async function tryBoth(
  settings: AccountSettings,
): Promise<{ rest: string; socket: string; validUntil?: number }> {
  const rest = await fetchMe(openRestClient(settings, { onUnauthorized: () => {} })).then(
    () => "open",
    (error: Error) => error.message,
  );
  return { rest, ...(await trySocket(settings)) };
}

function trySocket(settings: AccountSettings): Promise<{ socket: string; validUntil?: number }> {
  return new Promise((resolve) => {
    let until: { validUntil?: number } = {};
    const open = openSocketFor(settings, (validUntil) => {
      until = { validUntil };
    });
    const socket = open(resolveEndpoints(settings).socket, {
      onOpen: () => {
        socket.terminate();
        resolve({ socket: "open", ...until });
      },
      onText: () => {},
      onClosed: (error: RocketChatError) => resolve({ socket: error.message }),
    });
  });
}

const OPEN = { rest: "open", socket: "open" };

describe.each([
  ["self-signed", true, /certificate is not trusted.*tls\.caFile/],
  ["expired", "expired", /certificate/],
] as const)("a server with a certificate that is %s", (_, tls, complaint) => {
  let place: Place;
  beforeAll(async () => {
    place = await startPlace(tls);
  });
  afterAll(() => place.emulator.close());
  const refused = { rest: expect.stringMatching(complaint), socket: expect.stringMatching(complaint) };

  it("is refused by default, and named in the error", async () => {
    expect(await tryBoth(place.account())).toMatchObject(refused);
  });

  it("is accepted with the dangerous flag, while another account still verifies", async () => {
    const lax = place.account({ dangerouslyAllowInsecure: true });
    const strict = place.account();
    const [laxResult, strictResult] = await Promise.all([tryBoth(lax), tryBoth(strict)]);
    expect(laxResult).toMatchObject(OPEN);
    expect(strictResult).toMatchObject(refused);
    expect(await tryBoth(strict)).toMatchObject(refused);
    expect(process.env.NODE_TLS_REJECT_UNAUTHORIZED).toBeUndefined();
  });

  it(tls === "expired" ? "is refused even with the CA file" : "is accepted with the CA file", async () => {
    const expected =
      tls === "expired" ? { rest: /expired/, socket: /expired/ } : { rest: /^open$/, socket: /^open$/ };
    const { rest, socket } = await tryBoth(place.account({ caFile: place.caFile }));
    expect(rest).toMatch(expected.rest);
    expect(socket).toMatch(expected.socket);
  });
});

describe("the CA file", () => {
  it("of one account helps no other", async () => {
    const place = await startPlace(true);
    cleanups.push(() => place.emulator.close());
    const [knowing, ignorant] = await Promise.all([
      tryBoth(place.account({ caFile: place.caFile })),
      tryBoth(place.account()),
    ]);
    expect(knowing).toMatchObject(OPEN);
    expect(knowing.validUntil).toBeGreaterThan(Date.now());
    expect(ignorant.rest).toMatch(/not trusted/);
  });

  it.each([
    ["does not exist", "missing.pem", undefined, /cannot be read/],
    ["holds no certificate", "empty.pem", "nothing", /no certificate/],
  ])("that %s is an error of the configuration", (_, name, content, message) => {
    const caFile = join(folder, name);
    if (content !== undefined) writeFileSync(caFile, content);
    expect(() => readTlsTrust(accountSettings({ caFile }))).toThrow(message);
  });
});

it("a token is not sent over http without the dangerous flag", () => {
  const settings = accountSettings({ serverUrl: "http://127.0.0.1:3000", allowPrivateNetwork: true });
  expect(() => openRestClient(settings, { onUnauthorized: () => {} })).toThrow(/must be https/);
});

/** An HTTP server on another port that notes the headers of what it is asked. */
async function serve(listener: RequestListener = (_, response) => response.end("bytes")) {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen, server };
}

function plainAccount(serverUrl: string, changes: Partial<AccountSettings> = {}): AccountSettings {
  const allowed = { dangerouslyAllowInsecure: true, allowPrivateNetwork: true };
  return accountSettings({ serverUrl, pat: "s3cret-token", ...allowed, ...changes });
}

describe("the credentials", () => {
  it.each([301, 302, 303, 307, 308])("follow no redirect of the API (%i)", async (status) => {
    const elsewhere = await serve();
    const home = await serve((_, response) => response.writeHead(status, { location: elsewhere.url }).end());
    const rest = openRestClient(plainAccount(home.url), { onUnauthorized: () => {} });
    await expect(rest.get("v1/me")).rejects.toThrow(/redirects .*Set `serverUrl` to the final address/);
    await expect(rest.post("v1/chat.sendMessage", {})).rejects.toThrow(/redirects/);
    expect(home.seen).toHaveLength(2);
    expect(elsewhere.seen).toEqual([]);
  });

  it("go to no other port of the same host, which is private besides", async () => {
    const elsewhere = await serve();
    const home = await serve((_, response) =>
      response.writeHead(302, { location: `${elsewhere.url}/x` }).end(),
    );
    const rest = openRestClient(plainAccount(home.url), { onUnauthorized: () => {} });
    await expect(rest.openFile("1", async () => {})).rejects.toThrow(/private network/);
    expect(elsewhere.seen).toEqual([]);
  });

  it("go along to the server's own files", async () => {
    const home = await serve();
    const rest = openRestClient(plainAccount(home.url), { onUnauthorized: () => {} });
    await rest.openFile("1", async (response) => response.text());
    expect(home.seen[0]).toMatchObject({ "x-auth-token": "s3cret-token" });
  });
});

describe("a server on a private network", () => {
  it("is refused with the key that allows it", async () => {
    const { url, seen } = await serve();
    const settings = plainAccount(url, { allowPrivateNetwork: false });
    await expect(assertServerAllowed(settings)).rejects.toThrow(/dangerouslyAllowPrivateNetwork to true/);
    const rest = openRestClient(settings, { onUnauthorized: () => {} });
    await expect(rest.get("v1/me")).rejects.toThrow(/dangerouslyAllowPrivateNetwork to true/);
    expect(seen).toEqual([]);
  });

  it("is reached when the account allows it", async () => {
    const { url } = await serve();
    await expect(assertServerAllowed(plainAccount(url))).resolves.toBeUndefined();
  });
});

describe("a proxy of the environment", () => {
  /** A forward proxy that notes what it is asked to connect to. */
  async function startProxy() {
    const { url, server } = await serve();
    const asked: (string | undefined)[] = [];
    server.on("connect", (request, client: Socket) => {
      asked.push(request.url);
      const [host, port] = (request.url ?? "").split(":");
      const upstream = connect(Number(port), host, () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(client).pipe(upstream);
      });
      upstream.on("error", () => client.destroy());
      client.on("error", () => upstream.destroy());
      cleanups.push(() => upstream.destroy());
    });
    return { url, asked };
  }

  it("is used by REST and the WebSocket, with the account's CA file", async () => {
    const place = await startPlace(true);
    cleanups.push(() => place.emulator.close());
    const proxy = await startProxy();
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    vi.stubEnv("NO_PROXY", "");
    vi.stubEnv("no_proxy", "");
    expect(await tryBoth(place.account({ caFile: place.caFile }))).toMatchObject(OPEN);
    const target = new URL(place.emulator.url).host;
    expect(proxy.asked).toEqual([target, target]);
    const untrusting = await tryBoth(place.account());
    expect(untrusting.rest).toMatch(/not trusted/);
    expect(untrusting.socket).toMatch(/not trusted/);
  });

  it("is not used where the exceptions name the server", async () => {
    const place = await startPlace(true);
    cleanups.push(() => place.emulator.close());
    const proxy = await startProxy();
    vi.stubEnv("HTTPS_PROXY", proxy.url);
    vi.stubEnv("NO_PROXY", "127.0.0.1");
    expect(await tryBoth(place.account({ caFile: place.caFile }))).toMatchObject(OPEN);
    expect(proxy.asked).toEqual([]);
  });
});
