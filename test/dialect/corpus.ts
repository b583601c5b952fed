// Owns the texts of corpus/, written as models answer, each with what must be seen of it.
//
// A text begins below `▌ title` and ends at `▸ kind: value ¦ value`, which says what is shown in that way, in this order,
// and that nothing else is; `text` and `heading` name some of what is shown. White space does not count. `means` is what
// CommonMark would have to be given for a line that people read otherwise than it does.

import { globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { comparable } from "./commonmark.ts";
import { type Run, textOf } from "./meaning.ts";

export interface Sample {
  readonly title: string;
  readonly markdown: string;
  /** Markdown that CommonMark alone reads as that is meant: formulas and tags are none of its own. */
  readonly means: string;
  readonly seen: ReadonlyMap<string, readonly string[]>;
}

/** What a formula is to both readings. */
const FORMULA = "∎";
const FORMULAS = /\\\[[\s\S]*?\\\]|\\\([\s\S]*?\\\)|\$\$[\s\S]*?\$\$/g;

export const CORPUS: readonly Sample[] = globSync(`${import.meta.dirname}/corpus/*.md`)
  .toSorted()
  .flatMap((file) =>
    readFileSync(file, "utf8")
      .split(/^▌ /m)
      .slice(1)
      .map((sample) => readSample(basename(file, ".md"), sample)),
  );

function readSample(kind: string, sample: string): Sample {
  const lines = sample.trimEnd().split("\n");
  const end = lines.findIndex((line) => line.startsWith("▸"));
  const markdown = lines.slice(1, end).join("\n").trimEnd();
  const seen = lines.slice(end).map((line): [string, string[]] => {
    const [, name = "", values = ""] = /^▸ (\w+):(.*)$/.exec(line) ?? [];
    return [name, values.split("¦").map((value) => value.trim())];
  });
  const means = /^▸ means: (.*)$/m.exec(sample)?.[1] ?? meaningOf(markdown, seen);
  const looks = new Map(seen.filter(([name]) => name !== "means"));
  return { title: `${kind}: ${lines[0]}`, markdown, means, seen: looks };
}

function meaningOf(markdown: string, seen: readonly (readonly [string, readonly string[]])[]): string {
  const hasFormulas = seen.some(([name, [first]]) => name === "math" && first !== "");
  return (hasFormulas ? markdown.replace(FORMULAS, FORMULA) : markdown)
    .replaceAll("<br>", " ")
    .replace(/<\/?kbd>/g, "`");
}

/** The runs with each formula as one sign, whatever is around it. */
export function withoutFormulas(runs: readonly Run[]): Run[] {
  return runs.flatMap(({ text, styles }) => {
    const pieces = (styles.includes("math") ? FORMULA : text).split(new RegExp(`(${FORMULA})`));
    return pieces.map((piece) => ({ text: piece, styles: piece === FORMULA ? [] : styles }));
  });
}

type Look = (runs: readonly Run[], sample: Sample) => string;

/** How the style of a kind is found in what is shown. */
const LOOKS: Readonly<Record<string, Look>> = {
  bold: marked("bold"),
  italic: marked("italic"),
  strike: marked("strike"),
  code: (runs) =>
    packed(inText(runs).filter((run) => has(run, "code") && !run.styles.some((each) => /^link:/.test(each)))),
  math: styled("math"),
  mention: styled("mention"),
  cells: styled("table"),
  heading: styled("heading"),
  quote: (runs) => packed(runs.filter(({ styles }) => styles.some((each) => each.startsWith("quote:")))),
  markers: (runs) => packed(runs.filter((run) => has(run, "marker"))),
  block: (runs) => languagesOf(runs).join(""),
  link: (runs) => linksOf(inText(runs)).join(""),
};

/** What is missing, or seen that must not be; undefined where all is as it should be. */
export function compareSeen(sample: Sample, runs: readonly Run[]): string | undefined {
  for (const [kind, values] of sample.seen) {
    const wanted = values.map((value) => spell(kind, value));
    const isSome = kind === "text" || (kind === "heading" && wanted[0] !== "");
    const shown = isSome ? textOf(runs.map(asText)) : (LOOKS[kind]?.(runs, sample) ?? "no such kind");
    const isSeen = isSome ? stand(wanted, shown) && isTitled(kind, values, runs) : shown === wanted.join("");
    if (!isSeen) return `${kind}: ${wanted.join(" ¦ ")} ≠ ${shown}`;
  }
  return undefined;
}

/** Whether the values stand in the text, one behind the other. */
function stand(values: readonly string[], text: string): boolean {
  let from = 0;
  return values.every((value) => {
    const at = text.indexOf(value, from);
    from = at + value.length;
    return at >= 0;
  });
}

/** A heading is one, or a bold line. */
function isTitled(kind: string, values: readonly string[], runs: readonly Run[]): boolean {
  const titles = packed(runs.filter((run) => has(run, "heading") || has(run, "bold")));
  return kind === "text" || stand(values.map(pack), titles);
}

function spell(kind: string, value: string): string {
  if (kind === "bold" || kind === "italic" || kind === "strike") return pack(value).replace(UNMARKED, "");
  if (kind === "block") return value === "-" ? "none " : value === "" ? "" : `${value} `;
  if (kind !== "link" || value === "") return pack(value);
  const [label = "", address = label] = value.split(" > ");
  return pack(`${comparable(label)}>${comparable(address)}`);
}

/** Signs that may stand outside of the marks around them. */
const UNMARKED = /[:=^*_~`-]/g;

function marked(style: string): Look {
  return (runs, { seen }) => {
    const text = packed(inText(runs).filter((run) => has(run, style) && !has(run, "heading")));
    const titles = style === "bold" ? (seen.get("heading") ?? []) : [];
    return titles.reduce((left, title) => left.replace(pack(title), ""), text).replace(UNMARKED, "");
  };
}

function styled(style: string): Look {
  return (runs) => packed(runs.filter((run) => has(run, style)));
}

/** Tables of older servers have no marks. */
const inText = (runs: readonly Run[]): Run[] => runs.filter((run) => !has(run, "table"));
const has = ({ styles }: Run, style: string): boolean => styles.includes(style);
const pack = (text: string): string => text.replace(/[\s\u200b]/g, "");
const packed = (runs: readonly Run[]): string => runs.map(({ text }) => pack(text)).join("");
const asText = (run: Run): Run =>
  has(run, "marker") ? { ...run, text: run.text.replace(/^\d+:/, "") } : run;

function languagesOf(runs: readonly Run[]): string[] {
  const blocks = runs.map(({ styles }) => styles.find((style) => style.startsWith("block:")));
  return blocks.flatMap((block, index) =>
    block === undefined || block === blocks[index - 1] ? [] : [`${block.slice("block:".length) || "none"} `],
  );
}

function linksOf(runs: readonly Run[]): string[] {
  const links = runs.map(({ styles }) => styles.find((style) => style.startsWith("link:")));
  return links.flatMap((link, index) => {
    if (link === undefined || link === links[index - 1]) return [];
    const end = links.findIndex((other, at) => at > index && other !== link);
    const label = packed(runs.slice(index, end < 0 ? runs.length : end));
    return [pack(`${label}>${link.slice("link:".length)}`)];
  });
}
