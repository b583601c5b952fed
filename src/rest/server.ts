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

function findSetting(answer: JsonObject, id: string): JsonObject | undefined {
  return readObjects(answer, "settings").find((setting) => readText(setting, "_id") === id);
}
