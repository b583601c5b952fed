// Owns the grammar of targets: `room:ID` and `user:ID`, with the names `#room` and `@user` for people.

export type Target =
  | { readonly kind: "room"; readonly id: string }
  | { readonly kind: "user"; readonly id: string };

/** A target that the server must be asked about. */
export type NamedTarget =
  | { readonly kind: "room-name"; readonly name: string }
  | { readonly kind: "user-name"; readonly name: string };

const PREFIX = /^rocketchat:/i;
const BY_ID = /^(room|user|channel|group):([^\s:/]+)$/i;
const BY_NAME = /^([#@])([^\s#@]+(?: [^\s#@]+)*)$/;

/**
 * Reads a target by id, with or without the channel's own prefix; `channel:` and `group:` are OpenClaw's
 * words for a room. Undefined for names and anything else, which need a look-up.
 */
export function parseTarget(text: string): Target | undefined {
  const match = BY_ID.exec(text.trim().replace(PREFIX, ""));
  const [, kind, id] = match ?? [];
  if (kind === undefined || id === undefined) return undefined;
  return { kind: kind.toLowerCase() === "user" ? "user" : "room", id };
}

/** Reads `#name` or `@username`, with or without the channel's own prefix; a discussion's title may hold spaces. */
export function parseNamedTarget(text: string): NamedTarget | undefined {
  const [, sigil, name] = BY_NAME.exec(text.trim().replace(PREFIX, "")) ?? [];
  if (sigil === undefined || name === undefined) return undefined;
  return { kind: sigil === "#" ? "room-name" : "user-name", name };
}

export function formatTarget(target: Target): string {
  return `${target.kind}:${target.id}`;
}
