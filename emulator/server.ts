// An emulated Rocket.Chat on a loopback port: the world, the endpoints, the controls and the faults around one server.
import { createHash, randomInt } from "node:crypto";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { setTimeout } from "node:timers/promises";
import { getRequestListener } from "@hono/node-server";
import { type Certificate, selfSignedCertificate } from "./certificate.ts";
import { Control } from "./control.ts";
import { controlEndpoint } from "./control-endpoint.ts";
import type { Session } from "./ddp/session.ts";
import { DdpEndpoint, HEARTBEAT, type HeartbeatTimes } from "./ddp-endpoint.ts";
import { type FaultPort, Faults, type Victims } from "./faults.ts";
import { refuseStrangers } from "./guard.ts";
import { Limiter } from "./limiter.ts";
import { restEndpoint, type SeenRequest } from "./rest-endpoint.ts";
import { type PageOptions, webPage } from "./web/page.ts";
import type { Profile } from "./world/documents.ts";
import { World } from "./world.ts";

export type { Profile };

export interface EmulatorOptions {
  /** `8.3` when absent. */
  profile?: Profile;
  /** A free port when absent or 0. */
  port?: number;
  /** Speak TLS, with a self-signed certificate, valid or `"expired"`. */
  tls?: boolean | "expired";
  /** The times of Rocket.Chat when absent. */
  heartbeat?: HeartbeatTimes;
  /** What the chat page at `/_web/` offers beyond chat. */
  page?: PageOptions;
}

export interface Emulator {
  /** `http://127.0.0.1:PORT`, or `https:` with TLS. */
  readonly url: string;
  /** The chat page, to be opened in a browser. */
  readonly pageUrl: string;
  /** The state, for assertions; change it through `control`. */
  readonly world: World;
  /** Synchronous actions as people and administrators do them; also over HTTP, below `/_control/`. */
  readonly control: Control;
  /** What goes wrong. */
  readonly faults: Faults;
  /** With TLS: the certificate (PEM) a client has to trust. */
  readonly certificate: string | undefined;
  /** Closes every socket and the HTTP server; no timer is left. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";

/** Older than any certificate is valid. Milliseconds. */
const LONG_AGO_MS = 30 * 24 * 60 * 60 * 1000;

/** Starts an emulated server with nobody in it but rocket.cat, and the channel `general`. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { profile = "8.3", port = 0, tls = false, heartbeat = HEARTBEAT, page = {} } = options;
  const faults = new Faults();
  const world = new World(profile, {
    now: () => Date.now() + faults.lasting.clockSkewMs,
    random: randomText,
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
  });
  const requests: SeenRequest[] = [];
  const limiter = new Limiter();
  const endpoint = new DdpEndpoint(world, faults, heartbeat);
  const control = new Control(world, { sessions: () => endpoint.sessions, requests: () => [...requests] });
  const app = restEndpoint({ world, faults, limiter, saw: (request) => requests.push(request) });
  for (const path of ["/_control/*", "/_web/*"]) app.use(path, refuseStrangers);
  app.route("/_control", controlEndpoint(control, faults));
  app.get("/_web", (context) => context.redirect("/_web/"));
  app.route("/_web/", webPage(page));
  const madeAt = tls === "expired" ? Date.now() - LONG_AGO_MS : Date.now();
  const secret = tls ? selfSignedCertificate(madeAt) : undefined;
  const server = newServer(getRequestListener(app.fetch), secret);
  server.on("upgrade", (request, socket, head) => endpoint.upgrade(request, socket, head));
  const actualPort = await listen(server, port);
  const url = `${tls ? "https" : "http"}://${HOST}:${actualPort}`;
  world.settings.set("Site_Url", url);
  let restarting: Promise<void> | undefined;
  const goAndComeBack = async (gapMs: number) => {
    endpoint.cutAll();
    await stop(server);
    limiter.reset();
    await setTimeout(gapMs);
    await listen(server, actualPort);
    restarting = undefined;
  };
  /** A server that is away comes back when it was said first. */
  const restart = (gapMs: number) => {
    restarting ??= goAndComeBack(gapMs);
    return restarting;
  };
  faults.attach(faultPort(world, endpoint, restart));
  const close = async () => {
    endpoint.close();
    await stop(server);
  };
  return { url, pageUrl: `${url}/_web/`, world, control, faults, certificate: secret?.certificate, close };
}

function newServer(listener: ReturnType<typeof getRequestListener>, secret: Certificate | undefined): Server {
  if (!secret) return createServer(listener);
  return createSecureServer({ cert: secret.certificate, key: secret.privateKey }, listener);
}

function faultPort(
  world: World,
  endpoint: DdpEndpoint,
  restart: (gapMs: number) => Promise<void>,
): FaultPort {
  const chosen = ({ username }: Victims) => {
    const user = username === undefined ? undefined : world.userNamed(username);
    return (session: Session) => username === undefined || session.user?._id === user?._id;
  };
  return {
    close: (victims, code, reason) => endpoint.hangUp(chosen(victims), code, reason),
    cut: (victims) => endpoint.cut(chosen(victims)),
    silence: (victims) => endpoint.silence(chosen(victims)),
    sendRaw: (victims, text) => endpoint.sendRaw(chosen(victims), text),
    endSubscriptions: (victims, stream) => {
      for (const session of endpoint.sessions.filter(chosen(victims))) session.endSubscriptions(stream);
    },
    restart,
  };
}

function randomText(length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, HOST, () => {
      server.off("error", reject);
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("the HTTP server has no port"));
      else resolve(address.port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
