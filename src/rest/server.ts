// Owns the endpoints about the server's public settings.

import { type JsonObject, readObjects, readText } from "../facts/json.ts";
import type { RestClient } from "./client.ts";

/**
 * `GET /api/v1/settings.public`: a setting's value; undefined when the server does not publish it. 6.5 hears only
 * `query` and later versions only `_id` (recording `settings.public`).
 */
export async function fetchPublicSetting(rest: RestClient, id: string): Promise<unknown> {
  const found = findSetting(await rest.get("v1/settings.public", { _id: id }), id);
  if (found !== undefined) return found.value;
  const query = JSON.stringify({ _id: id });
  return findSetting(await rest.get("v1/settings.public", { query }), id)?.value;
}

/**
 * The same for several settings; one that the server does not publish is not in the answer. From 7.x on `_id` takes a
 * list, so that one request is enough.
 */
export async function fetchPublicSettings(
  rest: RestClient,
  ids: readonly string[],
): Promise<ReadonlyMap<string, unknown>> {
  const found = collect(await rest.get("v1/settings.public", { _id: ids.join(",") }), ids);
  if (found.size > 0) return found;
  for (const id of ids) {
    const query = JSON.stringify({ _id: id });
    const setting = findSetting(await rest.get("v1/settings.public", { query }), id);
    if (setting !== undefined) found.set(id, setting.value);
  }
  return found;
}

function collect(answer: JsonObject, ids: readonly string[]): Map<string, unknown> {
  const settings = readObjects(answer, "settings").filter(({ _id }) => ids.some((id) => id === _id));
  return new Map(settings.map((setting) => [readText(setting, "_id") ?? "", setting.value]));
}

function findSetting(answer: JsonObject, id: string): JsonObject | undefined {
  return readObjects(answer, "settings").find((setting) => readText(setting, "_id") === id);
}

/**
 * `GET /api/v1/settings.public`: how many entries a page holds at least, by asking for as many as there ever are in one;
 * `API_Upper_Count_Limit` itself is not public.
 */
export async function fetchLongestPage(rest: RestClient): Promise<number> {
  return readObjects(await rest.get("v1/settings.public", { count: "100" }), "settings").length;
}
