import { expect, it } from "vitest";
import { nameApproveCommand, nameCommands } from "./own-words.ts";

it.each([
  [
    "Reply with: /approve 1a2b3c4d allow-once|allow-always|deny",
    "Reply with: !approve 1a2b3c4d allow-once|allow-always|deny\nOr react to this message: 👍 once, ♾️ always, 👎 deny",
  ],
  [
    "Reply with: /approve 1a2b allow-once|deny\nSoon.",
    "Reply with: !approve 1a2b allow-once|deny\nOr react to this message: 👍 once, 👎 deny\nSoon.",
  ],
  [
    "If the short code is ambiguous, use the full id in /approve.",
    "If the short code is ambiguous, use the full id in !approve.",
  ],
  ["/approve 1a2b", "!approve 1a2b"],
  ["Please write `/approve 1a2b allow-once`.", "Please write `!approve 1a2b allow-once`."],
  ["see /approve/this and docs/approve or /approved", "see /approve/this and docs/approve or /approved"],
  ["https://example.org/approve", "https://example.org/approve"],
])("%s", (text, shown) => expect(nameApproveCommand(text)).toBe(shown));

it("names the commands that are commands here, and leaves paths and others", () => {
  const text = "/context\nTry `/context list` or (/new); /etc/context, /tmp and /export stay.";
  expect(nameCommands(text, new Set(["context", "new"]))).toBe(
    "!context\nTry `!context list` or (!new); /etc/context, /tmp and /export stay.",
  );
});
