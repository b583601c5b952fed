// Owns what the person at the terminal sees: steps in progress, the transcript, the prompt.
import { createInterface, type Interface } from "node:readline";
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** One line of the transcript. */
export interface Utterance {
  readonly at: Date;
  /** Where it was said, such as `#general` or `DM`. */
  readonly where: string;
  readonly who: string;
  readonly text: string;
}

const WHERE_WIDTH = 26;
const WHO_WIDTH = 13;
const TICK_MS = 1000;

/** Lays an utterance out in columns; further lines of its text stand below the first. */
export function layUtterance({ at, where, who, text }: Utterance): string {
  const time = at.toTimeString().slice(0, 8);
  const head = `  ${time}  ${fit(where, WHERE_WIDTH)} ${fit(who, WHO_WIDTH)} `;
  const [first = "", ...rest] = text.split("\n");
  return [`${head}${first}`, ...rest.map((line) => `${" ".repeat(head.length)}${line}`.trimEnd())].join("\n");
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

export class Screen {
  readonly #out = process.stdout;
  #step: { title: string; since: number } | undefined;
  #prompt: Interface | undefined;
  #closed = false;

  /** Prints a line above the step in progress and above the prompt. */
  print(text: string): void {
    this.#clearLine();
    this.#out.write(`${text}\n`);
    this.#drawStep();
    this.#prompt?.prompt(true);
  }

  headline(text: string): void {
    this.print(`\n${this.style("bold", text)}`);
  }

  say(utterance: Utterance, style?: Style): void {
    const lines = layUtterance(utterance);
    this.print(style ? this.style(style, lines) : lines);
  }

  verdict(held: boolean, text: string): void {
    this.print(`${held ? this.style("green", "✓") : this.style("red", "✗")} ${text}`);
  }

  /** Shows a title while the work goes on, with the seconds it takes on a terminal. */
  async step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
    const since = Date.now();
    const took = () => `${((Date.now() - since) / 1000).toFixed(1)} s`;
    this.#step = { title, since };
    if (this.#out.isTTY) this.#drawStep();
    else this.#out.write(`• ${title} …\n`);
    const tick = setInterval(() => this.#drawStep(), TICK_MS);
    let held = false;
    try {
      const result = await work();
      held = true;
      return result;
    } finally {
      clearInterval(tick);
      this.#clearLine();
      this.#step = undefined;
      if (!this.#closed) this.verdict(held, `${title} (${took()})`);
    }
  }

  /** Hands over each line typed, or piped in, until the input ends. */
  readLines(onLine: (line: string) => void, onEnd: () => void): void {
    const terminal = this.#out.isTTY && process.stdin.isTTY;
    const lines = createInterface({
      input: process.stdin,
      prompt: "> ",
      ...(terminal ? { output: this.#out } : {}),
    });
    if (terminal) this.#prompt = lines;
    lines.on("line", (line) => {
      onLine(line);
      this.#prompt?.prompt();
    });
    // On a terminal in this mode Ctrl-C is a key, not a signal.
    lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
    lines.once("close", onEnd);
    this.#prompt?.prompt();
  }

  /** Gives the terminal back as it was; steps that still go on are not shown any more. */
  close(): void {
    this.#closed = true;
    this.#clearLine();
    this.#step = undefined;
    this.#prompt?.close();
    this.#prompt = undefined;
    process.stdin.pause();
  }

  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#out });
  }

  #drawStep(): void {
    if (!this.#step || !this.#out.isTTY) return;
    const { title, since } = this.#step;
    this.#out.write(`\r• ${title} … ${Math.round((Date.now() - since) / 1000)} s`);
  }

  #clearLine(): void {
    if (!this.#out.isTTY) return;
    this.#out.cursorTo(0);
    this.#out.clearLine(0);
  }
}
