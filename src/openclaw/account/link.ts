// Owns what one token gives an account: its connection, its REST client, and whether events may be processed.

import type {
  Clock,
  Connection,
  ConnectionChange,
  ConnectionHandlers,
  ConnectionOptions,
} from "../../connection/driver.ts";
import { createConnection } from "../../connection/driver.ts";
import type { RocketChatError } from "../../errors.ts";
import type { OwnUserFacts } from "../../rest/auth.ts";
import type { RestClient } from "../../rest/client.ts";
import type { AccountSettings } from "../../settings.ts";
import { checkCredentials, createCredentialWatch } from "./credentials.ts";

/** The news that the token is dead: every request may bring it, and the link ends by it. */
export class TokenNews {
  readonly #listeners = new Set<(error: RocketChatError) => void>();

  readonly tell = (error: RocketChatError): void => {
    for (const hear of this.#listeners) hear(error);
  };

  listen(hear: (error: RocketChatError) => void): void {
    this.#listeners.add(hear);
  }
}

/** Whether stored events are processed. Both take effect at once. */
export interface LinkIngress {
  /** Begins, or goes on, to process what is stored. */
  open(): void;
  /** Processes nothing more; what is stored, and what comes in, stays stored. */
  hold(): void;
}

export interface LinkOptions extends ConnectionHandlers {
  readonly settings: AccountSettings;
  readonly connection: Connection;
  readonly rest: RestClient;
  /** `rest` tells it each answer that means a dead token. */
  readonly token: TokenNews;
  /** It begins on hold. */
  readonly ingress: LinkIngress;
  /** The server has confirmed the token, of this user. */
  onConfirmed(me: OwnUserFacts): void;
  /** A check failed without a word about the token. */
  onCheckFailed(error: unknown): void;
  /** The server has not confirmed the token in time: processing rests until it does. */
  onUnconfirmed(): void;
  readonly clock: Clock;
  /** In [0, 1). */
  random(): number;
  /** Aborting stops the link for good. */
  readonly signal: AbortSignal;
}

/** The connection of an account, which `runLink` runs. */
export function openConnection(
  settings: AccountSettings,
  options: Omit<ConnectionOptions, "credentials" | "blockedRetryMs">,
): Connection {
  const credentials = { userId: settings.userId, token: settings.pat };
  return createConnection({ ...options, credentials, blockedRetryMs: checkIntervalMs(settings) });
}

function checkIntervalMs({ credentialCheckSeconds }: AccountSettings): number {
  return credentialCheckSeconds * 1000;
}

/**
 * Runs the link of an account until `signal` aborts; settles as the connection does. Processing begins when the server
 * has confirmed the token by REST, and ends with the first refusal on the socket or on any request; the socket is closed
 * with it.
 */
export function runLink(options: LinkOptions): Promise<void> {
  const { settings, connection, rest, token, ingress, signal } = options;
  const watch = createCredentialWatch({
    check: () => checkCredentials(rest, settings, token.tell),
    intervalMs: checkIntervalMs(settings),
    clock: options.clock,
    random: options.random,
    onGood(me) {
      ingress.open();
      options.onConfirmed(me);
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

  function onState(change: ConnectionChange): void {
    if (change.state === "online") watch.begin();
    if (change.state === "blocked") cease();
    options.onState(change);
  }

  token.listen((error) => {
    cease();
    connection.reject(error);
  });
  signal.addEventListener("abort", watch.end, { once: true });
  const { onEvent, glance, onDrop } = options;
  return connection.run({ onEvent, onState, onDrop, ...(glance && { glance }) }, signal);
}
