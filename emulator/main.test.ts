import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";

/** What the program says until it names its rooms. */
async function readAnnouncement(program: ReturnType<typeof spawn>): Promise<string[]> {
  const said: string[] = [];
  if (program.stdout === null) return said;
  for await (const line of createInterface({ input: program.stdout })) {
    said.push(line);
    if (line.includes("rooms:")) return said;
  }
  return said;
}

it("announces rooms alone that the people it announces are in", async () => {
  const program = spawn(process.execPath, [join(import.meta.dirname, "main.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const said = (await readAnnouncement(program)).join("\n");
    const url = /at (http:\S+)/.exec(said)?.[1];
    const announced = [...said.matchAll(/#(\w+)/g)].map(([, name]) => name).sort();
    const post = await fetch(`${url}/api/v1/login`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ user: "alice", password: /user: alice, password (\S+)/.exec(said)?.[1] }),
    });
    const { data } = await post.json();
    const headers = { "x-user-id": data.userId, "x-auth-token": data.authToken };
    const rooms = await fetch(`${url}/api/v1/subscriptions.get`, { headers });
    const { update } = await rooms.json();
    expect(update.map(({ name }: { name: string }) => name).sort()).toEqual(announced);
    expect(announced).toEqual(["general", "lobby"]);
  } finally {
    program.kill("SIGTERM");
    await once(program, "close");
  }
});
