// Owns the platform of the floor channel: what it sends to the gateway, and when the answers come.

import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import type { Gateway } from "../demo/gateway.ts";
import type { ConfigObject } from "../demo/gateway-config.ts";
import { listenOnLoopback } from "../demo/listen.ts";

const PLUGIN = join(import.meta.dirname, "floor-channel");
const answerSchema = z.object({ room: z.string(), text: z.string() });
const pluginsSchema = z.looseObject({ plugins: z.looseObject({ allow: z.array(z.string()) }) });

export interface FloorQuestion {
  readonly room: string;
  readonly text: string;
  /** Fetched by the channel before it asks the agent. */
  readonly file?: { readonly url: string; readonly headers: ConfigObject; readonly name: string };
}

export interface FloorPlatform {
  readonly url: string;
  /** Sends a question to the gateway; resolves with the time (`performance.now`) at which its answer came. */
  ask(question: FloorQuestion): Promise<number>;
  /** Sends a question whose answer nobody waits for. */
  tell(question: FloorQuestion): void;
  /** All answers that came. */
  readonly answers: readonly string[];
  close(): Promise<void>;
}

export async function startFloorPlatform(): Promise<FloorPlatform> {
  const waiting = new Map<string, (time: number) => void>();
  const answers: string[] = [];
  let gateway: WebSocket | undefined;
  let asked = 0;
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { room, text: answer } = answerSchema.parse(JSON.parse(body));
      answers.push(answer);
      waiting.get(room)?.(performance.now());
      waiting.delete(room);
      response.end("{}");
    });
  });
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket) => {
    gateway = socket;
  });
  const tell = (question: FloorQuestion): void => {
    asked += 1;
    gateway?.send(JSON.stringify({ id: `question-${asked}`, user: "alice", ...question }));
  };
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    ask(question) {
      const { promise, resolve } = Promise.withResolvers<number>();
      waiting.set(question.room, resolve);
      tell(question);
      return promise;
    },
    tell,
    answers,
    async close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface FloorOptions {
  readonly url: string;
  readonly accountIds: readonly string[];
  /** Of the channel. */
  readonly settings?: ConfigObject;
}

/** Installs the floor channel beside the plugin, with these accounts. */
export async function installFloor(
  gateway: Gateway,
  { url, accountIds, settings }: FloorOptions,
): Promise<void> {
  await gateway.mustRun(["plugins", "install", PLUGIN, "--force", "--accept-capabilities"]);
  await gateway.updateConfig((config) => {
    const { plugins } = pluginsSchema.parse(config);
    const accounts = Object.fromEntries(accountIds.map((id) => [id, { enabled: true }]));
    return {
      ...config,
      channels: { ...z.looseObject({}).parse(config.channels), floor: { url, accounts, ...settings } },
      plugins: { ...plugins, allow: [...new Set([...plugins.allow, "floor"])] },
    };
  });
}
