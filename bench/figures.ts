// Owns what a bench says: figures against targets, their statistics and the one table of a run.

/** One measured thing. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is held against, measured in the same run; in the same unit. */
  readonly floor?: number;
  /** What must not be exceeded: a ratio to the floor, or a value. Without it the figure is only told. */
  readonly target?: { readonly ratio: number } | { readonly value: number };
  /** Why the target cannot be met, as profiles show it; told where it is not. */
  readonly why?: string;
}

/** Measures, tells on the way by `say`, and answers its figures. */
export type Bench = (say: (line: string) => void) => Promise<readonly Figure[]>;

/** A bench that tells its numbers by `print` alone and answers whether its targets were met. */
export type Verdict = (print: (line: string) => void) => Promise<boolean>;

export function ratioOf({ value, floor }: Figure): number | undefined {
  return floor === undefined || floor === 0 ? undefined : value / floor;
}

/** Whether the target is met; undefined when there is none. */
export function isMet(figure: Figure): boolean | undefined {
  const { target, value } = figure;
  if (target === undefined) return undefined;
  if ("value" in target) return value <= target.value;
  return (ratioOf(figure) ?? Number.POSITIVE_INFINITY) <= target.ratio;
}

const HEAD = ["figure", "value", "floor", "ratio", "target", "met"];

/** The figures as a Markdown table with aligned columns, and below it why some targets are not met. */
export function formatTable(figures: readonly Figure[]): string {
  const reasons = [...new Set(figures.flatMap((figure) => reasonOf(figure) ?? []))];
  const rows = [HEAD, ...figures.map((figure) => toRow(figure, reasons))];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const notes = reasons.map((reason, index) => `${index === 0 ? "\n" : ""}${index + 1}. ${reason}`);
  return [line(rows[0] ?? []), rule, ...rows.slice(1).map(line), ...notes].join("\n");
}

const reasonOf = (figure: Figure): string | undefined => (isMet(figure) === false ? figure.why : undefined);

function toRow(figure: Figure, reasons: readonly string[]): string[] {
  const { name, value, unit, floor, target } = figure;
  const met = isMet(figure);
  const ratio = ratioOf(figure);
  const reason = reasonOf(figure);
  const note = reason === undefined ? "" : `, see ${reasons.indexOf(reason) + 1}`;
  return [
    name,
    `${round(value)} ${unit}`.trim(),
    floor === undefined ? "" : `${round(floor)} ${unit}`.trim(),
    ratio === undefined ? "" : `${ratio.toFixed(2)} x`,
    target === undefined ? "" : "value" in target ? `${target.value} ${unit}`.trim() : `${target.ratio} x`,
    met === undefined ? "" : met ? "yes" : `NO${note}`,
  ];
}

function round(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 3 });
}

export const median = (values: readonly number[]): number => percentile(values, 50);

/** The smallest value that `percent` of the values do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}
