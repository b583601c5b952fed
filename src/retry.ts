// Owns sorting errors: try again, wait a given time, or stop until an operator acts.
import {
  ConfigError,
  FileRefusedError,
  LoginRejectedError,
  MethodError,
  NetworkError,
  ProtocolError,
  RateLimitedError,
  RestError,
  StorageError,
  TargetError,
  UnauthorizedError,
} from "./errors.ts";

export type RetryAdvice =
  | { kind: "retry" }
  | { kind: "wait"; ms: number }
  | { kind: "blocked"; reason: string };

const BACKOFF_FLOOR_MS = 1_000;
const BACKOFF_CEILING_MS = 60_000;

/** A server may ask for any wait; we come back after this long at the latest. */
const MAX_WAIT_MS = 5 * 60_000;

/** Rocket.Chat unblocks an address or user after 5 minutes (`Block_Multiple_Failed_Logins_Time_To_Unblock_*`). */
const LOGIN_BLOCK_MS = 5 * 60_000;

/** The wait when a server limits us and does not say for how long: the window of the REST limiter. */
const UNKNOWN_RESET_MS = 60_000;

const RATE_LIMIT_CODES = new Set(["too-many-requests", "error-too-many-requests"]);
const LOGIN_BLOCK_CODES = new Set(["error-login-blocked-for-ip", "error-login-blocked-for-user"]);

/**
 * Login refusals only an operator can end. 6.5 says 403 and 8.3 says 401 for a token it does not know, both say 400
 * for one of the wrong shape (recordings login-resume); a deactivated user is the recording deactivate-user.
 */
const DEAD_LOGIN_CODES = new Set([
  "400",
  "401",
  "403",
  "error-user-is-not-activated",
  "error-app-user-is-not-allowed-to-login",
  "error-user-has-no-roles",
]);

/** HTTP refusals that pass by themselves, besides every 5xx. */
const PASSING_STATUSES = new Set([408, 425, 429]);

/** The HTTP status that an error tells of; undefined where nothing answered. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof RestError || error instanceof NetworkError ? error.status : undefined;

/** Whether the same HTTP request may succeed later. */
export const isPassingStatus = (status: number): boolean => status >= 500 || PASSING_STATUSES.has(status);

/**
 * The only reader of error codes. Everything that never got through is `retry` (a close with code 1000 too: every
 * deliberate close of Rocket.Chat is 1000, so the next login decides); what the server refused for good is `blocked`.
 * An error that is not ours is `retry`: it says nothing about the server.
 */
export function adviseRetry(error: unknown): RetryAdvice {
  if (error instanceof RateLimitedError) return wait(error.waitMs);
  if (error instanceof LoginRejectedError) return adviseLogin(error);
  if (error instanceof MethodError) return adviseMethod(error);
  if (error instanceof RestError) return adviseRest(error);
  if (error instanceof ProtocolError) {
    return error.reason === "unsupported-version" ? blocked(error) : { kind: "retry" };
  }
  if (error instanceof StorageError) {
    return error.passing ? { kind: "retry" } : blocked(error);
  }
  return isFinal(error) ? blocked(error) : { kind: "retry" };
}

/** Kinds of errors that stay until somebody acts. */
const FINAL = [UnauthorizedError, ConfigError, TargetError, FileRefusedError];

function isFinal(error: unknown): error is Error {
  return FINAL.some((kind) => error instanceof kind);
}

function adviseMethod(error: MethodError): RetryAdvice {
  if (RATE_LIMIT_CODES.has(error.serverCode)) return wait(error.retryAfterMs ?? UNKNOWN_RESET_MS);
  return error.serverCode === "500" ? { kind: "retry" } : blocked(error);
}

/**
 * Milliseconds to wait after the given number of failed attempts (0 for the first loss of a working link): full jitter
 * between 1 s and a ceiling that doubles from 2 s to 60 s. Never below 1 s, so no failure can become a busy loop.
 * `random` is in [0, 1).
 */
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(BACKOFF_CEILING_MS, BACKOFF_FLOOR_MS * 2 ** (attempt + 1));
  return Math.round(BACKOFF_FLOOR_MS + random * (ceiling - BACKOFF_FLOOR_MS));
}

function adviseLogin(error: LoginRejectedError): RetryAdvice {
  if (DEAD_LOGIN_CODES.has(error.serverCode)) return blocked(error);
  if (RATE_LIMIT_CODES.has(error.serverCode)) return wait(error.retryAfterMs ?? UNKNOWN_RESET_MS);
  return LOGIN_BLOCK_CODES.has(error.serverCode) ? wait(LOGIN_BLOCK_MS) : { kind: "retry" };
}

function adviseRest(error: RestError): RetryAdvice {
  if (RATE_LIMIT_CODES.has(error.serverCode ?? "")) return wait(error.retryAfterMs ?? UNKNOWN_RESET_MS);
  if (!isPassingStatus(error.status)) return blocked(error);
  return error.retryAfterMs === undefined ? { kind: "retry" } : wait(error.retryAfterMs);
}

function wait(ms: number): RetryAdvice {
  return { kind: "wait", ms: Math.min(Math.max(0, ms), MAX_WAIT_MS) };
}

function blocked(error: Error): RetryAdvice {
  return { kind: "blocked", reason: error.message };
}
