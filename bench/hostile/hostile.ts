// Owns measuring that no text and no document, however made, costs more than linear time.

import { readCommand } from "../../src/commands/parse.ts";
import { decodeFrame } from "../../src/ddp/frames.ts";
import { compareRevisions, decodeRevision } from "../../src/facts/change.ts";
import { mentionsBot, stripMention } from "../../src/facts/mention.ts";
import { decodeMessage } from "../../src/facts/message.ts";
import { quotedMessageId, withoutQuoteLinks } from "../../src/facts/quote.ts";
import { createRedactor } from "../../src/log.ts";
import { DEFAULT_KATEX } from "../../src/outbound/dialect/math.ts";
import { bareName, findEmoji } from "../../src/outbound/emoji.ts";
import { type FormatOptions, formatMarkdown } from "../../src/outbound/markdown.ts";
import { parseNamedTarget, parseTarget } from "../../src/outbound/target.ts";
import { type Bench, type Figure, median } from "../figures.ts";
import { costsOf, leastCosts, type Rounds } from "./cost.ts";
import { SHAPES, textOfShape } from "./shapes.ts";

/** UTF-16 units of texts. */
const SIZES = [1_000, 4_000, 16_000] as const;
/** Each measurement reads at least as much text, since what is garbage afterwards has to be collected in all of them. */
const LARGEST = Math.max(...SIZES);
const MEGABYTE = 1_000_000;
/** The server's own limit for a message. */
const MESSAGE_UNITS = 5_000;
const MAX_GROWTH = 4.6;
const MAX_MESSAGE_MS = 20;
/** Of the sizes, from each to the next. */
const LINEAR_GROWTH = 4;
const MAX_RATIO = MAX_GROWTH / LINEAR_GROWTH;
/** Below this a measurement is of calling a function, not of reading a text. */
const LEAST_MS = 0.05;
/** A document of 16 MB takes a minute where it is Markdown. */
const FRAME_ROUNDS: Rounds = { few: 3, many: 30 };
const DOCUMENT_ROUNDS: Rounds = { few: 1, many: 12 };

/**
 * Shapes that grow faster from the first size to the second, and why that ends there. What is more than linear belongs
 * to the parser, which is given no more than a block of 4,000 units at once (source.ts).
 */
const EXPLAINED: Readonly<Record<string, string>> = {
  brackets: "the parser looks at each bracket of a block again for those behind it",
  "other mentions": "the parser compares each underscore of a block with those before it",
};

type Reader = (text: string) => unknown;

const SENDER = { _id: "alice", username: "alice" };
const QUOTE = { message_link: "x", author_name: "alice" };
const redact = createRedactor(["secret"]);

/** Of the growth, with a limit at which texts of every size are divided; of a message, with the usual one. */
const options = {
  tables: "code",
  modern: false,
  katex: DEFAULT_KATEX,
  limit: 500,
  mode: "length",
} as const;
const USUAL_LIMIT = 4000;

/** Every function that takes text of others, alone or as the path of a message does. */
const READERS: Readonly<Record<string, Reader>> = {
  "Markdown, before 8.7": (text) => formatMarkdown(text, limited(options, text)),
  "Markdown, from 8.7 on": (text) =>
    formatMarkdown(text, limited({ ...options, tables: "native", modern: true }, text)),
  quotes: (text) => {
    const message = { text, quotedUsernames: ["alice", "bob"] };
    return [quotedMessageId(message), withoutQuoteLinks(message)];
  },
  mentions: (text) => [
    mentionsBot({ text, mentions: [] }, { userId: "bot", username: "bot" }),
    stripMention(text, "bot"),
  ],
  commands: (text) => readCommand(text, "bot"),
  "log lines": redact,
  names: (text) => [bareName(text), findEmoji(text), parseTarget(text), parseNamedTarget(text)],
  frames: (text) => decodeFrame(text),
};

