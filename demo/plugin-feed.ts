// Owns what the plugin's log says about each message, read from the gateway's output for the chat page.
import type { Feed, FeedEvent } from "../emulator/web/offers.ts";

/** How many events somebody who opens the page later is told. */
const KEPT_EVENTS = 500;

const LINE = /^(\S+) \[rocketchat\] \[[^\]]+\] (.+)$/;
/** Values may hold spaces, so a field ends where the next one begins. */
const FIELD = / (\w+)=(.*?)(?= \w+=|$)/g;

/** One line of the gateway's output as an event; undefined when it is none of the plugin's account lines. */
export function readLogLine(line: string): FeedEvent | undefined {
  const [, time = "", said = ""] = LINE.exec(line.trimEnd()) ?? [];
  const at = Date.parse(time);
  if (Number.isNaN(at)) return undefined;
  const fields = Object.fromEntries([...said.matchAll(FIELD)].map(([, name, value]) => [name, value]));
  return { at, name: said.split(/ \w+=/, 1)[0] ?? "", fields };
}

export class PluginFeed implements Feed {
  readonly bot: string;
  readonly #past: FeedEvent[] = [];
  readonly #listeners = new Set<(event: FeedEvent) => void>();
  #rest = "";

  constructor(bot: string) {
    this.bot = bot;
  }

  /** Takes output of the gateway, in pieces of any size. */
  read(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = readLogLine(line);
      if (event) this.#tell(event);
    }
  }

  listen(hear: (event: FeedEvent) => void): () => void {
    for (const event of this.#past) hear(event);
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  #tell(event: FeedEvent): void {
    this.#past.push(event);
    if (this.#past.length > KEPT_EVENTS) this.#past.shift();
    for (const hear of this.#listeners) hear(event);
  }
}
