// The two ways a Rocket.Chat says no; the endpoints decide how each looks on the wire.

/**
 * A refusal with a code. REST shows it as `{success: false, error: "<reason> [<code>]", errorType: "<code>", details}`,
 * DDP as a `Meteor.Error`.
 */
export class ServerError extends Error {
  readonly code: string | number;
  readonly reason: string | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: string | number, reason?: string, details?: Record<string, unknown>) {
    super(reason === undefined ? `[${code}]` : `${reason} [${code}]`);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

/** A plain thrown error: REST shows `{success: false, error: "<message>"}` with status 400. */
export class PlainError extends Error {}
