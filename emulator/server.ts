// An emulated Rocket.Chat on a loopback port: builds the world, the endpoints and the controls around one HTTP server.
import { createHash, randomInt } from "node:crypto";
import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Context } from "hono";
import { Control } from "./control.ts";
import { DdpEndpoint, HEARTBEAT, type HeartbeatTimes } from "./ddp-endpoint.ts";
import { Faults } from "./faults.ts";
import { restEndpoint, type SeenRequest } from "./rest-endpoint.ts";
import type { Profile } from "./world/documents.ts";
import { World } from "./world.ts";

export type { Profile };

export interface EmulatorOptions {
  /** `8.3` when absent. */
  profile?: Profile;
  /** A free port when absent or 0. */
  port?: number;
  /** The times of Rocket.Chat when absent. */
  heartbeat?: HeartbeatTimes;
}

export interface Emulator {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** The state, for assertions; change it through `control`. */
  readonly world: World;
  /** Synchronous actions as people and administrators do them. */
  readonly control: Control;
  /** What goes wrong. */
  readonly faults: Faults;
  /** Closes every socket and the HTTP server; timers go with them. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/** Starts an emulated server with nobody in it but rocket.cat, and the channel `general`. */
export async function startEmulator({
  profile = "8.3",
  port = 0,
  heartbeat = HEARTBEAT,
}: EmulatorOptions = {}): Promise<Emulator> {
  const faults = new Faults();
  const world = new World(profile, {
    now: () => Date.now() + faults.clockSkewMs,
    random: randomText,
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
  });
  const requests: SeenRequest[] = [];
  const endpoint = new DdpEndpoint(world, faults, heartbeat);
  const app = restEndpoint({ world, faults, cut, saw: (request) => requests.push(request) });
  const server = createServer(getRequestListener(app.fetch));
  server.on("upgrade", (request, socket, head) => endpoint.upgrade(request, socket, head));
  await listen(server, port);
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("the emulator's HTTP server has no port");
  const url = `http://${HOST}:${address.port}`;
  world.settings.set("Site_Url", url);
  const control = new Control(world, { sessions: () => endpoint.sessions, requests: () => [...requests] });
  const close = async () => {
    endpoint.close();
    await stop(server);
  };
  return { url, world, control, faults, close };
}

function randomText(length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
}

function cut(context: Context): void {
  const { incoming } = context.env;
  incoming.socket.destroy();
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => resolve());
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
