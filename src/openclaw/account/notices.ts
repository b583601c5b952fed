// Owns what an operator is told once, however often it happens.

import type { RestError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { DropReason } from "../../policy/admission.ts";

const RESTRICTED =
  "The workspace may not post: a Community workspace of Rocket.Chat that has not reached Rocket.Chat's cloud for some days " +
  "refuses every message and edit. Register it again (Administration, Workspace), or let it reach the cloud";

const ENCRYPTED =
  "Messages of an end-to-end encrypted room cannot be read: the bot user has no key. Turn encryption off in this room, or do not write to the agent there";

const OTHER_WRITER =
  "Another program writes as this bot user. If that is a second gateway with the same token, both answer: stop one of them, or give it " +
  "a bot user of its own. A command such as `openclaw message send` is harmless";

export interface Notices {
  refused(error: RestError): void;
  /** `name`: what people call the room, where that is known. */
  dropped(reason: DropReason, room: string | undefined, name?: () => string | undefined): void;
  otherWriter(): void;
}

export function createNotices(log: Log): Notices {
  const told = new Set<string>();

  function once(key: string, tell: () => void): void {
    if (told.has(key)) return;
    told.add(key);
    tell();
  }

  return {
    refused({ serverCode }) {
      if (serverCode !== "restricted-workspace") return;
      once("restricted", () => log.error("workspace restricted", { advice: RESTRICTED }));
    },
    dropped(reason, room, name) {
      if (reason !== "encrypted") return;
      once(`encrypted ${room}`, () => log.warn("room encrypted", { room, in: name?.(), advice: ENCRYPTED }));
    },
    otherWriter() {
      once("other writer", () => log.warn("another writer", { advice: OTHER_WRITER }));
    },
  };
}
