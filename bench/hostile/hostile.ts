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
import type { Bench, Figure } from "../figures.ts";
import { SHAPES, textOfShape } from "./shapes.ts";

/** UTF-16 units of texts. */
const SIZES = [1_000, 4_000, 16_000] as const;
const MEGABYTE = 1_000_000;
/** The server's own limit for a message. */
const MESSAGE_UNITS = 5_000;
const MAX_GROWTH = 4.6;
const MAX_MESSAGE_MS = 20;
/** The clock of the processor moves in steps: a measurement is long enough to make them small. Milliseconds. */
const SPAN_MS = 40;
const ROUNDS = 3;
/** Below this a measurement is of calling a function, not of reading a text. */
const LEAST_MS = 0.05;

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
    const [small, middle, large] = SIZES.map((units) => measure(read, textOfShape(shape, units)));
    const whole = measure(read, textOfShape(shape, MESSAGE_UNITS));
    const growths = [growthOf(small, middle), growthOf(middle, large)];
    const value = Math.max(...growths);
    if (value > growth.value) growth = { value, shape };
    if (whole > longest.value) longest = { value: whole, shape };
    const times = [small, middle, large].map((ms) => ms?.toFixed(3).padStart(9)).join(" ");
    const steps = growths.map((each) => each.toFixed(1).padStart(5)).join(" ");
    say(`${shape.padEnd(30)} ${times}  ${steps}  ${whole.toFixed(3).padStart(8)}`);
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

/** For four times the size; the two times are at least what can be told from nothing. */
function growthOf(before: number | undefined, after: number | undefined): number {
  return Math.max(after ?? 0, LEAST_MS) / Math.max(before ?? 0, LEAST_MS);
}

/** The least of several spans: processor time of this thread for one call, in milliseconds. */
function measure(read: Reader, text: string): number {
  return Math.min(...Array.from({ length: ROUNDS }, () => measureOnce(read, text)));
}

function measureOnce(read: Reader, text: string): number {
  const begun = threadMs();
  let calls = 0;
  let spent = 0;
  while (spent < SPAN_MS) {
    // Looking at the clock is dear beside a quick call.
    const more = Math.max(1, calls);
    for (let index = 0; index < more; index += 1) read(text);
    calls += more;
    spent = threadMs() - begun;
  }
  return spent / calls;
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function measureDocuments(say: (line: string) => void): Figure[] {
  const sizes = [1, 4, 16].map((megabytes) => megabytes * MEGABYTE);
  say(`## whole documents: ms for ${sizes.join(", ")} units, growth`);
  const readers: [string, Reader, (units: number) => string][] = [
    ...Object.entries(DOCUMENTS).map(([name, make]): [string, Reader, (units: number) => string] => [
      name,
      (frame) => readDocument(frame),
      (units) =>
        JSON.stringify({
          _id: "m",
          rid: "r",
          ts: "2026-11-28T00:00:00Z",
          u: SENDER,
          ...asObject(make(units)),
        }),
    ]),
    [
      "Markdown of an answer",
      (text) => formatMarkdown(text, options),
      (units) => textOfShape("an answer", units),
    ],
    [
      "Markdown without a line end",
      (text) => formatMarkdown(text, options),
      (units) => textOfShape("words", units),
    ],
    ["Markdown of items", (text) => formatMarkdown(text, options), (units) => textOfShape("items", units)],
  ];
  return readers.map(([name, read, make]) => {
    const times = sizes.map((units) => measure(read, make(units)));
    const growths = [growthOf(times[0], times[1]), growthOf(times[1], times[2])];
    say(
      `${name.padEnd(30)} ${times.map((ms) => ms.toFixed(1).padStart(9)).join(" ")}  ${growths.map((each) => each.toFixed(1)).join(" ")}`,
    );
    return { name: `${name}, growth`, value: Math.max(...growths), unit: "x", target: { value: MAX_GROWTH } };
  });
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
