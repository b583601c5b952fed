// What a message's text refers to: users, channels and addresses, by the rule of each version.
import { parse } from "@rocket.chat/message-parser";

/** The tree the server keeps beside the text, made by Rocket.Chat's own parser with the default settings. */
export function parseMarkdown(text: string, { nulls = false }: { nulls?: boolean } = {}): unknown[] {
  const options = {
    colors: true,
    emoticons: true,
    katex: { dollarSyntax: false, parenthesisSyntax: true },
  };
  const tree: unknown[] = parse(text, options);
  return nulls ? tree.map(withNulls) : tree;
}

/** Nodes without a value, such as an emoji's, as a server stores them that keeps null. */
function withNulls(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNulls);
  if (!isRecord(node)) return node ?? null;
  return Object.fromEntries(Object.entries(node).map(([key, one]) => [key, withNulls(one)]));
}

export interface References {
  /** User or team names, without the @, each once, in order. */
  users: string[];
  /** Room names, without the #. */
  channels: string[];
  urls: string[];
}

/** 8.3 and later: what the parser took for a mention, a channel or a link is one. */
export function referencesInMarkdown(tree: unknown): References {
  const found: References = { users: [], channels: [], urls: [] };
  visit(tree, (type, value) => {
    if (type === "MENTION_USER") add(found.users, plainText(value));
    else if (type === "MENTION_CHANNEL") add(found.channels, plainText(value));
    else if (type === "LINK" && isRecord(value)) add(found.urls, httpOnly(plainText(value.src)));
  });
  return found;
}

/**
 * 6.5: regular expressions over the raw text. A mention stands at the start, after white space or after `>`;
 * code blocks do not hide it, a bracket or a star before it does.
 */
export function referencesInText(text: string, namePattern: string): References {
  const found: References = { users: [], channels: [], urls: [] };
  const users = new RegExp(`(?:^|\\s|>)@(${namePattern}(?:@${namePattern})?(?::[0-9a-zA-Z-_.]+)?)`, "gm");
  const channels = new RegExp(`(?:^|\\s|>)#(${namePattern})`, "gm");
  for (const match of text.matchAll(users)) add(found.users, match[1]);
  for (const match of text.matchAll(channels)) add(found.channels, match[1]);
  const withoutCode = text.replace(/```[\s\S]*?```|`[^`\n]*`/g, "");
  for (const match of withoutCode.matchAll(/https?:\/\/[^\s<>()[\]`]+/g)) add(found.urls, match[0]);
  return found;
}

function visit(node: unknown, see: (type: string, value: unknown) => void): void {
  if (Array.isArray(node)) {
    for (const part of node) visit(part, see);
    return;
  }
  if (!isRecord(node)) return;
  if (typeof node.type === "string") see(node.type, node.value);
  for (const part of Object.values(node)) visit(part, see);
}

function plainText(node: unknown): string | undefined {
  return isRecord(node) && typeof node.value === "string" ? node.value : undefined;
}

function httpOnly(address: string | undefined): string | undefined {
  return address !== undefined && /^https?:/i.test(address) ? address : undefined;
}

function add(list: string[], item: string | undefined): void {
  if (item !== undefined && !list.includes(item)) list.push(item);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
