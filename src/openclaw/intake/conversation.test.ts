import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { TurnInput } from "../../turn/host.ts";
import { createWaitingCounter } from "./conversation.ts";
import { openSqliteQueue } from "./queue.ts";

const at = (id: string, chatType: "direct" | "channel", threadId?: string) =>
  ({ room: { id, chatType }, message: { roomId: id, threadId } }) as TurnInput;

it("counts what waits in a conversation: a room, a thread of it, or a direct message with its threads", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rocketchat-"));
  try {
    const queue = openSqliteQueue(folder, "default");
    const lanes = [
      "room:a",
      "room:a",
      "room:a:thread:t",
      "control:room:a",
      "room:ab",
      "room:d",
      "room:d:thread:t",
    ];
    for (const [index, laneKey] of lanes.entries())
      await queue.enqueue(`e${index}`, { version: 1, rawEvent: "{}" }, { laneKey });
    const count = createWaitingCounter(queue);
    expect(await count(at("a", "channel"))).toBe(2);
    expect(await count(at("a", "channel", "t"))).toBe(1);
    expect(await count(at("d", "direct"))).toBe(2);
    expect(await count(at("c", "channel"))).toBe(0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
