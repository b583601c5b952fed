// What can be made to go wrong at run time; nothing is wrong until somebody asks for it.
import { ServerError } from "./world/errors.ts";

/** How an upgrade to WebSocket ends: refused with a status, never answered, or (undefined) as it should. */
export type UpgradeFate = number | "stall" | undefined;

export type LoginFault = "forbidden" | "unauthorized" | "too-many-requests";

/** What becomes of one outgoing frame. */
export interface FrameFate {
  text: string;
  delayMs: number;
}

/** A fault of one REST call. */
export interface RestFault {
  /** The endpoints it concerns: its name, such as `chat.sendMessage`; absent: all. */
  path?: string | undefined;
  /** Only calls whose body, or query where there is none, has this text in it, such as a room's id. */
  mentioning?: string;
  /** How many calls it meets; absent: every call until the faults are cleared. */
  times?: number;
  /** Answer with this status in place of the true one. */
  status?: number;
  /** The body of that answer: an object goes out as JSON, a text as an HTML page. */
  body?: Record<string, unknown> | string;
  /** Further headers of that answer. */
  headers?: Record<string, string>;
  /** Whether the call takes effect all the same; absent: yes, unless `status` is given. */
  effect?: boolean;
  /** Cut the connection in place of an answer. */
  lost?: boolean;
  /** Wait so long before the call is looked at, in milliseconds. */
  delayMs?: number;
}

/** The sockets a fault concerns: one user's, or all. */
export interface Victims {
  username?: string;
}

/** What the faults need of the running server. */
export interface FaultPort {
  close(victims: Victims, code: number, reason: string): void;
  cut(victims: Victims): void;
  silence(victims: Victims): void;
  sendRaw(victims: Victims, text: string): void;
  endSubscriptions(victims: Victims, stream: string): void;
  restart(gapMs: number): Promise<void>;
}

/** What stays wrong until it is set otherwise. */
export interface LastingFaults {
  /** How upgrades end. */
  upgrade: UpgradeFate;
  /** Every login over DDP is refused this way. */
  login: LoginFault | undefined;
  /** Publications (`stream-room-messages`) whose `sub` is answered with `nosub`. */
  refusedStreams: string[];
  /** Every outgoing frame waits so long, in milliseconds. */
  frameDelayMs: number;
  /** Every stream event is sent twice. */
  duplicateFrames: boolean;
  /** Stream events are held until a second comes, and the two are sent in the wrong order. */
  reorderFrames: boolean;
  /**
   * DDP as a deployment in microservices speaks it (read in surveys of 8.8, not recorded): `result` comes before `updated`
   * and lacks a value that is false or empty, `ready` names several subscriptions, an unknown `unsub` is not answered.
   */
  streamService: boolean;
  /** Added to the server's clock, in milliseconds. */
  clockSkewMs: number;
}

function nothingWrong(): LastingFaults {
  return {
    upgrade: undefined,
    login: undefined,
    refusedStreams: [],
    frameDelayMs: 0,
    duplicateFrames: false,
    reorderFrames: false,
    streamService: false,
    clockSkewMs: 0,
  };
}

export class Faults {
  /** What is wrong at present; set it as you like, `clear` sets all of it back. */
  lasting: LastingFaults = nothingWrong();
  readonly #held = new WeakMap<object, string>();
  #rest: RestFault[] = [];
  #port: FaultPort | undefined;

  /** Gives the faults the server they act on. */
  attach(port: FaultPort): void {
    this.#port = port;
  }

  /** Arms a fault of REST calls; the oldest that fits a call is used. */
  rest(fault: RestFault): void {
    this.#rest.push({ ...fault });
  }

  /** Takes every lasting fault and every armed REST fault away. */
  clear(): void {
    this.lasting = nothingWrong();
    this.#rest = [];
  }

  /** Hangs up in order, with a close frame. */
  closeSockets(victims: Victims = {}, { code = 1000, reason = "Normal closure" } = {}): void {
    this.#server.close(victims, code, reason);
  }

  /** Ends connections without a word; a client sees 1006. */
  cutSockets(victims: Victims = {}): void {
    this.#server.cut(victims);
  }

  /** Half-open connections: from now on these sockets send nothing, hear nothing and stay open. */
  silenceSockets(victims: Victims = {}): void {
    this.#server.silence(victims);
  }

  /** Sends a frame of one's own making as it is. */
  sendFrame(text: string, victims: Victims = {}): void {
    this.#server.sendRaw(victims, text);
  }

  /** Sends a valid message frame of about so many bytes. */
  sendOversizedFrame(bytes: number, victims: Victims = {}): void {
    const fields = { eventName: "x", args: ["x".repeat(bytes)] };
    this.sendFrame(
      JSON.stringify({ msg: "changed", collection: "stream-notify-all", id: "id", fields }),
      victims,
    );
  }

  /** Ends live subscriptions with an unasked `nosub`. */
  endSubscriptions(stream: string, victims: Victims = {}): void {
    this.#server.endSubscriptions(victims, stream);
  }

  /**
   * A restart: all connections are cut, counters of the rate limits are forgotten, and for `gapMs` milliseconds nobody
   * listens at the port. Resolves when the server listens again.
   */
  restart({ gapMs = 0 }: { gapMs?: number } = {}): Promise<void> {
    return this.#server.restart(gapMs);
  }

  /** The fault a REST call meets; used up by being asked for. `body`: the text of the call's body or query. */
  takeRestFault(path: string, body = ""): RestFault | undefined {
    const fault = this.#rest.find(
      (one) =>
        (one.path === undefined || `${path}/`.includes(`/${one.path}/`)) &&
        (one.mentioning === undefined || body.includes(one.mentioning)),
    );
    if (fault?.times === undefined) return fault;
    fault.times -= 1;
    if (fault.times <= 0) this.#rest = this.#rest.filter((one) => one !== fault);
    return fault;
  }

  loginRefusal(): ServerError | undefined {
    switch (this.lasting.login) {
      case "forbidden":
        return new ServerError(403, "You've been logged out by the server. Please log in again.");
      case "unauthorized":
        return new ServerError(401, "User not found");
      case "too-many-requests": {
        const reason =
          "Error, too many requests. Please slow down. You must wait 5 seconds before trying again.";
        return new ServerError("too-many-requests", reason, { timeToReset: 5000 });
      }
      default:
        return undefined;
    }
  }

  /** What is sent in place of one frame of a connection, and when. */
  frameFates(connection: object, text: string): FrameFate[] {
    const { frameDelayMs: delayMs, duplicateFrames, reorderFrames } = this.lasting;
    const isEvent = text.startsWith('{"msg":"changed"');
    const texts = isEvent && reorderFrames ? this.#inPairs(connection, text) : [text];
    const doubled = isEvent && duplicateFrames ? texts.flatMap((one) => [one, one]) : texts;
    return doubled.map((one) => ({ text: one, delayMs }));
  }

  #inPairs(connection: object, text: string): string[] {
    const held = this.#held.get(connection);
    if (held === undefined) {
      this.#held.set(connection, text);
      return [];
    }
    this.#held.delete(connection);
    return [text, held];
  }

  get #server(): FaultPort {
    if (!this.#port) throw new Error("these faults belong to no server");
    return this.#port;
  }
}
