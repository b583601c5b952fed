// Owns the endpoints about teams.

import { readObjects, readText } from "../facts/json.ts";
import type { RestClient } from "./client.ts";

/** `GET /api/v1/users.listTeams`: ids of the teams a user belongs to, as far as the asking user may see them. */
export async function fetchTeamIds(rest: RestClient, userId: string): Promise<string[]> {
  const answer = await rest.get("v1/users.listTeams", { userId });
  return readObjects(answer, "teams").flatMap((team) => readText(team, "_id") ?? []);
}
