// Owns the tests of the retry decision.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ConfigError,
  ConnectionClosedError,
  LoginRejectedError,
  MethodError,
  NetworkError,
  NotOnlineError,
  ProtocolError,
  RateLimitedError,
  RestError,
  TimeoutError,
  UnauthorizedError,
} from "./errors.ts";
import { adviseRetry, backoff } from "./retry.ts";

const login = (serverCode: string, retryAfterMs?: number) =>
  new LoginRejectedError({ serverCode, retryAfterMs });
const method = (serverCode: string, retryAfterMs?: number) =>
  new MethodError({ method: "m", serverCode, retryAfterMs });
const rest = (status: number, serverCode?: string, retryAfterMs?: number) =>
  new RestError("m", { status, endpoint: "e", serverCode, retryAfterMs });

const retry = { kind: "retry" };
const blocked = { kind: "blocked", reason: expect.stringMatching(/./) };
const wait = (ms: number) => ({ kind: "wait", ms });

describe("adviseRetry", () => {
  it.each([
    ["no connection", new NetworkError("m"), retry],
    ["a refused upgrade", new NetworkError("m", { status: 404 }), retry],
    ["no answer", new TimeoutError("m", { afterMs: 1 }), retry],
    [
      "a close with 1000, which says nothing about its cause",
      new ConnectionClosedError("m", { closeCode: 1000 }),
      retry,
    ],
    ["a close with 1006", new ConnectionClosedError("m", { closeCode: 1006 }), retry],
    ["a call while offline", new NotOnlineError("waiting"), retry],
    ["an unreadable answer", new ProtocolError("m", { reason: "unreadable-answer" }), retry],
    ["an unsupported version", new ProtocolError("m", { reason: "unsupported-version" }), blocked],
    ["a wrong configuration", new ConfigError("m", { path: "userId" }), blocked],
    ["REST 401", new UnauthorizedError("me"), blocked],
    ["REST 429", new RateLimitedError({ waitMs: 7_000, endpoint: "e" }), wait(7_000)],
    ["login 400", login("400"), blocked],
    ["login 401", login("401"), blocked],
    ["login 403", login("403"), blocked],
    ["login of a deactivated user", login("error-user-is-not-activated"), blocked],
    ["login of an app user", login("error-app-user-is-not-allowed-to-login"), blocked],
    ["login of a user without roles", login("error-user-has-no-roles"), blocked],
    ["too many logins", login("too-many-requests", 6_967), wait(6_967)],
    ["too many logins, unknown reset", login("too-many-requests"), wait(60_000)],
    ["a blocked address", login("error-login-blocked-for-ip"), wait(300_000)],
    ["a blocked user", login("error-login-blocked-for-user"), wait(300_000)],
    ["a login that broke inside the server", login("500"), retry],
    ["a login refused for a reason we do not know", login("error-new-in-10"), retry],
    ["too many methods", method("too-many-requests", 37_179), wait(37_179)],
    ["a method that broke inside the server", method("500"), retry],
    ["a refused method", method("not-allowed"), blocked],
    ["an unknown method", method("404"), blocked],
    ["REST 400", rest(400, "error-not-allowed"), blocked],
    ["REST 403", rest(403), blocked],
    ["REST 408", rest(408), retry],
    ["REST 500", rest(500), retry],
    ["REST 503 with a wait", rest(503, undefined, 9_000), wait(9_000)],
    ["a limit told as 400", rest(400, "error-too-many-requests"), wait(60_000)],
    ["a foreign error", new TypeError("m"), retry],
    ["no error at all", undefined, retry],
  ])("%s", (_, error, advice) => {
    expect(adviseRetry(error)).toEqual(advice);
  });

  it("never waits longer than five minutes, or less than nothing, whatever a server says", () => {
    expect(adviseRetry(login("too-many-requests", 1e15))).toEqual(wait(300_000));
    expect(adviseRetry(new RateLimitedError({ waitMs: -5, endpoint: "e" }))).toEqual(wait(0));
  });

  it("decides by codes and not by messages", () => {
    expect(adviseRetry(new Error("403 [error-not-allowed]"))).toEqual(retry);
  });
});

describe("backoff", () => {
  it.each([
    [0, 0, 1_000],
    [0, 0.999999, 2_000],
    [1, 0.999999, 4_000],
    [4, 0.999999, 32_000],
    [5, 0.999999, 60_000],
    [1_000, 0.5, 30_500],
  ])("after %i failed attempts and with random %f waits %i ms", (attempt, random, ms) => {
    expect(backoff(attempt, random)).toBe(ms);
  });

  it("stays between 1 s and 60 s", () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const ms = backoff(attempt, random);
          return ms >= 1_000 && ms <= 60_000;
        },
      ),
    );
  });
});
