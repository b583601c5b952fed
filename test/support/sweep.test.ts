import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { findLeaks, readWritings } from "./sweep.ts";

const SECRET = "aB3/x+Zq9~token-of-the-bot";
const secrets = new Map([["the token", SECRET]]);
const written = (content: string) => [{ name: "log", content: Buffer.from(content) }];

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("the search for secrets", () => {
  const hash = createHash("sha256").update(SECRET).digest();

  it.each([
    ["plain text", `resume ${SECRET}!`],
    ["URL-encoded text", `?token=${encodeURIComponent(SECRET)}&x`],
    ["base64", Buffer.from(SECRET).toString("base64")],
    ["base64, second alignment", Buffer.from(`:${SECRET} and more`).toString("base64")],
    ["base64, third alignment", Buffer.from(`id${SECRET} and more`).toString("base64")],
    ["SHA-256 in hex", hash.toString("hex")],
    ["SHA-256 in base64", hash.toString("base64")],
    ["SHA-256 in base64 for URLs", hash.toString("base64url")],
  ])("finds a planted leak as %s", (form, content) => {
    const found = findLeaks(written(`before ${content} after`), secrets).join("\n");
    expect(found).toContain(`log: the token as ${form} in …`);
    expect(found).not.toContain(SECRET);
  });

  it("finds nothing where there is nothing", () => {
    expect(findLeaks(written("userId=bot, [redacted], a token was refused"), secrets)).toEqual([]);
  });

  it("reads every file of a folder but installed code", () => {
    const folder = mkdtempSync(join(tmpdir(), "rocketchat-sweep-"));
    folders.push(folder);
    for (const path of ["state/logs/today.log", "state/sessions/a.jsonl", "state/node_modules/x/index.js"]) {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), SECRET);
    }
    const found = findLeaks(readWritings(folder), secrets).map((finding) => finding.split(":", 1)[0]);
    expect(found.toSorted()).toEqual(["state/logs/today.log", "state/sessions/a.jsonl"]);
  });
});
