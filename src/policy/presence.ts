// Owns deciding whose coming back the agent is told of, and in which of their conversations.

import type { PresenceNews } from "../facts/presence.ts";
import type { RoomFacts } from "../facts/room.ts";
import { type AccountSettings, type PresenceEventSettings, roomSettings } from "../settings.ts";

/** How long somebody is followed in a conversation after writing there, as on Slack. Milliseconds. */
const FOLLOWED_MS = 24 * 60 * 60_000;

/** The most people of a conversation under mode `auto`, as on Slack. */
const FEW = 8;

/** The most people followed; whoever writes in several conversations counts in each. */
const MAX_FOLLOWED = 2_000;

/** Reloading a page is no absence. Slack's channel looks once a minute. Milliseconds. */
const MIN_ABSENCE_MS = 60_000;

/** The mode and the prompt in force: the room's (never for direct messages and group DMs), else the account's. */
export function presenceEventsIn(settings: AccountSettings, room: RoomFacts): PresenceEventSettings {
  const ofRoom = room.chatType === "channel" ? roomSettings(settings, room).presenceEvents : undefined;
  const { mode, prompt } = settings.presenceEvents;
  return { mode: ofRoom?.mode ?? mode, prompt: ofRoom?.prompt ?? prompt };
}

/** In which conversations coming back is told: in none, in those of few people, in all. */
export type Reach = "none" | "few" | "all";

/** What the mode in force means for a conversation: `auto` leaves out a room's top level. */
export function presenceReach(settings: AccountSettings, room: RoomFacts, threadId?: string): Reach {
  const { mode } = presenceEventsIn(settings, room);
  if (mode === "on") return "all";
  return mode === "auto" && (room.chatType !== "channel" || threadId !== undefined) ? "few" : "none";
}

/** Somebody in a conversation, as of the last message there. */
export interface Companion {
  readonly userId: string;
  readonly conversation: string;
  /** By the settings in force. */
  readonly reach: () => Reach;
}

/** Milliseconds since 1970. */
export interface Absence {
  readonly awayAt: number;
  readonly backAt: number;
}

/** Those who talk with the agent, and since when they are away. `now` in milliseconds since 1970. */
export class Company<Member extends Companion> {
  /** Whoever wrote longest ago comes first. */
  readonly #members = new Map<string, { readonly member: Member; readonly at: number }>();
  readonly #awayAt = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  /** Somebody wrote, so is there. */
  note(member: Member, now: number): void {
    const key = JSON.stringify([member.conversation, member.userId]);
    this.#members.delete(key);
    this.#members.set(key, { member, at: now });
    this.#awayAt.delete(member.userId);
    this.#prune(now);
  }

  /** Who is back, and where to tell it; undefined where nothing is to be told. Who was not seen away does not come back. */
  hear({ userId, presence }: PresenceNews, now: number): (Absence & { readonly member: Member }) | undefined {
    this.#prune(now);
    const awayAt = this.#awayAt.get(userId);
    if (presence === "away") {
      if (awayAt === undefined && this.#find(userId)) this.#awayAt.set(userId, now);
      return undefined;
    }
    this.#awayAt.delete(userId);
    if (presence === "busy" || awayAt === undefined || now - awayAt < MIN_ABSENCE_MS) return undefined;
    const member = this.#find(userId, (companion) => this.#mayTell(companion));
    return member && { member, awayAt, backAt: now };
  }

  #find(userId: string, fits: (member: Member) => boolean = () => true): Member | undefined {
    return [...this.#members.values()]
      .map(({ member }) => member)
      .findLast((member) => member.userId === userId && fits(member));
  }

  #mayTell({ conversation, reach }: Member): boolean {
    const allowed = reach();
    if (allowed !== "few") return allowed === "all";
    const people = [...this.#members.values()].filter(({ member }) => member.conversation === conversation);
    return people.length <= FEW;
  }

  #prune(now: number): void {
    for (const [key, { member, at }] of this.#members) {
      if (this.#members.size <= MAX_FOLLOWED && now - at < FOLLOWED_MS) return;
      this.#members.delete(key);
      if (!this.#find(member.userId)) this.#awayAt.delete(member.userId);
    }
  }
}
