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

/** Those who talk with the agent, and since when they are away. All times in milliseconds since 1970. */
export class Company<Member extends Companion> {
  /** Whoever wrote longest ago comes first. */
  readonly #members = new Map<string, { readonly member: Member; readonly at: number }>();
  readonly #absences = new Map<string, { readonly awayAt: number; isSure: boolean }>();

  isEmpty(now: number): boolean {
    this.#prune(now);
    return this.#members.size === 0;
  }

  /** Somebody wrote to the agent, so was there then. */
  wrote(userId: string, at: number): void {
    const absence = this.#absences.get(userId);
    if (absence !== undefined && absence.awayAt <= at) this.#absences.delete(userId);
  }

  /** Follows who wrote in a conversation; a message may be dated in time to come. */
  note(member: Member, at: number, now: number): void {
    const key = JSON.stringify([member.conversation, member.userId]);
    this.#members.delete(key);
    this.#members.set(key, { member, at: Math.min(at, now) });
    this.#prune(now);
  }

  /** From now on presence is not heard for a while: whoever is told to be away next was there meanwhile. */
  lose(): void {
    for (const absence of this.#absences.values()) absence.isSure = false;
  }

  /** Who is back, and where to tell it; undefined where nothing is to be told. Who was not seen away does not come back. */
  hear(
    { userId, presence }: Pick<PresenceNews, "userId" | "presence">,
    now: number,
  ): (Absence & { readonly member: Member }) | undefined {
    this.#prune(now);
    const absence = this.#absences.get(userId);
    if (presence === "away") {
      if (!absence?.isSure && this.#find(userId)) this.#absences.set(userId, { awayAt: now, isSure: true });
      return undefined;
    }
    this.#absences.delete(userId);
    if (presence === "busy" || absence === undefined || now - absence.awayAt < MIN_ABSENCE_MS)
      return undefined;
    const member = this.#find(userId, (companion) => this.#mayTell(companion));
    return member && { member, awayAt: absence.awayAt, backAt: now };
  }

  /** Where somebody wrote last, of the places that fit. */
  #find(userId: string, fits: (member: Member) => boolean = () => true): Member | undefined {
    let found: Member | undefined;
    for (const { member } of this.#members.values())
      if (member.userId === userId && fits(member)) found = member;
    return found;
  }

  #mayTell({ conversation, reach }: Member): boolean {
    const allowed = reach();
    if (allowed !== "few") return allowed === "all";
    let people = 0;
    for (const { member } of this.#members.values()) if (member.conversation === conversation) people += 1;
    return people <= FEW;
  }

  #prune(now: number): void {
    for (const [key, { member, at }] of this.#members) {
      if (this.#members.size <= MAX_FOLLOWED && now - at < FOLLOWED_MS) return;
      this.#members.delete(key);
      if (!this.#find(member.userId)) this.#absences.delete(member.userId);
    }
  }
}
