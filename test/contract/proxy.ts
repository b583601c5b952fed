// Owns a proxy that stands between the player and a server and may lie about what the server says.
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import WebSocket, { WebSocketServer } from "ws";
import { type Json, parseJson } from "./recording/json.ts";

/** What to alter on the way; absent = pass on as it is. */
export interface Lies {
  /** `call` is the method and the path without query, as `POST /api/v1/chat.update`. */
  answer?: (call: string, answer: WireAnswer) => WireAnswer;
  /** The frames to pass on in place of this one, in order; none drops it. */
  frame?: (frame: Json) => Json[];
  /** The code to close with where the server closed with `code`. */
  closeCode?: (code: number) => number;
}

export interface WireAnswer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  text: string;
}

export interface Proxy {
  url: string;
  close: () => Promise<void>;
}

const NO_CODE = 1005;

/** Starts a proxy on a free loopback port; it calls `upstream` from the address it was called from. */
export async function startProxy(upstream: string, lies: Lies): Promise<Proxy> {
  const server = createServer((incoming, outgoing) => forward(upstream, lies, { incoming, outgoing }));
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (client, incoming) => {
    const url = `${upstream.replace(/^http/, "ws")}${incoming.url ?? "/"}`;
    relay(client, new WebSocket(url, { localAddress: callerOf(incoming) }), lies);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  const close = async () => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${address.port}`, close };
}

function forward(
  upstream: string,
  lies: Lies,
  call: { incoming: IncomingMessage; outgoing: ServerResponse },
): void {
  const { incoming, outgoing } = call;
  const { method = "GET", url = "/", headers } = incoming;
  const options = { method, headers, agent: false, localAddress: callerOf(incoming) };
  const onward = request(`${upstream}${url}`, options, (response) => {
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => {
      const { "transfer-encoding": _, "content-length": __, ...kept } = response.headers;
      const honest = {
        status: response.statusCode ?? 0,
        headers: kept,
        text: Buffer.concat(chunks).toString("latin1"),
      };
      const told = lies.answer?.(`${method} ${url.split("?")[0]}`, honest) ?? honest;
      outgoing.writeHead(told.status, told.headers);
      outgoing.end(Buffer.from(told.text, "latin1"));
    });
  });
  onward.on("error", () => outgoing.destroy());
  incoming.pipe(onward);
}

function relay(client: WebSocket, server: WebSocket, lies: Lies): void {
  const early: string[] = [];
  client.on("message", (data) => {
    if (server.readyState === WebSocket.OPEN) server.send(String(data));
    else early.push(String(data));
  });
  server.on("open", () => {
    for (const text of early) server.send(text);
  });
  server.on("message", (data) => {
    const text = String(data);
    const frame = lies.frame ? parseJson(text) : undefined;
    if (frame === undefined || !lies.frame) client.send(text);
    else for (const told of lies.frame(frame)) client.send(JSON.stringify(told));
  });
  server.on("close", (code, reason) => {
    const told = lies.closeCode?.(code) ?? code;
    if (told === NO_CODE) client.close();
    else client.close(told, reason);
  });
  client.on("close", () => server.close());
  for (const end of [client, server]) end.on("error", () => client.terminate());
}

function callerOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? "127.0.0.1").replace(/^::ffff:/, "");
}
