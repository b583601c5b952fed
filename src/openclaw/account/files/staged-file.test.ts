import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { png } from "../../../../test/contract/made-files.ts";
import { openStaged, type Reach, type StagedFile } from "./staged-file.ts";

/** OpenClaw's readers are loaded with the first file. */
vi.setConfig({ testTimeout: 30_000 });

const ID = "12345678-1234-1234-1234-123456789012";

let state: string;
let outbound: string;
let queue: string;
beforeEach(() => {
  state = realpathSync(mkdtempSync(join(tmpdir(), "rocketchat-staged-")));
  vi.stubEnv("OPENCLAW_STATE_DIR", state);
  outbound = join(state, "media", "outbound");
  queue = join(state, "delivery-queue-media");
  for (const folder of [outbound, queue]) mkdirSync(folder, { recursive: true });
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(state, { recursive: true, force: true });
});

function put(folder: string, name: string, bytes: string | Uint8Array = "the plan\n"): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}
async function bytesOf(file: StagedFile | undefined): Promise<Buffer> {
  if (file === undefined) throw new Error("not opened");
  return buffer(file.content.stream());
}
const reach = (more: Partial<Reach> = {}): Reach => ({
  localRoots: [join(state, "media"), queue],
  judgesContent: false,
  ...more,
});

it("reads a copy of OpenClaw's with its name, its type by content and its own bytes, as often as it is asked", async () => {
  const { bytes } = png(9, 6);
  const file = await openStaged(put(outbound, `chart---${ID}.txt`, bytes), reach());
  expect(file).toMatchObject({ name: "chart.txt", content: { size: bytes.length, type: "image/png" } });
  for (const _ of [1, 2]) expect(await bytesOf(file)).toEqual(bytes);
  await file?.close();
});

it("reads all of a file that comes in many pieces", async () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 2_500_001 }, (_, at) => at % 251));
  const file = await openStaged(put(queue, `${ID}.bin`, bytes), reach());
  expect((await bytesOf(file)).equals(bytes)).toBe(true);
  await file?.close();
});

it("reads what it has opened, whatever is put in its place", async () => {
  const path = put(outbound, "plan.txt");
  const file = await openStaged(path, reach());
  renameSync(put(state, "secret.txt", "the secret\n"), path);
  expect(String(await bytesOf(file))).toBe("the plan\n");
  await file?.close();
});

it("reads from the queue alone where OpenClaw judges the content of files", async () => {
  const judged = reach({ judgesContent: true });
  expect(await openStaged(put(outbound, "plan.txt"), judged)).toBeUndefined();
  const file = await openStaged(put(queue, `${ID}.txt`), judged);
  expect(file?.name).toBe(`${ID}.txt`);
  await file?.close();
});

it.each<[string, () => string, Partial<Reach>?]>([
  ["a file beside OpenClaw's folders", () => put(state, "secret.txt")],
  [
    "a path that leads out of them",
    () => join(put(state, "secret.txt") && outbound, "..", "..", "secret.txt"),
  ],
  ["a file that is not there", () => join(outbound, "none.txt")],
  ["an empty file", () => put(outbound, "empty.txt", "")],
  ["a folder", () => outbound],
  ["an address", () => "https://example.org/plan.txt"],
  ["a file outside what the agent may read", () => put(outbound, "plan.txt"), { localRoots: [] }],
  [
    "a link to another file",
    () => {
      symlinkSync(put(state, "secret.txt"), join(outbound, "link.txt"));
      return join(outbound, "link.txt");
    },
  ],
  [
    "a second name of another file",
    () => {
      linkSync(put(state, "secret.txt"), join(outbound, "link.txt"));
      return join(outbound, "link.txt");
    },
  ],
])("leaves to OpenClaw: %s", async (_, make, changes) => {
  expect(await openStaged(make(), reach(changes))).toBeUndefined();
});
