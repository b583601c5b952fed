// Owns what the agent is told of how its words are shown: by the account's server, as far as that is known.

import { DEFAULT_ACCOUNT_ID } from "openclaw/plugin-sdk/account-id";
import { knownServerFacts } from "../../account/server-facts.ts";

const ALWAYS = [
  "Write standard Markdown; it is converted to Rocket.Chat's dialect.",
  "@name is plain text and notifies nobody; write <@username> at the beginning of a word to address somebody.",
  "Lists and quotes inside others become indented lines.",
];

/** For `agentPrompt.inboundFormattingHints`: tables and formulas are shown by some servers, and not by others. */
export function formattingHints({ accountId }: { readonly accountId?: string | null }) {
  const facts = knownServerFacts(accountId ?? DEFAULT_ACCOUNT_ID);
  return { text_markup: "markdown", rules: facts === undefined ? ALWAYS : [...ALWAYS, ...rulesOf(facts)] };
}

type Facts = NonNullable<ReturnType<typeof knownServerFacts>>;

function rulesOf({ modern, katex, maxMessageUnits }: Facts): string[] {
  const shown = katex.parentheses || katex.dollars;
  return [
    modern ? "Tables are shown as tables." : "Tables are shown as aligned code: keep them narrow.",
    shown
      ? "Formulas are shown: \\( \\) in a line, $$ $$ by themselves. A single $ is a dollar sign."
      : "Formulas are not shown here: write them in plain words or as code.",
    `A message holds ${maxMessageUnits} characters; longer answers are divided.`,
  ];
}
