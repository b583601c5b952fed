import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openMessageIds, readIdSecret } from "./id-secret.ts";
import { createStateFile, readStateFile } from "./state-file.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "id-secret-"));
  file = join(folder, "rocketchat", "ids-default.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

const account = { accountId: "default", serverUrl: "https://chat.example.org", userId: "bot" };

it("is made once and is the same in every process, so that a retry has the same id", () => {
  const first = readIdSecret(file, () => 1000);
  expect(first).toMatchObject({ since: 1000, secret: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(readIdSecret(file, () => 2000)).toEqual(first);
  expect(openMessageIds(account, file).derive("m", 1)).toBe(openMessageIds(account, file).derive("m", 1));
  expect(createStateFile(file, { secret: "another" })).toEqual(first);
  expect(readdirSync(join(folder, "rocketchat"))).toEqual(["ids-default.json"]);
  if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("is nobody else's: another gateway has another", () => {
  const other = openMessageIds(account, join(folder, "other", "ids-default.json"));
  expect(other.derive("m", 1)).not.toBe(openMessageIds(account, file).derive("m", 1));
});

it("is not made anew where it is damaged: what was posted would be posted again", () => {
  readIdSecret(file);
  for (const damage of ["", "{}", JSON.stringify({ secret: "short", since: 1 })]) {
    writeFileSync(file, damage);
    expect(() => openMessageIds(account, file).derive("m", 1)).toThrow(
      /cannot be read. Mend it, or remove it/,
    );
  }
  rmSync(file);
  expect(readStateFile(file)).toBeUndefined();
});
