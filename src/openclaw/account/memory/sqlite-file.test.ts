import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { resolveAccount } from "../../config/account.ts";
import { openLedgerFile } from "../../intake/ledger.ts";
import { openPreviewFile } from "../previews/preview-file.ts";
import { openDivisionFile } from "./divisions.ts";
import { openPairingMemory } from "./pairing-memory.ts";
import { openThreadMemory } from "./thread-memory.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "memory-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const log = { debug() {}, info() {}, warn() {}, error() {} };
const owner = resolveAccount({
  channels: { rocketchat: { serverUrl: "https://chat.example.org", userId: "bot", pat: "x" } },
});

/** What an account remembers, by its file: each note is something that can be read back. */
const MEMORIES: Record<string, () => { note(): Promise<unknown> | unknown; close(): void }> = {
  "threads-default.sqlite": () => {
    const memory = openThreadMemory(folder, "default");
    return {
      note() {
        memory.noteOwnMessage({ id: "m1", threadId: undefined });
        return memory.role("m1");
      },
      close: memory.close,
    };
  },
  "pairings-default.sqlite": () => {
    const memory = openPairingMemory(folder, "default", Date.now);
    return {
      note() {
        memory.noteSent({ userId: "u1", code: "AAAA", roomId: "r1" });
        return memory.wasSent("u1", "AAAA");
      },
      close: memory.close,
    };
  },
  "deliveries.sqlite": () => {
    const memory = openDivisionFile(folder);
    return { note: () => memory.once("d1", async () => ["x"]), close: memory.close };
  },
  "previews.sqlite": () => {
    const memory = openPreviewFile(folder);
    return {
      note() {
        memory.notesOf("default").note({ id: "m1", roomId: "r1" });
        return memory.claim("m1", "d1");
      },
      close: memory.close,
    };
  },
  "ledger-default.sqlite": () => {
    const memory = openLedgerFile({ directory: folder, accountId: "default", owner, log });
    return {
      note() {
        memory.saveJudgements([{ messageId: "m1", roomId: "r1", sentAt: 1, verdict: "stored" }], 10);
        return memory.load().judgements.length > 0;
      },
      close: memory.close,
    };
  },
};

describe.each(Object.entries(MEMORIES))("%s", (name, open) => {
  it("is begun anew where it is damaged, and the damaged one is kept", async () => {
    const damage = "no database ".repeat(100);
    writeFileSync(join(folder, name), damage);
    const memory = open();
    expect(await memory.note()).toBeTruthy();
    memory.close();
    const aside = readdirSync(folder).filter((file) => file.startsWith(`${name}.damaged-`));
    expect(aside.map((file) => readFileSync(join(folder, file), "utf8"))).toEqual([damage]);
  });

  it("is not taken for damaged as it was left", async () => {
    const before = open();
    await before.note();
    before.close();
    const after = open();
    after.close();
    expect(readdirSync(folder).filter((file) => file.includes("damaged"))).toEqual([]);
  });
});
