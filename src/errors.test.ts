// Owns the tests of the error classes.
import { describe, expect, it } from "vitest";
import {
  ConfigError,
  ConnectionClosedError,
  LoginRejectedError,
  MethodError,
  NamesPendingError,
  NetworkError,
  NotOnlineError,
  networkErrorFrom,
  ProtocolError,
  RateLimitedError,
  RestError,
  RocketChatError,
  TimeoutError,
  UnauthorizedError,
} from "./errors.ts";

const cause = new Error("below");

const everyError: [RocketChatError, string][] = [
  [new NetworkError("m", { cause }), "network"],
  [new TimeoutError("m", { afterMs: 5 }), "timeout"],
  [new ConnectionClosedError("m", { closeCode: 1000 }), "connection-closed"],
  [new NotOnlineError("waiting"), "not-online"],
  [new NamesPendingError(), "names-pending"],
  [new RestError("m", { status: 400, endpoint: "chat.sendMessage" }), "rest"],
  [new RateLimitedError({ waitMs: 1_500, endpoint: "me" }), "rate-limited"],
  [new UnauthorizedError("me"), "unauthorized"],
  [new LoginRejectedError({ serverCode: "403" }), "login-rejected"],
  [new MethodError({ method: "rooms/get", serverCode: "404" }), "method"],
  [new ProtocolError("m", { reason: "unreadable-answer" }), "protocol"],
  [new ConfigError("m", { path: "userId" }), "config"],
];

describe("the error classes", () => {
  it.each(everyError)("%o is a RocketChatError with its literal code", (error, code) => {
    expect(error).toBeInstanceOf(RocketChatError);
    expect(error.code).toBe(code);
    expect(error.name).toBe(error.constructor.name);
    expect(error.message).not.toBe("");
  });

  it("keep the cause, and have none when none was given", () => {
    expect(new NetworkError("m", { cause }).cause).toBe(cause);
    expect(Object.hasOwn(new NetworkError("m"), "cause")).toBe(false);
  });

  it("name the wait of a rate limit in seconds", () => {
    expect(new RateLimitedError({ waitMs: 1_500, endpoint: "me" }).message).toContain("in 2 s");
  });

  it("give the reason of a refused method when there is one", () => {
    expect(new MethodError({ method: "x", serverCode: "404", reason: "not found" }).message).toContain(
      "x (404): not found",
    );
    expect(new MethodError({ method: "x", serverCode: "404" }).message).toMatch(/x \(404\)$/);
  });
});

describe("networkErrorFrom", () => {
  const withCode = (code: string) => Object.assign(new Error("system text"), { code });

  it.each([
    ["ENOTFOUND", "does not resolve"],
    ["EAI_AGAIN", "does not resolve"],
    ["ECONNREFUSED", "Nothing listens there"],
    ["CERT_HAS_EXPIRED", "expired"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate is not trusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate is not trusted"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "another host name"],
    ["EPROTO", "names the HTTPS port"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "names the HTTPS port"],
    ["ECONNRESET", "Check `serverUrl`"],
  ])("says for %s what to check", (code, advice) => {
    const error = networkErrorFrom(withCode(code), "chat.example.test");
    expect(error.message).toContain(`chat.example.test (${code})`);
    expect(error.message).toContain(advice);
  });

  it("finds the code below the error of fetch", () => {
    const error = networkErrorFrom(new TypeError("fetch failed", { cause: withCode("ENOTFOUND") }), "host");
    expect(error.message).toContain("(ENOTFOUND)");
  });

  it("copes with what is no error, and with a circle of causes", () => {
    const circle = new Error("a");
    circle.cause = circle;
    expect(networkErrorFrom("text", "host").message).toContain("Cannot reach host. Check");
    expect(networkErrorFrom(circle, "host").message).toContain("Cannot reach host. Check");
  });
});
