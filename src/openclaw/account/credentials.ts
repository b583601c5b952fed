// Owns how long an account may work on the strength of the server's last word about its token.

import type { Clock } from "../../connection/driver.ts";
import { ConfigError, RateLimitedError, type RocketChatError } from "../../errors.ts";
import { fetchMe, type OwnUserFacts } from "../../rest/auth.ts";
import type { RestClient } from "../../rest/client.ts";
import { backoff } from "../../retry.ts";
import type { AccountSettings } from "../../settings.ts";

/** `Word` is what the server says of a good token. */
export interface CredentialWatchOptions<Word> {
  /** Asks the server about the token; resolves when it is good. */
  check(): Promise<Word>;
  /** How old the server's last good word may be before nothing more is processed. Milliseconds. */
  readonly intervalMs: number;
  readonly clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** The token is good: processing may begin, or go on. */
  onGood(word: Word): void;
  /** A check failed without a word about the token; it is repeated. */
  onFailed(error: unknown): void;
  /** No good word came in time: processing must rest until the next one. */
  onExpired(): void;
}

export interface CredentialWatch {
  /** Checks now, and from now on by itself until `end`. */
  begin(): void;
  /** The token is known to be dead, or the account stops: the last word is void and none is asked for. */
  end(): void;
}

/** A check is due after this part of the interval at the latest, so that a failed one can be repeated in time. */
const LATEST_CHECK = 0.85;
/** How much earlier it may come, so that the checks of many accounts do not stay in step. Part of the interval. */
const JITTER = 0.15;

/**
 * The server does not always tell when it stops to accept a token: 8.3 keeps the socket open and goes on sending
 * (recording `pat-lifecycle`). So a good word is a lease: it is renewed before it runs out, and processing rests
 * when it has. Nothing is processed later than one interval after a token was revoked.
 */
export function createCredentialWatch<Word>(options: CredentialWatchOptions<Word>): CredentialWatch {
  const { clock, intervalMs, random } = options;
  /** Moves with every `begin` and `end`, so that the answer to an older check is recognized. */
  let era = 0;
  let failures = 0;
  let cancelCheck = (): void => {};
  let cancelExpiry = (): void => {};

  async function check(): Promise<void> {
    const asked = era;
    const askedAt = clock.now();
    try {
      const word = await options.check();
      if (asked === era) renew(word, askedAt);
    } catch (error) {
      if (asked === era) repeat(error);
    }
  }

  function renew(word: Word, askedAt: number): void {
    failures = 0;
    const age = clock.now() - askedAt;
    cancelExpiry();
    cancelExpiry = clock.setTimer(Math.max(0, intervalMs - age), options.onExpired);
    schedule(Math.max(0, intervalMs * (LATEST_CHECK - JITTER * random()) - age));
    options.onGood(word);
  }

  function repeat(error: unknown): void {
    options.onFailed(error);
    const pause = backoff(failures, random());
    failures += 1;
    schedule(error instanceof RateLimitedError ? Math.max(pause, error.waitMs) : pause);
  }

  function schedule(ms: number): void {
    cancelCheck();
    cancelCheck = clock.setTimer(ms, () => void check());
  }

  return {
    begin() {
      era += 1;
      cancelCheck();
      void check();
    },
    end() {
      era += 1;
      failures = 0;
      cancelCheck();
      cancelExpiry();
    },
  };
}

/**
 * Asks the server whose token it is (`GET me`), and answers with that user. A token of another user, or of one with another name, is refused
 * with what to correct; `reject` hears of it before this rejects, as it does of a dead token by the client itself.
 */
export async function checkCredentials(
  rest: RestClient,
  settings: AccountSettings,
  reject: (error: RocketChatError) => void,
): Promise<OwnUserFacts> {
  const me = await fetchMe(rest, { patienceMs: 0 });
  const wrong = wrongIdentity(settings, me);
  if (wrong === undefined) return me;
  reject(wrong);
  throw wrong;
}

/** What is wrong with the configured identity, given the one that the token has. */
export function wrongIdentity(
  { userId, username }: AccountSettings,
  me: { readonly id: string; readonly username: string | undefined },
): ConfigError | undefined {
  if (me.id !== userId) {
    const message = `The personal access token belongs to the user ${me.id}, but the account names ${userId}. Correct \`userId\`, or use a token of that user`;
    return new ConfigError(message, { path: "userId" });
  }
  if (me.username === undefined || me.username === username) return undefined;
  const message = `The bot user is named @${me.username}, but the account names @${username}. Correct \`username\`: mentions are recognized by it`;
  return new ConfigError(message, { path: "username" });
}
