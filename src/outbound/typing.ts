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

export interface Typing {
  /** Shows it, or goes on to: to be called every `TYPING_INTERVAL_MS` while the work lasts. Never rejects. */
  show(place: TypingPlace): Promise<void>;
  /** Ends it. Never rejects. */
  hide(place: TypingPlace): Promise<void>;
  /** Ends all there is. Never rejects. */
  hideAll(): Promise<void>;
}

/** Clients drop the sign 15 s after the last word of it. Milliseconds. */
export const TYPING_INTERVAL_MS = 6000;

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

interface Sign {
  readonly place: TypingPlace;
  shownAt: number;
}

export interface TypingOptions {
  /** Calls a DDP method; rejects where there is no connection. */
  readonly call: (method: string, params: readonly unknown[]) => Promise<unknown>;
  /** The name by which the server knows who writes: any other is ignored without a word. */
  readonly readName: () => Promise<string>;
  readonly now: () => number;
}

export function createTyping({ call, readName, now }: TypingOptions): Typing {
  const signs = new Map<string, Sign>();
  const calls: number[] = [];
  let restUntil = 0;
  let name: { value: string; readAt: number } | undefined;

  async function nameNow(): Promise<string> {
    if (name === undefined || now() - name.readAt > NAME_AGE_MS)
      name = { value: await readName(), readAt: now() };
    return name.value;
  }

  /** Whether one more call may be made while `reserve` are kept back; notes it if so. */
  function take(reserve: number): boolean {
    const time = now();
    while (calls[0] !== undefined && time - calls[0] >= WINDOW_MS) calls.shift();
    if (time < restUntil || calls.length >= MAX_CALLS - reserve) return false;
    calls.push(time);
    return true;
  }

  async function send({ roomId, threadId }: TypingPlace, activities: readonly string[]): Promise<void> {
    try {
      const extras = threadId === undefined ? {} : { tmid: threadId };
      await call("stream-notify-room", [`${roomId}/user-activity`, await nameNow(), activities, extras]);
    } catch (error) {
      if (error instanceof MethodError) restUntil = now() + (error.retryAfterMs ?? WINDOW_MS);
    }
  }

  async function hide(place: TypingPlace): Promise<void> {
    if (signs.delete(keyOf(place)) && take(0)) await send(place, []);
  }

  return {
    async show(place) {
      const sign = signs.get(keyOf(place));
      const busy = calls.length > BUSY_CALLS;
      if (sign !== undefined && busy && now() - sign.shownAt < BUSY_INTERVAL_MS) return;
      if (!take(KEPT_BACK)) return;
      signs.set(keyOf(place), { place, shownAt: now() });
      await send(place, ["user-typing"]);
    },
    hide,
    async hideAll() {
      await Promise.all([...signs.values()].map(({ place }) => hide(place)));
    },
  };
}

const keyOf = ({ roomId, threadId }: TypingPlace): string => `${roomId} ${threadId ?? ""}`;

/**
 * The bot's username, or its display name where the workspace shows those (`UI_Use_Real_Name`): the server compares
 * the name in the call with the one (recording `typing`).
 */
export async function readTypingName(rest: RestClient): Promise<string> {
  const me = await fetchMe(rest);
  const real = (await fetchPublicSetting(rest, "UI_Use_Real_Name")) === true;
  return (real ? me.name : undefined) ?? me.username ?? "";
}
