// The WebSocket side: upgrades at exactly /websocket, one session a socket, the heartbeat, broadcasts.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { Session } from "./ddp/session.ts";
import type { Faults } from "./faults.ts";
import type { Broadcast } from "./world/documents.ts";
import type { World } from "./world.ts";

/** Times of Rocket.Chat's DDP server, in milliseconds. */
export interface HeartbeatTimes {
  /** A client that was silent for a whole interval is pinged. */
  intervalMs: number;
  /** A client that does not answer the ping within this time is hung up on. */
  timeoutMs: number;
}

export const HEARTBEAT: HeartbeatTimes = { intervalMs: 15_000, timeoutMs: 15_000 };

/** Answers a close without a code as the real server does: with 1000. */
class PoliteSocket extends WebSocket {
  override close(code = 1000, reason?: string | Buffer): void {
    super.close(code, reason);
  }
}

interface Connection {
  socket: WebSocket;
  session: Session;
  interval?: NodeJS.Timeout;
  timeout?: NodeJS.Timeout | undefined;
  /** A half-open connection: nothing is sent, nothing is heard, nothing is closed. */
  dead: boolean;
}

export class DdpEndpoint {
  readonly #world: World;
  readonly #faults: Faults;
  readonly #heartbeat: HeartbeatTimes;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    WebSocket: PoliteSocket,
  });
  readonly #connections = new Set<Connection>();
  readonly #stalled = new Set<Duplex>();
  readonly #stopListening: () => void;

  constructor(world: World, faults: Faults, heartbeat: HeartbeatTimes) {
    this.#world = world;
    this.#faults = faults;
    this.#heartbeat = heartbeat;
    this.#stopListening = world.listen((broadcast) => this.#broadcast(broadcast));
  }

  /** The sessions whose sockets are open, oldest first. */
  get sessions(): Session[] {
    return [...this.#connections].map(({ session }) => session);
  }

  /** Answers an HTTP upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = (request.url ?? "").split("?")[0];
    const fate = this.#faults.lasting.upgrade;
    if (path !== "/websocket") refuse(socket, 404);
    else if (fate === "stall") this.#stalled.add(socket);
    else if (typeof fate === "number") refuse(socket, fate);
    else this.#server.handleUpgrade(request, socket, head, (opened) => this.#open(opened));
  }

  /** Hangs up on the sessions the test chooses, in an orderly way. */
  hangUp(chosen: (session: Session) => boolean, code = 1000, reason = "Normal closure"): void {
    for (const { session, socket } of this.#connections) if (chosen(session)) socket.close(code, reason);
  }

  /** Cuts the connections of the chosen sessions without a word. */
  cut(chosen: (session: Session) => boolean): void {
    for (const { session, socket } of this.#connections) if (chosen(session)) socket.terminate();
  }

  /** Makes the chosen sessions half-open: their sockets stay, silent and deaf. */
  silence(chosen: (session: Session) => boolean): void {
    for (const connection of this.#connections) if (chosen(connection.session)) connection.dead = true;
  }

  /** Sends a text as it is to the chosen sessions. */
  sendRaw(chosen: (session: Session) => boolean, text: string): void {
    for (const { session, socket } of this.#connections) if (chosen(session)) socket.send(text);
  }

  /** Cuts every connection, those that wait for their upgrade too. */
  cutAll(): void {
    for (const socket of this.#stalled) socket.destroy();
    this.#stalled.clear();
    for (const connection of this.#connections) {
      this.#forget(connection);
      connection.socket.terminate();
    }
  }

  close(): void {
    this.#stopListening();
    this.cutAll();
    this.#server.close();
  }

  #open(socket: WebSocket): void {
    const session = new Session(this.#world, {
      send: (text) => this.#send(connection, text),
      close: (code, reason) => socket.close(code, reason),
      relay: (broadcast) => this.#relay(connection, broadcast),
      loginFault: () => this.#faults.loginRefusal(),
      isStreamService: () => this.#faults.lasting.streamService,
      refusesStream: (name) => this.#faults.lasting.refusedStreams.includes(name),
    });
    const connection: Connection = { socket, session, dead: false };
    this.#connections.add(connection);
    socket.on("message", (data) => this.#receive(connection, String(data)));
    socket.on("close", () => this.#forget(connection));
    socket.on("error", () => socket.terminate());
  }

  #receive(connection: Connection, text: string): void {
    if (connection.dead) return;
    clearTimeout(connection.timeout);
    connection.timeout = undefined;
    const was = connection.session.connected;
    connection.session.receive(text);
    if (!was && connection.session.connected) this.#startHeartbeat(connection);
  }

  #startHeartbeat(connection: Connection): void {
    const { session, socket } = connection;
    const tick = () => {
      const silent = !session.heard;
      session.heard = false;
      if (!silent || connection.timeout || connection.dead) return;
      session.send({ msg: "ping" });
      connection.timeout = setTimeout(() => socket.close(1000, "Normal closure"), this.#heartbeat.timeoutMs);
    };
    connection.interval = setInterval(tick, this.#heartbeat.intervalMs);
  }

  #send(connection: Connection, text: string): void {
    if (connection.dead || connection.socket.readyState !== connection.socket.OPEN) return;
    for (const { text: one, delayMs } of this.#faults.frameFates(connection, text)) {
      if (delayMs === 0) connection.socket.send(one);
      else setTimeout(() => connection.socket.send(one), delayMs);
    }
  }

  #relay(from: Connection, broadcast: Broadcast): void {
    for (const connection of this.#connections)
      if (connection !== from) connection.session.deliver(broadcast);
  }

  #broadcast(broadcast: Broadcast): void {
    if (broadcast.stream === "hang-up") {
      const { uid, tokens, except } = broadcast;
      this.hangUp(({ user, token = "" }) => {
        const meant = tokens?.includes(token) ?? !except?.includes(token);
        return user?._id === uid && meant;
      });
      return;
    }
    for (const { session } of this.#connections) session.deliver(broadcast);
  }

  #forget(connection: Connection): void {
    clearInterval(connection.interval);
    clearTimeout(connection.timeout);
    this.#connections.delete(connection);
    connection.session.end();
  }
}

function refuse(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
