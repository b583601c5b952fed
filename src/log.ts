// Owns how the plugin writes log lines: a sentence, named fields, and nothing secret.

import { RocketChatError } from "./errors.ts";

/** Where lines go; OpenClaw's account log has this shape. */
export interface LogSink {
  /** Absent where nobody can read it. */
  debug?(line: string): void;
  info(line: string): void;
  warn(line: string): void;
  error(line: string): void;
  /** Absent where everything is wanted. */
  isEnabled?(level: "debug"): boolean;
}

/** What is undefined is left out of the line. */
type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  /** For what happens to single messages, which is too much to read in a busy workspace. */
  debug(sentence: string, fields?: Fields): void;
  info(sentence: string, fields?: Fields): void;
  warn(sentence: string, fields?: Fields): void;
  error(sentence: string, fields?: Fields): void;
}

/**
 * Ids and reasons come from the server, too: none may forge a line of its own, command the terminal that shows it, or
 * turn its order around.
 */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;

/** Members of Rocket.Chat's documents and logins that no log or status may show, whatever they hold. */
const SECRET_KEYS =
  /^(services|token|resume|loginTokens|hashedToken|authToken|bcrypt|password|digest|cookie|set-cookie|authorization|x-auth-token)$/i;

/** The same where they stand in a text, and keys of signed addresses behind `?` or `&`: in front of `:` or `=`. */
const TEXT_KEY = /(?:x-auth-token|authorization|cookie|rc_token|resume|hashedtoken|authtoken)["']?\s*$/;
const QUERY_KEY = /[?&](?:token|rc_token|sig|signature|x-(?:amz|goog)-[\w-]+|key-pair-id|policy)$/;
/** No key is longer, with what may stand behind it. */
const MAX_KEY_UNITS = 80;
const SEPARATOR = /[:=]/g;
const TEXT_VALUE = /(\s*["']?(?:(?:bearer|basic) )?)[^\s"',;&}]+/iy;
const QUERY_VALUE = /()[^&\s"']+/y;

/** Password hashes, wherever they stand. */
const HASH = /\$2[aby]?\$\d\d\$[./\w]{53}/g;

const REDACTED = "[redacted]";

/** Takes out of a text what is secret: the given secrets, and what looks like one of Rocket.Chat's. */
export function createRedactor(secrets: readonly string[]): (text: string) => string {
  const known = secrets.filter((secret) => secret !== "");
  return (text) => {
    const without = known.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), text);
    return redactValues(without).replace(HASH, REDACTED);
  };
}

function redactValues(text: string): string {
  let redacted = "";
  let from = 0;
  for (const { index } of text.matchAll(SEPARATOR)) {
    if (index < from) continue;
    const key = text.slice(Math.max(0, index - MAX_KEY_UNITS), index).toLowerCase();
    const isQuery = text[index] === "=" && QUERY_KEY.test(key);
    if (!isQuery && !TEXT_KEY.test(key)) continue;
    const pattern = isQuery ? QUERY_VALUE : TEXT_VALUE;
    pattern.lastIndex = index + 1;
    const value = pattern.exec(text);
    if (value === null) continue;
    redacted += `${text.slice(from, index + 1)}${value[1]}${REDACTED}`;
    from = index + 1 + value[0].length;
  }
  return redacted + text.slice(from);
}

/** A log whose lines begin with `[prefix]` and in which none of `secrets` can appear. */
export function createLog(sink: LogSink, options: { prefix: string; secrets: readonly string[] }): Log {
  const redact = createRedactor(options.secrets);
  const format = (sentence: string, fields: Fields = {}): string => {
    const parts = Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${describe(value)}`],
    );
    const line = [`[${options.prefix}] ${sentence}`, ...parts].join(" ");
    return redact(toOneLine(line));
  };
  return {
    // A line costs more than judging the message that it is about.
    debug: (sentence, fields) => {
      if (sink.isEnabled?.("debug") ?? true) sink.debug?.(format(sentence, fields));
    },
    info: (sentence, fields) => sink.info(format(sentence, fields)),
    warn: (sentence, fields) => sink.warn(format(sentence, fields)),
    error: (sentence, fields) => sink.error(format(sentence, fields)),
  };
}

/** One line for any value; of a foreign error only what it says, never what it carries. */
export function describe(value: unknown): string {
  if (value instanceof RocketChatError) return `${value.code}: ${value.message}`;
  if (value instanceof Error) return value.message.split("\n", 1)[0] ?? value.name;
  return typeof value === "string" ? value : (JSON.stringify(value, hideSecrets) ?? String(value));
}

function hideSecrets(key: string, value: unknown): unknown {
  return isSecretKey(key) ? REDACTED : value;
}

/** Whether what stands under a key is shown nowhere, whatever it is. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEYS.test(key);
}

/** A text from elsewhere that can neither begin a line of its own nor command a terminal. */
export function toOneLine(text: string): string {
  return text.replaceAll(CONTROLS, " ");
}

/** The same for a text of several lines: names in it were chosen by people whom the reader does not know. */
export function toLines(text: string): string {
  return text.split("\n").map(toOneLine).join("\n");
}

export interface DropCounter {
  count(what: string, fields: Fields): void;
}

/** Logs what could not be read the first, tenth, hundredth time and so on, so that a flood stays readable. */
export function createDropCounter(log: Log): DropCounter {
  const counts = new Map<string, number>();
  return {
    count(what, fields) {
      const times = (counts.get(what) ?? 0) + 1;
      counts.set(what, times);
      if (/^10*$/.test(String(times))) log.warn(`${what}, dropped`, { ...fields, times });
    },
  };
}
