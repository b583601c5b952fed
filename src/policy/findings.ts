// Owns what in an account's settings an operator should think about twice, in words for the operator.

import type { AccountSettings } from "../settings.ts";
import { isNameEntry, listNames } from "./names.ts";

/** One remark. `id` names its kind and never changes. */
export interface Finding {
  readonly id:
    | "open-to-everybody"
    | "everybody-listed"
    | "everybody-operates"
    | "names-listed"
    | "name-matching"
    | "silent-in-rooms";
  readonly severity: "info" | "warn" | "critical";
  readonly detail: string;
  readonly remediation: string;
}

/** Reads the settings as they are written, names and all. `visibleReplies` is OpenClaw's for rooms. */
export function findConcerns(
  settings: AccountSettings,
  { visibleReplies }: { readonly visibleReplies: string | undefined },
): Finding[] {
  return [
    ...findOpenPolicies(settings),
    ...findWildcards(settings),
    ...findNames(settings),
    ...findSilence(settings, visibleReplies),
  ];
}

function findOpenPolicies({ dmPolicy, groupPolicy }: AccountSettings): Finding[] {
  const open = [
    ...(dmPolicy === "open" ? ["dmPolicy lets everybody on the server write to the agent"] : []),
    ...(groupPolicy === "open"
      ? ["groupPolicy serves every room that somebody invites the bot user to"]
      : []),
  ];
  return open.map((detail) => ({
    id: "open-to-everybody",
    severity: "warn",
    detail,
    remediation: 'Use "pairing" or "allowlist" for direct messages and "allowlist" for rooms.',
  }));
}

function findWildcards(settings: AccountSettings): Finding[] {
  const lists: [string, readonly string[]][] = [
    ...(settings.dmPolicy === "open"
      ? []
      : [["allowFrom", settings.allowFrom] satisfies [string, readonly string[]]]),
    ["groupAllowFrom", settings.groupAllowFrom],
    ...[...settings.rooms].map(([id, room]): [string, readonly string[]] => [
      `rooms.${id}.users`,
      room.users ?? [],
    ]),
  ];
  const operators: Finding[] = settings.commandAllowFrom.includes("*")
    ? [
        {
          id: "everybody-operates",
          severity: "critical",
          detail: '"*" in commandAllowFrom lets everybody who may speak change the model and stop the agent',
          remediation: "List the operators by user id.",
        },
      ]
    : [];
  const everybody = lists.filter(([, entries]) => entries.includes("*")).map(([path]) => path);
  if (everybody.length === 0) return operators;
  const detail = `"*" lists everybody in ${everybody.join(", ")}`;
  const remediation = "List the people who may speak.";
  return [...operators, { id: "everybody-listed", severity: "warn", detail, remediation }];
}

function findNames(settings: AccountSettings): Finding[] {
  if (settings.dangerouslyAllowNameMatching) {
    const detail = "dangerouslyAllowNameMatching is on: whoever takes a listed username is let in";
    return [
      {
        id: "name-matching",
        severity: "critical",
        detail,
        remediation: "Remove the key, and list user ids.",
      },
    ];
  }
  const named = listNames(settings).filter(({ kind, name }) => kind === "room" || isNameEntry(`@${name}`));
  if (named.length === 0) return [];
  const paths = [...new Set(named.map(({ path }) => path))].join(", ");
  const detail = `Names stand in ${paths}; each means whoever has it when the account starts`;
  return [
    { id: "names-listed", severity: "info", detail, remediation: "List ids: nobody can take them over." },
  ];
}

/** Complained of most of all: an agent that works, but whose answers stay invisible in rooms. */
function findSilence({ groupPolicy }: AccountSettings, visibleReplies: string | undefined): Finding[] {
  if (visibleReplies !== "message_tool" || groupPolicy === "disabled") return [];
  const detail =
    'visibleReplies is "message_tool": in rooms only what the agent sends with its message tool is seen';
  const remediation =
    'Set messages.groupChat.visibleReplies to "automatic" if answers are to appear by themselves.';
  return [{ id: "silent-in-rooms", severity: "info", detail, remediation }];
}
