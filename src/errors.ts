// Owns the errors of the plugin: one class tree, by who can do something about each.
//
//   RocketChatError (abstract: literal `code`, `cause`)
//   |- we never got through, or do not know whether we did
//   |  |- NetworkError           "network"            no connection, or another than Rocket.Chat answered, with `status`
//   |  |- TimeoutError           "timeout"            no answer within `afterMs`; the effect may have happened
//   |  |- ConnectionClosedError  "connection-closed"  the socket closed (`closeCode`); a pending call may have happened
//   |  `- NotOnlineError         "not-online"         nothing was sent, the connection is in `state`
//   |- the server answered no
//   |  |- RestError              "rest"               `status`, `serverCode`, `endpoint`, `retryAfterMs`
//   |  |- RateLimitedError       "rate-limited"       REST 429: come back after `waitMs`
//   |  |- UnauthorizedError      "unauthorized"       REST 401: the token is dead
//   |  |- LoginRejectedError     "login-rejected"     the DDP login was refused: `serverCode`, `retryAfterMs`
//   |  `- MethodError            "method"             a DDP method or subscription was refused: same fields, `method`
//   |- ProtocolError             "protocol"           the answer is not what the protocol says: `reason`
//   |- NamesPendingError      "names-pending"      a name in the configuration could not be looked up yet
//   |- TargetError            "target"             there is no such room, person or message to write to
//   |- FileRefusedError       "file"               a file cannot be sent: `reason`, for people to read
//   |- StorageError              "storage"            received messages cannot be kept on this machine: `passing` or not
//   `- ConfigError               "config"             the configuration cannot work: `path` of the wrong value
//
// Messages tell the operator what to do and never contain a token. Nothing decides by a message: `retry.ts` reads the codes.

export abstract class RocketChatError extends Error {
  abstract readonly code: string;
}

export class NetworkError extends RocketChatError {
  override readonly name = "NetworkError";
  override readonly code = "network";
  /** HTTP status of what answered in Rocket.Chat's place: a request by another's page, the WebSocket upgrade by no 101. */
  readonly status: number | undefined;

  constructor(message: string, fields: { status?: number | undefined; cause?: unknown } = {}) {
    super(message, causeOf(fields));
    this.status = fields.status;
  }
}

export class TimeoutError extends RocketChatError {
  override readonly name = "TimeoutError";
  override readonly code = "timeout";
  readonly afterMs: number;

  constructor(message: string, fields: { afterMs: number; cause?: unknown }) {
    super(message, causeOf(fields));
    this.afterMs = fields.afterMs;
  }
}

export class ConnectionClosedError extends RocketChatError {
  override readonly name = "ConnectionClosedError";
  override readonly code = "connection-closed";
  /** WebSocket close code of the server; undefined when this side closed. 1000 says nothing about the cause. */
  readonly closeCode: number | undefined;

  constructor(message: string, fields: { closeCode?: number | undefined; cause?: unknown } = {}) {
    super(message, causeOf(fields));
    this.closeCode = fields.closeCode;
  }
}

export class NotOnlineError extends RocketChatError {
  override readonly name = "NotOnlineError";
  override readonly code = "not-online";
  readonly state: string;

  constructor(state: string) {
    super(`The connection to Rocket.Chat is not online (${state}); nothing was sent`);
    this.state = state;
  }
}

/** What the configuration says cannot be read yet: a name in it could not be looked up. Passes by itself. */
export class NamesPendingError extends RocketChatError {
  override readonly name = "NamesPendingError";
  override readonly code = "names-pending";

  constructor() {
    super("A name in the configuration that decides here could not be looked up yet; it is tried again");
  }
}

export class RestError extends RocketChatError {
  override readonly name = "RestError";
  override readonly code = "rest";
  readonly status: number;
  /** `errorType`, else the trailing `[code]`, else a bare `error`; undefined when the body carries none. */
  readonly serverCode: string | undefined;
  readonly endpoint: string;
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    fields: {
      status: number;
      endpoint: string;
      serverCode?: string | undefined;
      retryAfterMs?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(message, causeOf(fields));
    this.status = fields.status;
    this.serverCode = fields.serverCode;
    this.endpoint = fields.endpoint;
    this.retryAfterMs = fields.retryAfterMs;
  }
}

export class RateLimitedError extends RocketChatError {
  override readonly name = "RateLimitedError";
  override readonly code = "rate-limited";
  readonly waitMs: number;
  readonly endpoint: string;

  constructor(fields: { waitMs: number; endpoint: string }) {
    super(
      `Rocket.Chat limits the rate of ${fields.endpoint}; trying again in ${Math.ceil(fields.waitMs / 1000)} s. ` +
        "Give the bot user the role `bot`, which has no REST limit, if this happens often",
    );
    this.waitMs = fields.waitMs;
    this.endpoint = fields.endpoint;
  }
}

export class UnauthorizedError extends RocketChatError {
  override readonly name = "UnauthorizedError";
  override readonly code = "unauthorized";
  readonly endpoint: string;

  constructor(endpoint: string) {
    super(
      `Rocket.Chat does not accept the account's userId and personal access token (401 on ${endpoint}). ` +
        "Check both, or create a new token for the bot user and put it into the configuration",
    );
    this.endpoint = endpoint;
  }
}

