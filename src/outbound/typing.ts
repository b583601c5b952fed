// Owns showing people that the bot writes: in every room and thread where an agent works, within what one connection may send.

import { MethodError } from "../errors.ts";
import { fetchMe } from "../rest/auth.ts";
import type { RestClient } from "../rest/client.ts";
import { fetchPublicSetting } from "../rest/server.ts";

/** Where people see it: the room, or a thread in it. */
export interface TypingPlace {
  readonly roomId: string;
  readonly threadId: string | undefined;
}

/** One piece of work in a place. Several in one place share what people see. */
export interface TypingSign {
  /** Shows it, or goes on to: to be called every `TYPING_INTERVAL_MS` while the work lasts. Never rejects. */
  show(): Promise<void>;
  /** This work is over, and nothing shows it again; people see an end when it was the last of the place. Never rejects. */
  end(): Promise<void>;
}

export interface Typing {
  open(place: TypingPlace): TypingSign;
  /** The name by which the server knows the bot may have changed. */
  forgetName(): void;
  /** Ends all there is, for good. Never rejects. */
  hideAll(): Promise<void>;
}

/** Clients drop the sign 15 s after the last word of it. Milliseconds. */
export const TYPING_INTERVAL_MS = 6000;

/** A sign that was shown this short a time ago is not renewed: others work in the same place. Milliseconds. */
const FRESH_MS = 5000;

/** The server refuses the 41st call of one name within 40 s, to a bot as well (recording `typing`). */
const MAX_CALLS = 40;
const WINDOW_MS = 40_000;

/** Calls kept back for endings, so that no sign outlives its work. */
const KEPT_BACK = 8;

/** Beyond this many calls in the window a sign is renewed only when it would vanish otherwise. */
const BUSY_CALLS = 20;
const BUSY_INTERVAL_MS = 11_000;

/** How long the bot's name is believed. Milliseconds. */
const NAME_AGE_MS = 10 * 60_000;

interface Shown {
  readonly place: TypingPlace;
  /** The works that it stands for. */
  readonly works: Set<TypingSign>;
  at: number;
}

export interface TypingOptions {
  /** Calls a DDP method; rejects where there is no connection. */
  readonly call: (method: string, params: readonly unknown[]) => Promise<unknown>;
  /** The name by which the server knows who writes: any other is ignored without a word. */
  readonly readName: () => Promise<string>;
  readonly now: () => number;
}

export function createTyping({ call, readName, now }: TypingOptions): Typing {
  const shown = new Map<string, Shown>();
  const budget = new CallBudget(now);
  const name = new NameCache(readName, now);
  let closed = false;

  async function send({ roomId, threadId }: TypingPlace, activities: readonly string[]): Promise<void> {
    try {
      const extras = threadId === undefined ? {} : { tmid: threadId };
      await call("stream-notify-room", [`${roomId}/user-activity`, await name.read(), activities, extras]);
    } catch (error) {
      if (error instanceof MethodError) budget.rest(error.retryAfterMs ?? WINDOW_MS);
    }
  }

  /** Whether the work goes on to be shown without a call, or cannot be shown for now. */
  function isSettled(sign: Shown | undefined): boolean {
    const fresh = budget.isBusy ? BUSY_INTERVAL_MS : FRESH_MS;
    return (sign !== undefined && now() - sign.at < fresh) || !budget.take(KEPT_BACK);
  }

  async function hide({ place }: Shown): Promise<void> {
    if (shown.delete(keyOf(place)) && budget.take(0)) await send(place, []);
  }

  async function showFor(work: TypingSign, place: TypingPlace): Promise<void> {
    const sign = shown.get(keyOf(place));
    sign?.works.add(work);
    if (isSettled(sign)) return;
    shown.set(keyOf(place), { place, works: sign?.works ?? new Set([work]), at: now() });
    await send(place, ["user-typing"]);
  }

  function open(place: TypingPlace): TypingSign {
    let over = false;
    const work: TypingSign = {
      async show() {
        if (!over && !closed) await showFor(work, place);
      },
      async end() {
        over = true;
        const sign = shown.get(keyOf(place));
        if (sign?.works.delete(work) && sign.works.size === 0) await hide(sign);
      },
    };
    return work;
  }

  return {
    open,
    forgetName: () => name.forget(),
    async hideAll() {
      closed = true;
      await Promise.all([...shown.values()].map(hide));
    },
  };
}

const keyOf = ({ roomId, threadId }: TypingPlace): string => `${roomId} ${threadId ?? ""}`;

/** The calls that one connection may make within a window of time. */
class CallBudget {
  readonly #now: () => number;
  readonly #calls: number[] = [];
  #restUntil = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get isBusy(): boolean {
    return this.#calls.length > BUSY_CALLS;
  }

  /** Whether one more call may be made while `reserve` are kept back; notes it if so. */
  take(reserve: number): boolean {
    const time = this.#now();
    const calls = this.#calls;
    while (calls[0] !== undefined && time - calls[0] >= WINDOW_MS) calls.shift();
    if (time < this.#restUntil || calls.length >= MAX_CALLS - reserve) return false;
    calls.push(time);
    return true;
  }

  /** The server wants none for so long. */
  rest(ms: number): void {
    this.#restUntil = this.#now() + ms;
  }
}

/** The bot's name as the server knows it, for as long as it is believed. */
class NameCache {
  readonly #readName: () => Promise<string>;
  readonly #now: () => number;
  #asked: { readonly value: Promise<string>; readonly readAt: number } | undefined;

  constructor(readName: () => Promise<string>, now: () => number) {
    this.#readName = readName;
    this.#now = now;
  }

  /** One question for all who wait for the answer, so that their calls keep their order. */
  read(): Promise<string> {
    if (this.#asked !== undefined && this.#now() - this.#asked.readAt <= NAME_AGE_MS)
      return this.#asked.value;
    const asked = { value: this.#readName(), readAt: this.#now() };
    this.#asked = asked;
    asked.value.catch(() => {
      if (this.#asked === asked) this.#asked = undefined;
    });
    return asked.value;
  }

  forget(): void {
    this.#asked = undefined;
  }
}

/**
 * The bot's username, or its display name where the workspace shows those (`UI_Use_Real_Name`): the server compares
 * the name in the call with the one (recording `typing`).
 */
export async function readTypingName(rest: RestClient): Promise<string> {
  const me = await fetchMe(rest);
  const real = (await fetchPublicSetting(rest, "UI_Use_Real_Name")) === true;
  return (real ? me.name : undefined) ?? me.username ?? "";
}
