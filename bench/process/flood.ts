// Owns a process between a client and the emulator: it passes everything on, counts the REST calls, and adds traffic.
//
//   node bench/process/flood.ts EMULATOR_URL   (with an IPC channel)
//
// A client at the path /bare or /heavy is not passed on: it gets nothing but the traffic.

import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from "node:http";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { z } from "zod";
import { listenOnLoopback } from "../../demo/listen.ts";
import { createTraffic } from "../traffic.ts";

const commandSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("flood"),
    to: z.enum(["gateway", "bare", "heavy"]),
    from: z.number(),
    count: z.number(),
    roomIds: z.array(z.string()),
    /** How long the text of each message is; as people write when absent. */
    characters: z.number().optional(),
  }),
  z.object({ kind: z.literal("calls") }),
]);
type Flood = Extract<z.infer<typeof commandSchema>, { kind: "flood" }>;

/** Frames between two pings, and pings that may be unanswered: nobody is flooded beyond what he takes in. */
const BATCH = 1_000;
const MAX_UNANSWERED = 3;

const upstream = new URL(process.argv[2] ?? "");
const clients: { gateway?: WebSocket; bare?: WebSocket; heavy?: WebSocket } = {};
let calls = 0;

const server = createServer(passRequest);
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket, { url }) => {
  if (url === "/bare" || url === "/heavy") {
    clients[url === "/bare" ? "bare" : "heavy"] = socket;
  } else {
    clients.gateway = socket;
    passSocket(socket, url ?? "/");
  }
});

process.on("message", (message) => {
  const command = commandSchema.parse(message);
  if (command.kind === "calls") process.send?.({ calls });
  else void flood(command).then((bytes) => process.send?.({ bytes }));
});
process.on("disconnect", () => process.exit());
process.send?.({ port: await listenOnLoopback(server) });

function passRequest(request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request;
  // Asked by the clock, whatever comes in: whether the token is still good.
  if (url !== "/api/v1/me") calls += 1;
  const passed = requestHttp(new URL(url ?? "/", upstream), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  passed.on("error", () => response.destroy());
  request.pipe(passed);
}

function passSocket(client: WebSocket, path: string): void {
  const away = new WebSocket(new URL(path, upstream.href.replace("http", "ws")), {
    perMessageDeflate: false,
  });
  const waiting: string[] = [];
  const text = (data: RawData): string => data.toString();
  client.on("message", (data) => {
    if (away.readyState === WebSocket.OPEN) away.send(text(data));
    else waiting.push(text(data));
  });
  away.on("open", () => {
    for (const frame of waiting) away.send(frame);
  });
  away.on("message", (data) => client.send(text(data)));
  for (const [one, other] of [
    [client, away],
    [away, client],
  ] as const) {
    one.on("close", () => other.terminate());
    one.on("error", () => other.terminate());
  }
}

/** Resolves when the client has taken in everything; answers the bytes of the frames. */
async function flood({ to, from, count, roomIds, characters }: Flood): Promise<number> {
  const client = clients[to];
  if (client === undefined) throw new Error(`${to} is not connected`);
  const frameOf = createTraffic({ roomIds, characters });
  let bytes = 0;
  let unanswered = 0;
  let go: (() => void) | undefined;
  const hear = (data: RawData): void => {
    if (!data.toString().includes('"msg":"pong"')) return;
    unanswered -= 1;
    go?.();
  };
  const below = async (limit: number): Promise<void> => {
    while (unanswered > limit) {
      const { promise, resolve } = Promise.withResolvers<void>();
      go = resolve;
      await promise;
    }
  };
  client.on("message", hear);
  const batch = characters === undefined ? BATCH : BATCH / 100;
  for (let sent = 0; sent < count; sent += batch) {
    for (let number = from + sent; number < from + Math.min(count, sent + batch); number += 1) {
      const frame = frameOf(number);
      bytes += frame.length;
      client.send(frame);
    }
    unanswered += 1;
    client.send('{"msg":"ping"}');
    await below(MAX_UNANSWERED);
  }
  await below(0);
  client.off("message", hear);
  return bytes;
}
