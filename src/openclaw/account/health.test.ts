import { describe, expect, it } from "vitest";
import { HealthRecord, readHealth, shareHealth } from "./health.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("the health of an account", () => {
  it("tells what happened", async () => {
    const record = new HealthRecord();
    record.connected(1);
    record.disconnected();
    record.connected(2);
    record.checked(3);
    record.heard(4);
    for (const reason of ["own-message", "own-message", "encrypted"]) record.dropped(reason);
    record.limited(500);
    record.limited(700);
    record.certified(10 * DAY_MS + 5);
    record.sawOtherWriter(5);
    record.met({ version: "8.3", roles: ["user"] });
    record.countQueuedBy(async () => 7);
    expect(await record.read(3 * DAY_MS)).toEqual({
      serverVersion: "8.3",
      missingRoles: ["bot"],
      lastCheckAt: 3,
      connectedSince: 2,
      lastEventAt: 4,
      reconnects: 1,
      drops: { "own-message": 2, encrypted: 1 },
      queued: 7,
      rateLimitWaits: 2,
      rateLimitWaitMs: 1_200,
      certificateDaysLeft: 7,
      otherWriterAt: 5,
    });
  });

  it("is told while the account runs", async () => {
    const unshare = shareHealth("ops", new HealthRecord());
    expect(await readHealth("ops")).toMatchObject({ reconnects: 0, queued: 0, missingRoles: undefined });
    unshare();
    expect(await readHealth("ops")).toBeUndefined();
  });
});
