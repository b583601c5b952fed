// Owns which streams one attempt wants, has asked for and has confirmed.
import type { StreamRequest } from "../ddp/protocol.ts";

/** Starts with nothing live: the server forgets every subscription with the socket (DDP has no resumption). */
export class Streams {
  readonly #wanted: ReadonlyMap<string, StreamRequest>;
  /** Subscription id -> key of the stream. */
  readonly #asked = new Map<string, string>();
  readonly #live = new Set<string>();

  /** Doubles are asked for once: two subscriptions of one stream deliver every event twice. */
  constructor(wanted: readonly StreamRequest[]) {
    this.#wanted = new Map(wanted.map((request) => [keyOf(request), request]));
  }

  /** What to subscribe now: wanted, not yet asked for. */
  get missing(): readonly StreamRequest[] {
    const asked = new Set(this.#asked.values());
    return [...this.#wanted].filter(([key]) => !asked.has(key)).map(([, request]) => request);
  }

  /** Whether the server has confirmed every wanted stream. */
  get allLive(): boolean {
    return this.#live.size === this.#wanted.size;
  }

  /** Notes that `request` was sent as subscription `id`. */
  ask(id: string, request: StreamRequest): void {
    this.#asked.set(id, keyOf(request));
  }

  /** Notes the server's `ready` for subscription `id`. */
  confirm(id: string): void {
    const key = this.#asked.get(id);
    if (key !== undefined) {
      this.#live.add(key);
    }
  }

  /** Whether events of this stream were asked for. */
  wants({ stream, eventName }: StreamRequest): boolean {
    for (const wanted of this.#wanted.values()) {
      if (wanted.stream === stream && wanted.eventName === eventName) return true;
    }
    return false;
  }
}

/** JSON keeps the two parts apart, whatever characters they contain. */
function keyOf({ stream, eventName }: StreamRequest): string {
  return JSON.stringify([stream, eventName]);
}
