import { describe, expect, it } from "vitest";
import { settle } from "../../test/support/fake-clock.ts";
import { type Arrival, createArrivalLanes, MAX_WAITING, MAX_WAITING_CHARACTERS } from "./arrivals.ts";

function setUp() {
  const stored: string[] = [];
  const lost: unknown[] = [];
  const lanes = createArrivalLanes((error) => void lost.push(error));
  /** `ready`: what it waits for. */
  const arrival = (roomId: string, name: string, more: Partial<Arrival> = {}): Arrival => ({
    roomId,
    characters: 100,
    ready: () => undefined,
    admit: () => void stored.push(name),
    ...more,
  });
  return { stored, lost, lanes, arrival };
}

describe("an arrival", () => {
  it("is done with at once when nothing has to be asked and stored", () => {
    const { lanes, stored, arrival } = setUp();
    expect(lanes.take(arrival("r1", "a"))).toBeUndefined();
    expect(stored).toEqual(["a"]);
  });

  it("is waited for while it is stored, and its failure is told", async () => {
    const { lanes, arrival } = setUp();
    const failing = arrival("r1", "a", { admit: () => Promise.reject(new Error("disk full")) });
    await expect(lanes.take(failing)).rejects.toThrow("disk full");
    await expect(lanes.take(arrival("r1", "b", { admit: async () => 1 }))).resolves.toBeUndefined();
  });

  it("that waits holds up its own room alone, and keeps the order there", async () => {
    const { lanes, stored, arrival } = setUp();
    const gate = Promise.withResolvers<void>();
    expect(lanes.take(arrival("r1", "a1", { ready: () => gate.promise }))).toBeUndefined();
    expect(lanes.take(arrival("r1", "a2"))).toBeUndefined();
    void lanes.take(arrival("r2", "b"));
    expect([stored, lanes.isSettled()]).toEqual([["b"], false]);
    expect([lanes.isBusy("r1"), lanes.isBusy("r2")]).toEqual([true, false]);
    gate.resolve();
    await settle();
    expect(lanes.isBusy("r1")).toBe(false);
    expect([stored, lanes.isSettled()]).toEqual([["b", "a1", "a2"], true]);
  });

  it("that waited and could not be stored ends the link, and lets nothing of its room pass", async () => {
    const { lanes, stored, lost, arrival } = setUp();
    const gate = Promise.withResolvers<void>();
    const fail = () => Promise.reject(new Error("disk full"));
    void lanes.take(arrival("r1", "a1", { ready: () => gate.promise, admit: fail }));
    void lanes.take(arrival("r1", "a2"));
    gate.resolve();
    await settle();
    expect(stored).toEqual([]);
    expect(lost).toHaveLength(2);
    expect(lanes.isSettled()).toBe(false);
    lanes.renew();
    void lanes.take(arrival("r1", "a3"));
    expect([stored, lanes.isSettled()]).toEqual([["a3"], true]);
  });

  it.each([
    ["number", MAX_WAITING, 1],
    ["size", 4, MAX_WAITING_CHARACTERS / 4],
  ])(
    "is refused when too much waits, by %s, and taken again when that is done with",
    async (_, count, characters) => {
      const { lanes, stored, arrival } = setUp();
      const gate = Promise.withResolvers<void>();
      for (let index = 0; index < count; index += 1) {
        const waiting = arrival(`r${index}`, "waited", { ready: () => gate.promise, characters });
        expect(lanes.take(waiting)).toBeUndefined();
      }
      const further = () => arrival("further", "further", { ready: () => gate.promise, characters });
      await expect(lanes.take(further())).rejects.toMatchObject({ code: "connection-closed" });
      expect(lanes.isSettled()).toBe(false);
      // What needs no waiting goes its way.
      void lanes.take(arrival("free", "free", { characters }));
      expect(stored).toEqual(["free"]);
      gate.resolve();
      await settle();
      lanes.renew();
      expect(lanes.isSettled()).toBe(true);
      void lanes.take(further());
      await settle();
      expect(stored.at(-1)).toBe("further");
      expect(stored).toHaveLength(count + 2);
    },
  );
});
