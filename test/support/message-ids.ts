// Owns the ids of messages where no file keeps their secret.

import { createMessageIds, type MessageIds } from "../../src/outbound/message-id.ts";

export function messageIds(userId = "bot"): MessageIds {
  const account = { accountId: "default", serverUrl: "https://chat.example.org", userId };
  return createMessageIds(account, () => ({ secret: "a secret of a test", since: 0 }));
}
