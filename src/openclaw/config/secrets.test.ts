import { createHash } from "node:crypto";
import { redactSensitiveText } from "openclaw/plugin-sdk/logging-core";
import { describe, expect, it } from "vitest";
import { createRedactor } from "../../log.ts";
import { redactInHost, secretForms } from "./secrets.ts";

const SECRET = "tok/en+with=odd characters";

describe("a secret's forms", () => {
  const redact = createRedactor(secretForms(SECRET));

  it.each([
    ["plain", `x ${SECRET} y`],
    ["URL-encoded", `?q=${encodeURIComponent(SECRET)}`],
    ["SHA-256 in hex", createHash("sha256").update(SECRET).digest("hex")],
    ["SHA-256 in base64", createHash("sha256").update(SECRET).digest("base64")],
    ["base64", Buffer.from(SECRET).toString("base64")],
    ["base64 after one character", Buffer.from(`:${SECRET}`).toString("base64")],
    ["base64 behind a user name", Buffer.from(`bot:${SECRET}!`).toString("base64")],
  ])("are taken out of a text: %s", (_, text) => {
    expect(redact(text)).toContain("[redacted]");
    expect(redact(text)).not.toBe(text);
  });

  it("are none for no secret", () => {
    expect(secretForms("")).toEqual([]);
  });
});

describe("OpenClaw's own redaction", () => {
  it("takes a token out that it was told of", () => {
    const text = "the configuration says pat: plain-words-without-a-shape";
    expect(redactSensitiveText(text)).toBe(text);
    redactInHost("plain-words-without-a-shape");
    expect(redactSensitiveText(text)).not.toContain("plain-words-without-a-shape");
  });
});