interface Refusal {
  /** `error.error` as text: "403", "error-user-is-not-activated", "too-many-requests". */
  serverCode: string;
  /** `error.details.timeToReset`, milliseconds. */
  retryAfterMs?: number | undefined;
}

export class LoginRejectedError extends RocketChatError {
  override readonly name = "LoginRejectedError";
  override readonly code = "login-rejected";
  readonly serverCode: string;
  readonly retryAfterMs: number | undefined;

  constructor(fields: Refusal) {
    super(
      `Rocket.Chat refused the login of the bot user (${fields.serverCode}). Check that the personal access token is ` +
        "current and belongs to this server, and that the bot user is active",
    );
    this.serverCode = fields.serverCode;
    this.retryAfterMs = fields.retryAfterMs;
  }
}

export class MethodError extends RocketChatError {
  override readonly name = "MethodError";
  override readonly code = "method";
  readonly method: string;
  readonly serverCode: string;
  readonly retryAfterMs: number | undefined;

  constructor(fields: Refusal & { method: string; reason?: string | undefined }) {
    super(
      `Rocket.Chat refused ${fields.method} (${fields.serverCode})${fields.reason ? `: ${fields.reason}` : ""}`,
    );
    this.method = fields.method;
    this.serverCode = fields.serverCode;
    this.retryAfterMs = fields.retryAfterMs;
  }
}

export class ProtocolError extends RocketChatError {
  override readonly name = "ProtocolError";
  override readonly code = "protocol";
  readonly reason: "unsupported-version" | "unreadable-answer" | "too-large";

  constructor(message: string, fields: { reason: ProtocolError["reason"]; cause?: unknown }) {
    super(message, causeOf(fields));
    this.reason = fields.reason;
  }
}

export class StorageError extends RocketChatError {
  override readonly name = "StorageError";
  override readonly code = "storage";
  /** Whether it may be over by itself, as a lock is. */
  readonly passing: boolean;

  constructor(message: string, fields: { passing: boolean; cause?: unknown }) {
    super(message, causeOf(fields));
    this.passing = fields.passing;
  }
}

export class ConfigError extends RocketChatError {
  override readonly name = "ConfigError";
  override readonly code = "config";
  /** Where the wrong value stands, for example `channels.rocketchat.accounts.ops.userId`. */
  readonly path: string;

  constructor(message: string, fields: { path: string; cause?: unknown }) {
    super(message, causeOf(fields));
    this.path = fields.path;
  }
}

export class FileRefusedError extends RocketChatError {
  override readonly name = "FileRefusedError";
  override readonly code = "file";
  readonly file: string;
  /** The end of a sentence "…, because …". */
  readonly reason: string;
  /** Whether another try may succeed: an address may answer later. */
  readonly passing: boolean;

  constructor(fields: { file: string; reason: string; passing?: boolean; cause?: unknown }) {
    super(`${fields.file} cannot be sent, because ${fields.reason}`, causeOf(fields));
    this.file = fields.file;
    this.reason = fields.reason;
    this.passing = fields.passing ?? false;
  }
}

export class TargetError extends RocketChatError {
  override readonly name = "TargetError";
  override readonly code = "target";
}

/**
 * Turns a failure below HTTP or WebSocket (DNS, TCP, TLS) into a `NetworkError` that says what to check.
 * Reads the system code of `cause` or of its nested causes (`fetch` wraps them); `where` is a host or an
 * address without credentials.
 */
export function networkErrorFrom(cause: unknown, where: string): NetworkError {
  const code = systemCodeOf(cause);
  const detail = code === undefined ? "" : ` (${code})`;
  return new NetworkError(`Cannot reach ${where}${detail}. ${adviceFor(code)}`, { cause });
}

/** What to check by the system's code; the first that fits is told. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^(ENOTFOUND|EAI_AGAIN)$/,
    "The host name does not resolve: check `serverUrl` and the DNS of this machine",
  ],
  [/^ECONNREFUSED$/, "Nothing listens there: check the port in `serverUrl` and that Rocket.Chat is running"],
  [/^CERT_HAS_EXPIRED$/, "The TLS certificate of the server has expired: renew it"],
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    "The TLS certificate is for another host name: check the name in `serverUrl`",
  ],
  [
    /CERT|SELF_SIGNED|LEAF_SIGNATURE/,
    "The TLS certificate is not trusted: install one of a known authority, or name the authority's file in `tls.caFile`",
  ],
  [/^(EPROTO$|ERR_SSL)/, "TLS failed: check that `serverUrl` names the HTTPS port"],
];

function adviceFor(code = ""): string {
  const known = ADVICE.find(([codes]) => codes.test(code));
  return known?.[1] ?? "Check `serverUrl`, the network between, and that Rocket.Chat is running";
}

/** Depth of `cause` chains that is looked at; the chain of `fetch` has two. */
const MAX_CAUSES = 5;

function systemCodeOf(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    if ("code" in current && typeof current.code === "string") return current.code;
    current = current.cause;
  }
  return undefined;
}

function causeOf(fields: { cause?: unknown }): ErrorOptions {
  return fields.cause === undefined ? {} : { cause: fields.cause };
}