function limited(all: FormatOptions, text: string): FormatOptions {
  return text.length === MESSAGE_UNITS ? { ...all, limit: USUAL_LIMIT } : all;
}

/** Documents of the given size: all of it text, or as many members as fit. */
const DOCUMENTS: Readonly<Record<string, (units: number) => unknown>> = {
  "a long text": (units) => ({ msg: textOfShape("an answer", units) }),
  "mentions without end": (units) => ({
    msg: "@bot ".repeat(units / 40),
    mentions: fill(units, 40, (index) => ({ _id: `u${index}`, type: "user" })),
  }),
  "quotes without end": (units) => ({
    msg: `[ ](https://x?msg=a) `.repeat(units / 80),
    attachments: fill(units, 80, () => QUOTE),
  }),
  "reactions without end": (units) => ({
    msg: "",
    reactions: Object.fromEntries(
      fill(units, 60, (index) => [`:e${index}:`, { usernames: ["alice", `u${index}`] }]),
    ),
  }),
  "one reaction of everybody": (units) => ({
    msg: "",
    reactions: { ":x:": { usernames: fill(units, 12, (index) => `user${index}`) } },
  }),
  "links without end": (units) => ({
    msg: "",
    urls: fill(units, 40, () => ({ url: "https://x", meta: { a: 1 } })),
  }),
};

function fill<Item>(units: number, each: number, make: (index: number) => Item): Item[] {
  return Array.from({ length: Math.ceil(units / each) }, (_, index) => make(index));
}

function readDocument(frame: string): unknown {
  const decoded = decodeFrame(frame);
  const raw: unknown = JSON.parse(frame);
  const message = decodeMessage(raw);
  const revision = decodeRevision(raw);
  if (message === undefined || revision === undefined) return decoded;
  return [
    mentionsBot(message, { userId: "bot", username: "bot" }),
    quotedMessageId(message),
    withoutQuoteLinks(message),
    readCommand(message.text, "bot"),
    compareRevisions({ ...revision, reactions: new Map() }, revision),
  ];
}

export const benchHostile: Bench = async (say) => {
  warmUp();
  const figures = Object.entries(READERS).map(([name, read]) => measureShapes(name, read, say));
  return [...figures.flat(), ...measureDocuments(say)];
};

/** Cold code is slow, whatever it reads. */
function warmUp(): void {
  for (const read of Object.values(READERS))
    for (const shape of SHAPES) for (let time = 0; time < 3; time += 1) read(textOfShape(shape, 1_000));
}

function measureShapes(name: string, read: Reader, say: (line: string) => void): Figure[] {
  let growth = { value: 0, shape: "" };
  let longest = { value: 0, shape: "" };
  say(`## ${name}: ms for ${SIZES.join(", ")} units, growth, and ms for ${MESSAGE_UNITS}`);
  for (const shape of SHAPES) {
    const { costs, growths, whole } = measureShape(shape, read);
    const reason = EXPLAINED[shape];
    const value = Math.max(...(reason === undefined ? growths : growths.slice(1)));
    if (value > growth.value) growth = { value, shape };
    if (whole > longest.value) longest = { value: whole, shape };
    const why = reason !== undefined && (growths[0] ?? 0) > MAX_GROWTH ? `  (${reason})` : "";
    say(row(shape, costs, growths) + whole.toFixed(3).padStart(10) + why);
  }
  return [
    {
      name: `${name}, growth (${growth.shape})`,
      value: growth.value,
      unit: "x",
      target: { value: MAX_GROWTH },
    },
    {
      name: `${name}, a message (${longest.shape})`,
      value: longest.value,
      unit: "ms",
      target: { value: MAX_MESSAGE_MS },
    },
  ];
}

/**
 * The costs of each size and of a message. Growth is told by medians: the least of a short call is found between two
 * collections of garbage, that of a long one never. A message takes the least that was seen.
 */
