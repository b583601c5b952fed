// Owns what one token opens, bound together: the connection, the REST client, and whether events may be processed.

import { type Connection, type ConnectionOptions, startConnection } from "../../connection/driver.ts";
import type { RocketChatError } from "../../errors.ts";
import type { OwnUserFacts } from "../../rest/auth.ts";
import type { AccountClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import { checkCredentials, createCredentialWatch } from "./credentials.ts";

export interface LinkOptions extends Omit<ConnectionOptions, "credentials" | "blockedRetryMs" | "onEvent"> {
  readonly settings: AccountSettings;
  /** Makes the account's REST client; it calls `onUnauthorized` with each answer that means a dead token. */
  openRest(onUnauthorized: (error: RocketChatError) => void): AccountClient;
  /** Called once, with the client; what it answers stores and processes events. It begins on hold. */
  openIngress(rest: AccountClient): LinkIngress;
  /** The server has confirmed the token, of this user. */
  onConfirmed(me: OwnUserFacts): void;
  /** A check failed without a word about the token. */
  onCheckFailed(error: unknown): void;
  /** The server has not confirmed the token in time: processing rests until it does. */
  onUnconfirmed(): void;
}

/** Where events go. `hold` takes effect at once. */
export interface LinkIngress {
  readonly store: ConnectionOptions["onEvent"];
  /** Begins, or goes on, to process what is stored. */
  open(): void;
  /** Processes nothing more; what is stored, and what comes in, stays stored. */
  hold(): void;
}

export interface Link {
  readonly connection: Connection;
  readonly rest: AccountClient;
}

/**
 * Starts the link of an account. Processing begins when the server has confirmed the token by REST, and ends with
 * the first refusal on the socket or on any request; the socket is closed with it.
 */
export function startLink(options: LinkOptions): Link {
  const { settings, clock, random, signal } = options;
  const intervalMs = settings.credentialCheckSeconds * 1000;
  let connection: Connection | undefined;
  const rest = options.openRest(reject);
  const ingress = options.openIngress(rest);
  let me: OwnUserFacts | undefined;
  const watch = createCredentialWatch({
    check: async () => {
      me = await checkCredentials(rest, settings, reject);
    },
    intervalMs,
    clock,
    random,
    onGood() {
      ingress.open();
      if (me !== undefined) options.onConfirmed(me);
    },
    onFailed: options.onCheckFailed,
    onExpired() {
      ingress.hold();
      options.onUnconfirmed();
    },
  });

  /** Nothing more is processed, and nobody asks any more. */
  function cease(): void {
    watch.end();
    ingress.hold();
  }

  function reject(error: RocketChatError): void {
    cease();
    connection?.reject(error);
  }

  signal.addEventListener("abort", watch.end, { once: true });
  connection = startConnection({
    ...options,
    credentials: { userId: settings.userId, token: settings.pat },
    blockedRetryMs: intervalMs,
    onEvent: ingress.store,
    onState(change) {
      if (change.state === "online") watch.begin();
      if (change.state === "blocked") cease();
      options.onState(change);
    },
  });
  return { connection, rest };
}
