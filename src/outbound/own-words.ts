// Owns putting OpenClaw's words for its commands into those that work in a Rocket.Chat room.

/** Between spaces, quotes or brackets, so that no path is taken for one. */
const COMMAND = /(?<=^|[\s`("'])\/([a-z]+)(?=$|[\s`.,;:!?)"'])/gm;

const APPROVE: ReadonlySet<string> = new Set(["approve"]);

/**
 * Writes `!word` for `/word`, of the words that are commands here. OpenClaw tells people to write `/word`; Rocket.Chat's
 * clients take a text that begins with `/` for a command of their own and refuse it.
 */
export function nameCommands(text: string, words: ReadonlySet<string>): string {
  return text.replaceAll(COMMAND, (written, word) => (words.has(word) ? `!${word}` : written));
}

/** The same of OpenClaw's questions for an approval, of which the agent speaks as well, and the reactions that decide. */
export function nameApproveCommand(text: string): string {
  return nameCommands(text, APPROVE).replace(REPLY_WITH, nameReactions);
}

/** OpenClaw's line on how to answer a question for an approval. */
const REPLY_WITH = /^Reply with: !approve \S+ (allow-once(?:\|allow-always)?\|deny)$/m;

/** Beside the command, the reactions that decide. */
function nameReactions(line: string, decisions: string): string {
  const always = decisions.includes("allow-always") ? ", \u267e\ufe0f always" : "";
  return `${line}\nOr react to this message: \u{1f44d} once${always}, \u{1f44e} deny`;
}
