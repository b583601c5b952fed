// Owns the adapter from a WebSocket class of the `ws` kind to the socket the driver wants.
import { TLSSocket } from "node:tls";
import type { ClientOptions, RawData, WebSocket } from "ws";
import { ConnectionClosedError, NetworkError, networkErrorFrom, type RocketChatError } from "../errors.ts";
import { afterOtherWork, type OpenSocket, type Socket, type SocketHandlers } from "./driver.ts";

/** Largest frame that is accepted; far above any message, and a bound for the memory of one frame. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** How much is read before other work of the process has its turn; without this bound it is some 2 MB. Characters. */
const TURN_CHARACTERS = 64 * 1024;

export interface SocketOptions {
  /** The class of the `ws` library, as the host's `plugin-sdk/websocket-runtime` hands it out. */
  readonly WebSocket: new (
    url: string,
    options: ClientOptions,
  ) => WebSocket;
  /** False only for development: accepts any certificate. */
  readonly verifyCertificates: boolean;
  /** PEM: the authorities that are trusted, in place of the known ones. */
  readonly ca?: string | undefined;
  /** A proxy, when there is one. */
  readonly agent?: ClientOptions["agent"];
  /** Told until when the server's certificate is valid (epoch milliseconds), each time a TLS connection opens. */
  readonly onCertificate?: (validUntil: number) => void;
}

/** Makes the `openSocket` of the driver. Redirects are not followed: they could carry the token elsewhere. */
export function createOpenSocket(options: SocketOptions): OpenSocket {
  const { WebSocket, verifyCertificates, ca, agent, onCertificate } = options;
  return (url, handlers) => {
    const socket = new WebSocket(url, {
      rejectUnauthorized: verifyCertificates,
      maxPayload: MAX_FRAME_BYTES,
      // A compressor per connection costs more memory than a bot's text saves.
      perMessageDeflate: false,
      ...(ca === undefined ? {} : { ca }),
      ...(agent === undefined ? {} : { agent }),
    });
    socket.on("upgrade", ({ socket: link }) => {
      const validUntil = validityOf(link);
      if (validUntil !== undefined) onCertificate?.(validUntil);
    });
    return listen(socket, new URL(url).host, handlers);
  };
}

/** Until when the certificate of a TLS link is valid; undefined for another link. */
function validityOf(link: unknown): number | undefined {
  const until = link instanceof TLSSocket ? Date.parse(link.getPeerCertificate().valid_to) : Number.NaN;
  return Number.isNaN(until) ? undefined : until;
}

/** The listeners stay for the life of the socket: `ws` may report an error after `terminate`, which must find one. */
function listen(socket: WebSocket, host: string, handlers: SocketHandlers): Socket {
  socket.on("open", () => handlers.onOpen());
  const noteRead = createPauses(socket);
  socket.on("message", (data: RawData) => {
    const text = textOf(data);
    handlers.onText(text);
    noteRead(text.length);
  });
  socket.on("unexpected-response", (request, response) => {
    handlers.onClosed(explainRefusal(host, response.statusCode ?? 0));
    request.destroy();
  });
  socket.on("error", (error) => handlers.onClosed(explainFailure(host, error)));
  socket.on("close", (closeCode) => {
    const message = `Rocket.Chat (${host}) closed the connection (${closeCode})`;
    handlers.onClosed(new ConnectionClosedError(message, { closeCode }));
  });
  return { send: (text) => socket.send(text), terminate: () => socket.terminate() };
}

/** Answers a function to be told how much was read: it pauses reading now and then, so that a flood does not hold up the process. */
function createPauses(socket: WebSocket): (characters: number) => void {
  let read = 0;
  return (characters) => {
    read += characters;
    if (read < TURN_CHARACTERS || socket.isPaused) return;
    socket.pause();
    afterOtherWork(() => {
      read = 0;
      socket.resume();
    });
  };
}

/** `ws` reports a frame that breaks WebSocket's own rules or our size limit with a code WS_ERR_…. */
function explainFailure(host: string, error: Error): RocketChatError {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH")
    return new ConnectionClosedError(explainSize(host), { cause: error });
  if (code.startsWith("WS_ERR_")) {
    const message = `${host} sent a WebSocket frame that cannot be accepted (${code}); connecting anew`;
    return new ConnectionClosedError(message, { cause: error });
  }
  return networkErrorFrom(error, host);
}

/** The library can only close; the server sends no frame twice, and what came meanwhile is read by REST. */
function explainSize(host: string): string {
  const what = `${host} sent a frame of more than ${MAX_FRAME_BYTES} bytes, as when somebody edits a message to that size`;
  return `${what}; connecting anew and catching up. If this comes again, find out who does so: the log names the room`;
}

function explainRefusal(host: string, status: number): NetworkError {
  const message = `${host} refused the WebSocket upgrade (HTTP ${status}). ${adviceFor(status)}`;
  return new NetworkError(message, { status });
}

function adviceFor(status: number): string {
  if (status >= 500) return "Check that Rocket.Chat is running behind its proxy";
  if (status >= 300 && status < 400) {
    return "Set `serverUrl` to the final address: redirects are not followed";
  }
  if (status === 404) {
    return "Check `serverUrl`, a sub-path included; nothing at its /websocket is a Rocket.Chat";
  }
  return "Check that `serverUrl` is a Rocket.Chat and that a proxy before it passes WebSocket upgrades";
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return Buffer.isBuffer(data) ? data.toString("utf8") : new TextDecoder().decode(data);
}
