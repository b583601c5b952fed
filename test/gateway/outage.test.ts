import { afterAll, beforeAll, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../emulator/server.ts";
import { type Stack, startStack } from "./stack.ts";

const TIMEOUT_MS = 180_000;

/** A server of its own for an account of its own, so that the long outages pass side by side. */
interface Place {
  readonly id: string;
  readonly server: Emulator;
  readonly rid: string;
}

let stack: Stack;
let silent: Place;
let away: Place;
let late: Place;
let lateIsUp: Promise<void>;
const accounts: Record<string, object> = {};

async function openPlace(id: string): Promise<Place> {
  const server = await startEmulator();
  const { control } = server;
  const username = `${id}-bot`;
  control.addUser({ username: "alice" });
  const { userId } = control.addUser({ username, roles: ["user", "bot"] });
  accounts[id] = {
    serverUrl: server.url,
    userId,
    username,
    pat: control.personalAccessToken(username),
  };
  const rid = control.addRoom({ name: "town", type: "c", members: ["alice", username] });
  return { id, server, rid };
}

beforeAll(async () => {
  silent = await openPlace("silent");
  away = await openPlace("away");
  late = await openPlace("late");
  // The gateway starts in this time.
  lateIsUp = late.server.faults.restart({ gapMs: 40_000 });
  stack = await startStack(({ account }) => ({
    groupPolicy: "open",
    accounts: { ...accounts, default: account },
  }));
  for (const id of ["silent", "away"]) await stack.gateway.waitForOutput(new RegExp(`\\[${id}\\] connected`));
});

afterAll(async () => {
  await lateIsUp;
  await stack?.stop();
  await Promise.all([silent, away, late].map((place) => place?.server.close()));
});

const ask = ({ id, server, rid }: Place, text: string) =>
  server.control.post({ as: "alice", rid, msg: `@${id}-bot [say ${text}]` });

/** Waits for the answer to a first question, asks another, and gives all that was said when that is answered. */
async function answers(place: Place, text: string): Promise<string[]> {
  const { id, server, rid } = place;
  const heard = (words: string) =>
    server.control.waitForMessage(({ u, msg }) => u.username === `${id}-bot` && msg === words, {
      timeoutMs: TIMEOUT_MS,
    });
  await heard(text);
  ask(place, "and after it");
  await heard("and after it");
  return server.control.messages(rid).flatMap(({ u, msg }) => (u.username === `${id}-bot` ? [msg] : []));
}

it.concurrent(
  "a question that came while the connection was half-open is answered once",
  async () => {
    silent.server.faults.silenceSockets();
    ask(silent, "into the silence");
    expect(await answers(silent, "into the silence")).toEqual(["into the silence", "and after it"]);
  },
  TIMEOUT_MS,
);

it.concurrent(
  "a question that came while the server was away for 90 s is answered once",
  async () => {
    const back = away.server.faults.restart({ gapMs: 90_000 });
    ask(away, "into the void");
    await back;
    expect(await answers(away, "into the void")).toEqual(["into the void", "and after it"]);
  },
  TIMEOUT_MS,
);

it.concurrent(
  "a server that was started after the gateway is served",
  async () => {
    await lateIsUp;
    await stack.gateway.waitForOutput(/\[late\] connected/);
    ask(late, "good morning");
    expect(await answers(late, "good morning")).toEqual(["good morning", "and after it"]);
  },
  TIMEOUT_MS,
);
