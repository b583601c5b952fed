import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { ProtocolError, RateLimitedError, RestError, UnauthorizedError } from "../errors.ts";
import { createRestClient } from "./client.ts";
import type { GuardedFetch, RestClock } from "./exchange.ts";
import { fetchMessage, findAuthor, postMessage } from "./messages.ts";
import { multipart } from "./multipart.ts";
import { fetchRevision } from "./reactions.ts";
import { fetchRoom, openDirectRoom } from "./rooms.ts";

const plainFetch: GuardedFetch = async (url, { follow: _, ...init }) => ({
  response: await fetch(url, { ...init, redirect: "error" }),
  release: async () => {},
});

/** A clock on which every wait is over at once; `waits` are the milliseconds that were asked for. */
function createHastyClock(): RestClock & { waits: number[] } {
  let now = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    sleep: async (ms) => {
      now += ms;
      waits.push(ms);
    },
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A client before a real HTTP server on loopback that answers with `handle`. */
async function connect(handle: Handler, subPath = "") {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const stop = new AbortController();
  closing.push(() => {
    stop.abort();
    server.close();
    server.closeAllConnections();
  });
  const unauthorized: UnauthorizedError[] = [];
  const clock = createHastyClock();
  const rest = createRestClient({
    clock,
    serverUrl: `http://127.0.0.1:${port}${subPath}`,
    userId: "bot",
    pat: "s3cret-token",
    fetch: plainFetch,
    onUnauthorized: (error) => unauthorized.push(error),
    signal: stop.signal,
  });
  return { rest, unauthorized, stop, clock };
}

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Handler {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable("should have been refused"),
    (error: unknown) => error,
  );

describe("the REST client", () => {
  it("sends the auth headers and the query below a sub-path", async () => {
    let seen: IncomingMessage | undefined;
    const { rest } = await connect((request, response) => {
      seen = request;
      answer(200, { success: true, hello: 1 })(request, response);
    }, "/chat");
    expect(await rest.get("v1/rooms.info", { roomId: "a b" })).toEqual({ success: true, hello: 1 });
    expect(seen?.url).toBe("/chat/api/v1/rooms.info?roomId=a+b");
    expect(seen?.headers).toMatchObject({ "x-user-id": "bot", "x-auth-token": "s3cret-token" });
  });

  it.each([
    [{ success: false, error: "x [invalid-params]", errorType: "invalid-params" }, "invalid-params"],
    [{ success: false, error: "Cannot do that [error-not-allowed]" }, "error-not-allowed"],
    [{ success: false, error: "room_is_blocked" }, "room_is_blocked"],
    [{ success: false, error: "Cannot read properties of undefined (reading 'starred')" }, undefined],
    [{ success: false }, undefined],
    [{ success: false, error: "You can't send messages because the room is readonly." }, "room-is-readonly"],
    [{ success: false, error: "You_have_been_muted" }, "you-have-been-muted"],
  ])("reads the code of the refusal %j", async (body, serverCode) => {
    const { rest } = await connect(answer(400, body));
    const error = await failure(rest.get("v1/me"));
    expect(error).toBeInstanceOf(RestError);
    expect(error).toMatchObject({ status: 400, serverCode, endpoint: "v1/me" });
  });

  it("takes success:false for a refusal even under status 200", async () => {
    const { rest } = await connect(answer(200, { success: false, error: "nope" }));
    expect(await failure(rest.get("v1/me"))).toBeInstanceOf(RestError);
  });

  it("tells of a dead token before it rejects", async () => {
    const { rest, unauthorized } = await connect(answer(401, { status: "error", message: "x" }));
    expect(await failure(rest.get("v1/me"))).toBeInstanceOf(UnauthorizedError);
    expect(unauthorized).toHaveLength(1);
  });

  it.each([
    [403, { success: false, error: "x [error-forbidden]", errorType: "error-forbidden" }],
    [401, { success: false, error: "unauthorized" }],
    // As a proxy may say it.
    [401, { success: false, message: "Sign in first" }],
  ])(
    "takes a %i of %j for a want of permission while the server still knows the token",
    async (status, body) => {
      const { rest, unauthorized } = await connect((request, response) => {
        const known = request.url === "/api/v1/me";
        const reply = known ? answer(200, { _id: "bot", success: true }) : answer(status, body);
        reply(request, response);
      });
      expect(await failure(rest.post("v1/chat.sendMessage", {}))).toMatchObject({ code: "rest", status });
      expect(unauthorized).toEqual([]);
    },
  );

  it("takes a 403 for a dead token when the server does not know the token", async () => {
    const { rest, unauthorized } = await connect((request, response) => {
      const reply =
        request.url === "/api/v1/me" ? answer(401, { status: "error" }) : answer(403, { success: false });
      reply(request, response);
    });
    expect(await failure(rest.post("v1/chat.sendMessage", {}))).toBeInstanceOf(UnauthorizedError);
    expect(unauthorized).toHaveLength(1);
  });

  it("says when a 200 is not a Rocket.Chat's", async () => {
    const { rest } = await connect(answer(200, "<html>hello</html>", { "content-type": "text/html" }));
    const error = await failure(rest.get("v1/me"));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(String(error)).toContain("serverUrl");
  });

  it.each([
    [401, "text/html", "<html>who are you?</html>"],
    [401, "application/json", { message: "Unauthorized" }],
    [403, "text/html", "<html>"],
    [404, "text/plain", "Not found"],
    [404, "application/json", { message: "no Route matched with those values" }],
    [502, "text/html", "<html>"],
  ])("takes a proxy's %i of type %s for no word of the server's", async (status, type, body) => {
    const { rest, unauthorized } = await connect(answer(status, body, { "content-type": type }));
    for (const path of ["v1/me", "v1/chat.sendMessage"])
      expect(await failure(rest.get(path))).toMatchObject({ code: "network", status });
    expect(unauthorized).toEqual([]);
  });

  it.each([
    ["once", 1],
    ["twice", 2],
    ["five times", 5],
  ])("asks again when it was limited %s, after the wait that the server's clock tells", async (_, times) => {
    let calls = 0;
    const { rest, clock } = await connect((request, response) => {
      calls += 1;
      const date = new Date(0).toUTCString();
      const limited = answer(429, { success: false }, { "x-ratelimit-reset": "7000", date });
      (calls > times ? answer(200, { success: true }) : limited)(request, response);
    });
    expect(await rest.post("v1/chat.sendMessage", {})).toEqual({ success: true });
    expect(clock.waits).toEqual(Array.from({ length: times }, () => 7_000));
  });

  it("gives up when the limit lasts longer than it may wait", async () => {
    const { rest, clock } = await connect(answer(429, { success: false }));
    expect(await failure(rest.get("v1/me"))).toBeInstanceOf(RateLimitedError);
    expect(clock.waits.length).toBeGreaterThan(5);
    expect(await failure(rest.get("v1/me", {}, { patienceMs: 0 }))).toBeInstanceOf(RateLimitedError);
  });

  it("spares the server calls of a used-up route, and holds no other route up", async () => {
    const paths: (string | undefined)[] = [];
    const { rest, clock } = await connect((request, response) => {
      paths.push(request.url);
      const limits = { "x-ratelimit-limit": "1", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "5000" };
      answer(200, { success: true }, { ...limits, date: new Date(0).toUTCString() })(request, response);
    });
    await rest.get("v1/me");
    await rest.get("v1/rooms.info");
    expect(clock.waits).toEqual([]);
    await rest.get("v1/me");
    expect(clock.waits).toEqual([5_000]);
    expect(paths).toHaveLength(3);
  });

  it("does not follow a redirect with the token", async () => {
    const paths: (string | undefined)[] = [];
    const { rest } = await connect((request, response) => {
      paths.push(request.url);
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect(await failure(rest.get("v1/me"))).toMatchObject({ code: "network" });
    expect(paths).toEqual(["/api/v1/me"]);
  });

  it("refuses an answer without end", async () => {
    const { rest } = await connect((_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = (): void => {
        while (response.write("x".repeat(65_536)));
        response.once("drain", more);
      };
      more();
    });
    expect(await failure(rest.get("v1/me"))).toBeInstanceOf(ProtocolError);
  });

  it("ends its requests when the account stops", async () => {
    const { rest, stop } = await connect(() => stop.abort());
    expect(await failure(rest.get("v1/me"))).toBeInstanceOf(Error);
  });

  it("never shows the token in an error", async () => {
    for (const handler of [answer(401, {}), answer(400, { error: "s3cret-token" }), answer(500, "x")]) {
      const { rest } = await connect(handler);
      expect(String(await failure(rest.get("v1/me")))).not.toContain("s3cret-token");
    }
  });
});

describe("opening a file", () => {
  it("asks the server by the file's id, with the credentials and for its length", async () => {
    let seen: IncomingMessage | undefined;
    const { rest } = await connect((request, response) => {
      seen = request;
      response.end("content");
    }, "/chat");
    expect(await rest.openFile("a1", (response) => response.text())).toBe("content");
    expect(seen?.url).toBe("/chat/file-upload/a1/");
    expect(seen?.headers).toMatchObject({
      "x-user-id": "bot",
      "x-auth-token": "s3cret-token",
      "accept-encoding": "identity",
    });
  });

  it("leaves the path of files whatever the id", async () => {
    const paths: (string | undefined)[] = [];
    const { rest } = await connect((request, response) => {
      paths.push(request.url);
      response.end();
    });
    for (const id of ["../api/v1/me", "@other.example/x", "a?b#c", "//other.example"])
      await rest.openFile(id, async () => {});
    for (const path of paths) expect(path).toMatch(/^\/file-upload\/[^/?#]+\/$/);
  });

  it("says with which status it was refused", async () => {
    const { rest } = await connect((_, response) => response.writeHead(403).end());
    expect(await failure(rest.openFile("a1", async () => {}))).toMatchObject({ code: "rest", status: 403 });
  });

  it("ends with the signal", async () => {
    const { rest } = await connect(() => {});
    const stop = new AbortController();
    const opened = failure(rest.openFile("a1", async () => {}, stop.signal));
    stop.abort();
    expect(await opened).toMatchObject({ code: "timeout" });
  });

  it.each([403, 404, 502])("takes a proxy's page of status %i for no word about the file", async (status) => {
    const { rest } = await connect(answer(status, "<html>", { "content-type": "text/html" }));
    expect(await failure(rest.openFile("a1", async () => {}))).toMatchObject({ code: "network", status });
  });
});

describe("fetchRoom", () => {
  it("answers nothing for a room that Rocket.Chat refuses to show", async () => {
    const { rest } = await connect(
      answer(400, { success: false, error: "not-allowed", errorType: "Not Allowed" }),
    );
    expect(await fetchRoom(rest, "r")).toBeUndefined();
  });

  it("does not take a proxy's page for an answer", async () => {
    const { rest } = await connect(answer(404, "x", { "content-type": "text/plain" }));
    expect(await failure(fetchRoom(rest, "r"))).toMatchObject({ code: "network", status: 404 });
  });
});

describe("openDirectRoom", () => {
  it("answers the room with the user", async () => {
    const { rest } = await connect(
      answer(200, { room: { _id: "r", usernames: ["labbot", "alice"] }, success: true }),
    );
    expect(await openDirectRoom(rest, "alice")).toBe("r");
  });

  it("does not take the bot's own room for one with an unknown user", async () => {
    const { rest } = await connect(answer(200, { room: { _id: "r", usernames: ["labbot"] }, success: true }));
    expect(await failure(openDirectRoom(rest, "nobody"))).toMatchObject({
      message: expect.stringContaining("@nobody"),
    });
  });
});

describe("messages", () => {
  it("posts with our id, without link previews", async () => {
    let body = "";
    const { rest } = await connect((request, response) => {
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => answer(200, { success: true })(request, response));
    });
    await postMessage(rest, { id: "m1", roomId: "r", text: "hi", threadId: undefined });
    expect(JSON.parse(body)).toEqual({ message: { _id: "m1", rid: "r", msg: "hi" }, previewUrls: [] });
  });

  it("says who wrote a message, and in which room", async () => {
    const message = { _id: "m", rid: "r", u: { _id: "bot" } };
    const { rest } = await connect(answer(200, { message, success: true }));
    expect(await findAuthor(rest, "m")).toEqual({ roomId: "r", authorId: "bot" });
  });

  it("takes a message without a readable author for nobody's", async () => {
    const { rest } = await connect(answer(200, { message: { _id: "m", rid: "r" }, success: true }));
    expect(await findAuthor(rest, "m")).toBeUndefined();
  });

  it("does not take a proxy's page for the word that a message is gone", async () => {
    const { rest } = await connect(answer(404, "x", { "content-type": "text/html" }));
    expect(await failure(findAuthor(rest, "m"))).toMatchObject({ code: "network" });
    expect(await failure(fetchMessage(rest, "m"))).toMatchObject({ code: "network" });
    expect(await failure(fetchRevision(rest, "m"))).toMatchObject({ code: "network" });
  });

  it("does not take a refusal that passes for the word that a message is gone", async () => {
    const { rest } = await connect(answer(408, { success: false, error: "late", errorType: "error-late" }));
    expect(await failure(fetchMessage(rest, "m"))).toMatchObject({ status: 408 });
    expect(await failure(fetchRevision(rest, "m"))).toMatchObject({ status: 408 });
  });

  it.each([
    "not primary",
    "connection 7 to 10.0.0.5:27017 closed",
    "Server selection timed out after 30000 ms",
  ])("does not take the database's %j for the server's refusal", async (error) => {
    const { rest } = await connect(answer(400, { success: false, error }));
    const calls = [
      () => postMessage(rest, { id: "m1", roomId: "r", text: "hi" }),
      () => findAuthor(rest, "m"),
      () => fetchMessage(rest, "m"),
    ];
    for (const call of calls) expect(await failure(call())).toMatchObject({ code: "network", status: 400 });
  });

  it.each(['No message found with the id of "not primary".', "E11000 duplicate key error collection: m"])(
    "takes %j for a refusal",
    async (error) => {
      const { rest } = await connect(answer(400, { success: false, error }));
      expect(await failure(rest.post("v1/chat.update", {}))).toMatchObject({ code: "rest", status: 400 });
    },
  );

  it("reads the bare 400 as unknown", async () => {
    const { rest } = await connect(answer(400, { success: false }));
    expect(await findAuthor(rest, "m")).toBeUndefined();
  });
});

describe("a form", () => {
  const PIECE = new Uint8Array(1024 * 1024).fill(120);
  const PIECES = 64;

  /** Content that counts how much of it was asked for, and how often it was begun. */
  function countedForm() {
    const counts = { begun: 0, pieces: 0 };
    const bytes = {
      size: PIECES * PIECE.length,
      type: "text/plain",
      async *stream() {
        counts.begun += 1;
        for (let piece = 0; piece < PIECES; piece += 1) {
          counts.pieces += 1;
          yield PIECE;
        }
      },
    };
    return { counts, form: multipart({}, { field: "file", name: "long.txt", bytes }) };
  }

  it("is read while it is sent, and no further than the server takes it", async () => {
    const came = Promise.withResolvers<IncomingMessage>();
    const { rest } = await connect((request, response) => {
      came.resolve(request);
      request.on("end", () => answer(200, { success: true })(request, response));
    });
    const { counts, form } = countedForm();
    const posted = rest.postForm("v1/rooms.media/r", form);
    const request = await came.promise;
    for (let seen = -1; seen !== counts.pieces; await pause(100)) seen = counts.pieces;
    expect(counts.pieces).toBeLessThan(PIECES / 2);
    request.resume();
    await posted;
    expect(counts).toEqual({ begun: 1, pieces: PIECES });
  });

  it("is sent with its length, and from its beginning when it is sent again", async () => {
    const lengths: [string | undefined, number][] = [];
    const { rest } = await connect((request, response) => {
      let length = 0;
      request.on("data", (piece: Buffer) => (length += piece.length));
      request.on("end", () => {
        lengths.push([request.headers["content-length"], length]);
        const busy = { "x-ratelimit-reset": String(Date.now() + 1000) };
        if (lengths.length === 1) answer(429, { success: false }, busy)(request, response);
        else answer(200, { success: true })(request, response);
      });
    });
    const { counts, form } = countedForm();
    await rest.postForm("v1/rooms.media/r", form);
    expect(counts.begun).toBe(2);
    expect(lengths).toEqual([
      [String(form.size), form.size],
      [String(form.size), form.size],
    ]);
  });
});
