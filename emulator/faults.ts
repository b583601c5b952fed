// What can be made to go wrong at run time; nothing is wrong until somebody asks for it.
import { ServerError } from "./world/errors.ts";

/** How an upgrade to WebSocket ends: refused with a status, never answered, or as it should. */
export type UpgradeFate = number | "stall" | undefined;

/** What becomes of one outgoing frame. */
export interface FrameFate {
  text: string;
  delayMs: number;
}

export type LoginFault = "forbidden" | "unauthorized" | "too-many-requests";

/** A fault of one REST call. */
export interface RestFault {
  /** The endpoints it concerns: the end of a path such as `chat.sendMessage`; absent: all. */
  path?: string;
  /** How many calls it meets; absent: every call until it is taken away. */
  times?: number;
  /** Answer with this status instead of the true one. */
  status?: number;
  /** The body of that answer; an object goes out as JSON, a text as an HTML page. */
  body?: Record<string, unknown> | string;
  /** Whether the call takes effect although it is answered wrongly. */
  effect?: boolean;
  /** Cut the connection in place of an answer. */
  lost?: boolean;
  /** Wait so long before answering, in milliseconds. */
  delayMs?: number;
}

export class Faults {
  /** How the next upgrades end. */
  upgrade: UpgradeFate;
  /** Every login over DDP is refused this way. */
  login: LoginFault | undefined;
  /** Publications whose `sub` is answered with `nosub`. */
  readonly refusedStreams = new Set<string>();
  /** Every outgoing frame waits so long, in milliseconds. */
  frameDelayMs = 0;
  /** Every stream event is sent twice. */
  duplicateFrames = false;
  /** Stream events are held in pairs and each pair is sent in the wrong order. */
  reorderFrames = false;
  /** Added to the server's clock, in milliseconds. */
  clockSkewMs = 0;
  readonly #held = new WeakMap<object, string>();
  #rest: RestFault[] = [];

  /** Arms a fault of REST calls; the first that matches a call is used. */
  rest(fault: RestFault): void {
    this.#rest.push({ ...fault });
  }

  /** Takes every fault away. */
  clear(): void {
    this.upgrade = undefined;
    this.login = undefined;
    this.refusedStreams.clear();
    this.frameDelayMs = 0;
    this.duplicateFrames = false;
    this.reorderFrames = false;
    this.clockSkewMs = 0;
    this.#rest = [];
  }

  /** The fault a REST call meets, used up by one. */
  restFault(path: string): RestFault | undefined {
    const fault = this.#rest.find((one) => one.path === undefined || path.endsWith(`/${one.path}`));
    if (fault?.times === undefined) return fault;
    fault.times -= 1;
    if (fault.times <= 0) this.#rest = this.#rest.filter((one) => one !== fault);
    return fault;
  }

  upgradeFate(): UpgradeFate {
    return this.upgrade;
  }

  loginFault(): ServerError | undefined {
    switch (this.login) {
      case "forbidden":
        return new ServerError(403, "You've been logged out by the server. Please log in again.");
      case "unauthorized":
        return new ServerError(401, "User not found");
      case "too-many-requests":
        return new ServerError(
          "too-many-requests",
          "Error, too many requests. Please slow down. You must wait 5 seconds before trying again.",
          { timeToReset: 5000 },
        );
      default:
        return undefined;
    }
  }

  refusesStream(name: string): boolean {
    return this.refusedStreams.has(name);
  }

  /** What is sent in place of one frame of a connection, and when. */
  frameFates(connection: object, text: string): FrameFate[] {
    const delayMs = this.frameDelayMs;
    const isEvent = text.includes('"msg":"changed"');
    const texts = isEvent && this.reorderFrames ? this.#inPairs(connection, text) : [text];
    return texts
      .flatMap((one) => (isEvent && this.duplicateFrames ? [one, one] : [one]))
      .map((one) => ({ text: one, delayMs }));
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
}
