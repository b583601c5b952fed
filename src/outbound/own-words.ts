// Owns putting OpenClaw's words for its commands into those that work in a Rocket.Chat room.

/** Between spaces, quotes or brackets, so that no path is taken for it. */
const APPROVE = /(?<=^|[\s`("'])\/approve(?=$|[\s`.,;:!?)"'])/gm;

/**
 * Writes `!approve` for `/approve`. OpenClaw's questions for an approval tell people, and the agent, to write
 * `/approve ID`; Rocket.Chat's clients take a text that begins with `/` for a command of their own and refuse it.
 */
export function nameApproveCommand(text: string): string {
  return text.replaceAll(APPROVE, "!approve").replace(REPLY_WITH, nameReactions);
}

/** OpenClaw's line on how to answer a question for an approval. */
const REPLY_WITH = /^Reply with: !approve \S+ (allow-once(?:\|allow-always)?\|deny)$/m;

/** Beside the command, the reactions that decide. */
function nameReactions(line: string, decisions: string): string {
  const always = decisions.includes("allow-always") ? ", \u267e\ufe0f always" : "";
  return `${line}\nOr react to this message: \u{1f44d} once${always}, \u{1f44e} deny`;
}
