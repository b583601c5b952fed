// Owns starting a connection in one call, as tests do.

import {
  type Connection,
  type ConnectionHandlers,
  type ConnectionOptions,
  createConnection,
} from "../../src/connection/driver.ts";

export interface StartOptions extends ConnectionOptions, ConnectionHandlers {
  readonly signal: AbortSignal;
}

/** A connection that runs; `done` settles with its end. */
export function startConnection(options: StartOptions): Connection & { readonly done: Promise<void> } {
  const connection = createConnection(options);
  return { ...connection, done: connection.run(options, options.signal) };
}
