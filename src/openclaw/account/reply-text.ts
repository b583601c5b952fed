// Owns turning a reply of the agent into the messages that are posted.

import { formatMarkdown } from "../../outbound/markdown.ts";
import { nameApproveCommand } from "../../outbound/own-words.ts";
import type { RestClient } from "../../rest/client.ts";
import type { AccountSettings, TableMode } from "../../settings.ts";
import { serverFacts } from "./server-facts.ts";

/**
 * The messages that show a Markdown text, in order, each of a size that the server takes; none for a text
 * without anything visible. Never rejects.
 */
export async function splitReply(
  account: AccountSettings,
  rest: RestClient,
  text: string,
): Promise<string[]> {
  const facts = await serverFacts(account.accountId, rest);
  const { maxMessageUnits, maxParsedUnits, modern, ticksBreakFences, katex } = facts;
  return formatMarkdown(nameApproveCommand(text), {
    limit: Math.min(account.text.chunkLimit, maxMessageUnits, maxParsedUnits),
    mode: account.text.chunkMode,
    tables: tablesOf(account.text.tables, modern),
    modern,
    ticksBreakFences,
    katex,
  });
}

function tablesOf(mode: TableMode, modern: boolean): "code" | "bullets" | "native" {
  if (mode === "off") return "native";
  if (mode === "block") return modern ? "native" : "code";
  return mode;
}
