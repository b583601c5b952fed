// What a demo offers to the page beyond Rocket.Chat: people to log in as, and what the plugin did.

export interface Login {
  readonly username: string;
  readonly name: string;
  readonly password: string;
}

/** One thing the plugin did, as its log says it. */
export interface FeedEvent {
  /** Epoch milliseconds. */
  readonly at: number;
  /** The log line's words, such as `message dropped`. */
  readonly name: string;
  /** The log line's fields, such as `reason` and `message`. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface Feed {
  /** The user name of the plugin's bot user. */
  readonly bot: string;
  /** Tells what happened so far and what happens from now on; answers how to stop. */
  listen(hear: (event: FeedEvent) => void): () => void;
}
