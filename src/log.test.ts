import { describe, expect, it } from "vitest";
import { UnauthorizedError } from "./errors.ts";
import { createDropCounter, createLog } from "./log.ts";

const BCRYPT = `$2b$10$${"a".repeat(53)}`;

function record() {
  const lines: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  return {
    lines,
    log: createLog({ info: keep, warn: keep, error: keep }, { prefix: "ops", secrets: ["s3cret", ""] }),
  };
}

describe("createLog", () => {
  it("writes a sentence and its fields on one line", () => {
    const { lines, log } = record();
    log.info("message dropped", { reason: "empty", count: 2 });
    expect(lines).toEqual(["[ops] message dropped reason=empty count=2"]);
  });

  it("leaves out what there is nothing to say of", () => {
    const { lines, log } = record();
    log.info("message dropped", { reason: "empty", detail: undefined });
    expect(lines).toEqual(["[ops] message dropped reason=empty"]);
  });

  it("is silent about single messages where nobody can read it", () => {
    const { lines, log } = record();
    log.debug("message admitted", { message: "m1" });
    expect(lines).toEqual([]);
  });

  it("lets no secret through, wherever it stands", () => {
    const { lines, log } = record();
    log.error("failed s3cret", { error: new Error("token s3cret refused"), detail: { header: "s3cret" } });
    expect(lines.join()).not.toContain("s3cret");
    expect(lines.join()).toContain("[redacted]");
  });

  it.each([
    ["a login", { id: "1", method: "login", params: [{ resume: "abc" }] }, "abc"],
    ["its result", { id: "u", token: "abcdef", tokenExpires: {} }, "abcdef"],
    ["a user's services", { services: { password: { bcrypt: "xyz" } } }, "xyz"],
    ["headers", { headers: { "X-Auth-Token": "abcdef", cookie: "rc_token=abcdef" } }, "abcdef"],
    ["headers as a text", "X-Auth-Token: abcdef; x-user-id: u", "abcdef"],
    ["a cookie", "Cookie: rc_token=abcdef; path=/", "abcdef"],
    ["a signed address", "https://s3.example/f?X-Amz-Signature=abcdef&x=1", "abcdef"],
    ["a file's token", "https://chat.example/file-upload/1/a.png?token=abcdef", "abcdef"],
    ["a password hash", `hash ${BCRYPT}`, BCRYPT],
  ])("hides what is secret by its nature in %s", (_, value, secret) => {
    const { lines, log } = record();
    log.warn("seen", { value });
    log.warn("failed", { error: new Error(typeof value === "string" ? value : JSON.stringify(value)) });
    expect(lines[0]).not.toContain(secret);
    expect(lines[0]).toContain("[redacted]");
  });

  it("says of our errors what they are and what to do", () => {
    const { lines, log } = record();
    log.warn("account blocked", { error: new UnauthorizedError("v1/me") });
    expect(lines[0]).toMatch(/error=unauthorized: .*401 on v1\/me/);
  });

  it("lets no value begin a line of its own", () => {
    const { lines, log } = record();
    log.info("message dropped", { message: "m1\n[ops] connected" });
    expect(lines).toEqual(["[ops] message dropped message=m1 [ops] connected"]);
  });

  it.each([
    ["the terminal", "\u001b[2J\u001b]0;all is well\u0007"],
    ["the terminal by one character", "\u009b2J"],
    ["the order of the characters", "\u202ekool\u2066"],
  ])("lets no value command %s", (_, room) => {
    const { lines, log } = record();
    log.info("message dropped", { room, error: new Error(room) });
    expect(lines.join()).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
    expect(lines[0]).toMatch(/^\[ops\] message dropped room=/);
  });

  it("keeps a foreign error on one line", () => {
    const { lines, log } = record();
    log.warn("failed", { error: new Error("first\n    at secret place") });
    expect(lines[0]).toBe("[ops] failed error=first");
  });
});

describe("createDropCounter", () => {
  it("logs the first of a kind and then ever fewer", () => {
    const { lines, log } = record();
    const drops = createDropCounter(log);
    for (let index = 0; index < 150; index += 1) drops.count("frame bad-json", { detail: "x" });
    drops.count("message malformed", {});
    expect(lines).toEqual([
      "[ops] frame bad-json, dropped detail=x times=1",
      "[ops] frame bad-json, dropped detail=x times=10",
      "[ops] frame bad-json, dropped detail=x times=100",
      "[ops] message malformed, dropped times=1",
    ]);
  });
});