function measureShape(shape: string, read: Reader) {
  const texts = [MESSAGE_UNITS, ...SIZES].map((units) => textOfShape(shape, units));
  const calls = texts.map((text) => ({ run: () => read(text), times: Math.ceil(LARGEST / text.length) }));
  const judge = ([whole = [], ...sizes]: readonly number[][]) => {
    const costs = sizes.map(median);
    return { costs, growths: growthsOf(costs), whole: Math.min(...whole) };
  };
  const rounds = costsOf(calls, (found) => {
    const { growths, whole } = judge(found);
    return whole <= MAX_MESSAGE_MS && Math.max(...growths) <= MAX_GROWTH;
  });
  return judge(rounds);
}

function row(name: string, costs: readonly number[], growths: readonly number[]): string {
  const times = costs.map((ms) => ms.toFixed(3).padStart(10)).join("");
  return name.padEnd(30) + times + growths.map((each) => each.toFixed(1).padStart(6)).join("");
}

/** From each size to the next, which is four times as large; a time is at least what can be told from nothing. */
function growthsOf(costs: readonly number[]): number[] {
  return costs
    .slice(1)
    .map((cost, index) => Math.max(cost, LEAST_MS) / Math.max(costs[index] ?? 0, LEAST_MS));
}

/** What is read of documents is held against what parsing their JSON alone takes, which grows with the memory, too. */
function measureDocuments(say: (line: string) => void): Figure[] {
  const sizes = [1, 4, 16].map((megabytes) => megabytes * MEGABYTE);
  say(`## whole documents: ms for ${sizes.join(", ")} units, growth; of JSON.parse alone`);
  const documents = Object.entries(DOCUMENTS).map(([name, make]) => {
    const costs = measureFrames(sizes.map((units) => frameOf(make(units))));
    const growths = growthsOf(costs.slice(0, sizes.length));
    const floors = growthsOf(costs.slice(sizes.length));
    say(row(name, costs.slice(0, sizes.length), growths) + row("", costs.slice(sizes.length), floors));
    const floor = Math.max(LINEAR_GROWTH, ...floors);
    return {
      name: `${name}, growth`,
      value: Math.max(...growths),
      floor,
      unit: "x",
      target: { ratio: MAX_RATIO },
    };
  });
  const texts = Object.entries(LONG_TEXTS).map(([name, shape]) => {
    const calls = sizes.map((units) => {
      const text = textOfShape(shape, units);
      return { run: () => formatMarkdown(text, options), times: 1 };
    });
    const costs = leastCosts(calls, (found) => Math.max(...growthsOf(found)) <= MAX_GROWTH, DOCUMENT_ROUNDS);
    const growths = growthsOf(costs);
    say(row(name, costs, growths));
    return { name: `${name}, growth`, value: Math.max(...growths), unit: "x", target: { value: MAX_GROWTH } };
  });
  return [...documents, ...texts];
}

const LONG_TEXTS: Readonly<Record<string, string>> = {
  "Markdown of an answer": "an answer",
  "Markdown without a line end": "words",
  "Markdown of items": "items",
};

function frameOf(content: unknown): string {
  return JSON.stringify({ _id: "m", rid: "r", ts: "2026-11-28T00:00:00Z", u: SENDER, ...asObject(content) });
}

/** The costs of reading each frame, and of parsing it alone. */
function measureFrames(frames: readonly string[]): number[] {
  const isGood = (costs: readonly number[]): boolean => {
    const floor = Math.max(LINEAR_GROWTH, ...growthsOf(costs.slice(frames.length)));
    return Math.max(...growthsOf(costs.slice(0, frames.length))) <= floor * MAX_RATIO;
  };
  const reading = frames.map((frame) => ({ run: () => readDocument(frame), times: 1 }));
  const parsing = frames.map((frame) => ({ run: (): unknown => JSON.parse(frame), times: 1 }));
  return leastCosts([...reading, ...parsing], isGood, FRAME_ROUNDS);
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
