// Owns what in an account's settings an operator should think about twice, in words for the operator.

import type { AccountSettings } from "../settings.ts";
import { isNameEntry, listNames } from "./names.ts";

/** One remark. `id` names its kind and never changes. */
export interface Finding {
  readonly id:
    | "open-to-everybody"
    | "everybody-listed"
    | "nobody-listed"
    | "nobody-operates"
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
    ...findEmptyLists(settings),
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

/** The lists that say who may speak, by the key they stand under; a list that is not there says nothing. */
function listSpeakers({ allowFrom, groupAllowFrom, rooms }: AccountSettings): Map<string, readonly string[]> {
  const lists = new Map([["allowFrom", allowFrom]]);
  if (groupAllowFrom !== undefined) lists.set("groupAllowFrom", groupAllowFrom);
  for (const [id, { users }] of rooms) if (users !== undefined) lists.set(`rooms.${id}.users`, users);
  return lists;
}

function findWildcards(settings: AccountSettings): Finding[] {
  const findings: Finding[] = [];
  if (settings.commandAllowFrom.includes("*"))
    findings.push({
      id: "nobody-operates",
      severity: "warn",
      detail:
        '"*" in commandAllowFrom makes nobody an operator: commands are for the people listed by id or name',
      remediation: "List the operators by user id.",
    });
  const lists = listSpeakers(settings);
  // There it is asked for, and remarked on as an open policy.
  if (settings.dmPolicy === "open") lists.delete("allowFrom");
  const everybody = [...lists].filter(([, entries]) => entries.includes("*")).map(([path]) => path);
  if (everybody.length > 0)
    findings.push({
      id: "everybody-listed",
      severity: "warn",
      detail: `"*" lists everybody in ${everybody.join(", ")}`,
      remediation: "List the people who may speak.",
    });
  return findings;
}

/** `allowFrom` is empty as it comes, and then lets nobody in. */
function findEmptyLists(settings: AccountSettings): Finding[] {
  const lists = listSpeakers(settings);
  lists.delete("allowFrom");
  const { groupEnabled, groupRooms } = settings.dm;
  if (groupEnabled && groupRooms !== undefined) lists.set("dm.groupRooms", groupRooms);
  const empty = [...lists].filter(([, entries]) => entries.length === 0).map(([path]) => path);
  if (empty.length === 0) return [];
  const detail = `The list is empty, so nobody may speak there: ${empty.join(", ")}`;
  const remediation =
    "List the people who may speak (under dm.groupRooms: the rooms), or remove the key, so that it keeps nobody out.";
  return [{ id: "nobody-listed", severity: "warn", detail, remediation }];
}

const NAME_MATCHING: Finding = {
  id: "name-matching",
  severity: "critical",
  detail: "dangerouslyAllowNameMatching is on: whoever takes a listed username is let in",
  remediation: "Remove the key, and list user ids.",
};

function findNames(settings: AccountSettings): Finding[] {
  if (settings.dangerouslyAllowNameMatching) return [NAME_MATCHING];
  const named = listNames(settings).filter(({ kind, name }) => kind === "room" || isNameEntry(`@${name}`));
  if (named.length === 0) return [];
  const paths = [...new Set(named.map(({ path }) => path))].join(", ");
  const detail = `Names stand in ${paths}; each means whoever has it when it is first looked up`;
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
