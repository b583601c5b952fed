// Owns what a server takes as a file, by its public settings: so that a refusal is known before the bytes go up.

/** The public settings that say so. */
export const FILE_SETTINGS = [
  "FileUpload_Enabled",
  "FileUpload_Enabled_Direct",
  "FileUpload_MaxFileSize",
  "FileUpload_MediaTypeWhiteList",
  "FileUpload_MediaTypeBlackList",
] as const;

/** Files as a server takes them. What it does not publish is not known to be refused. */
export interface FileRules {
  readonly enabled: boolean;
  readonly enabledInDirect: boolean;
  /** Bytes; undefined where there is no limit, or none is known. */
  readonly maxBytes: number | undefined;
  /** MIME types, `image/*` among them; empty: all. */
  readonly accepted: readonly string[];
  readonly refused: readonly string[];
}

/** Reads the rules from the settings by id. */
export function readFileRules(settings: ReadonlyMap<string, unknown>): FileRules {
  const [enabled, direct, size, accepted, refused] = FILE_SETTINGS.map((id) => settings.get(id));
  return {
    enabled: enabled !== false,
    enabledInDirect: direct !== false,
    maxBytes: typeof size === "number" && size > 0 ? size : undefined,
    accepted: readTypes(accepted),
    refused: readTypes(refused ?? "image/svg+xml"),
  };
}

function readTypes(value: unknown): string[] {
  if (typeof value !== "string") return [];
  return value.split(",").flatMap((type) => type.trim().toLowerCase() || []);
}

/** A file that is to go up. */
export interface Outgoing {
  readonly name: string;
  readonly type: string | undefined;
  /** Bytes. */
  readonly size: number;
  readonly isDirect: boolean;
}

/**
 * Why a server would not take a file, as the end of a sentence "…, because …"; undefined when nothing speaks against
 * it. The server judges the type by the name as well (recording `upload-refused`).
 */
export function refuseFile(rules: FileRules, { name, type, size, isDirect }: Outgoing): string | undefined {
  if (!rules.enabled) return "file uploads are turned off on this server";
  if (isDirect && !rules.enabledInDirect) return "file uploads are turned off in direct messages";
  if (size === 0) return "it is empty";
  if (rules.maxBytes !== undefined && size > rules.maxBytes)
    return `it is larger than this server takes (${Math.floor(rules.maxBytes / 1024)} KB)`;
  const types = [type?.toLowerCase() ?? "", ...(/\.svgz?$/i.test(name) ? ["image/svg+xml"] : [])];
  const isRefused = types.some((one) => rules.refused.some((rule) => covers(rule, one)));
  const isLeftOut = rules.accepted.length > 0 && !rules.accepted.some((rule) => covers(rule, types[0] ?? ""));
  return isRefused || isLeftOut ? "this server does not take files of its type" : undefined;
}

function covers(rule: string, type: string): boolean {
  return rule.endsWith("/*") ? type.startsWith(rule.slice(0, -1)) : rule === type;
}

const MAX_NAME_UNITS = 120;

/**
 * A name under which a file can be sent: its last part, on one line, without what a multipart header or a path would
 * take for something else. The server shows it as it is (recording `upload-text`).
 */
export function safeFileName(name: string, fallback = "file"): string {
  const base = name.split(/[/\\]/).at(-1) ?? "";
  const clean = base
    .replace(/["“”]/g, "'")
    .replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, "")
    .replace(/^[.\s]+/, "")
    .trim();
  const dot = clean.lastIndexOf(".");
  const ending = dot > 0 && clean.length - dot <= 16 ? clean.slice(dot) : "";
  const stem = clean.slice(0, clean.length - ending.length);
  const shown = [...stem]
    .slice(0, MAX_NAME_UNITS - ending.length)
    .join("")
    .trim();
  return `${shown || fallback}${ending}`;
}
