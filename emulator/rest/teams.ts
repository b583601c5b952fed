// The endpoints teams.*.
import { allows } from "../world/permissions.ts";
import { createTeam, deleteTeam } from "../world/teams.ts";
import { body, number, object, query, Reply, type Route, route, text } from "./call/route.ts";

interface TeamBody {
  name: string;
  type: number;
  members?: string[];
}

export const TEAMS: Route[] = [
  route("POST", "teams.create", {
    body: body<TeamBody>(
      object(
        {
          name: text,
          type: number,
          members: { type: "array", items: text },
          room: { type: "object" },
          owner: text,
        },
        ["name", "type"],
      ),
    ),
    run({ world, user, body: { name, type, members = [] } }) {
      if (!allows("create-team", user)) return new Reply(403, { success: false, error: "unauthorized" });
      const { updatedAt, ...team } = createTeam(world, { name, type, members, by: user });
      return { team: { ...team, _updatedAt: updatedAt } };
    },
  }),
  route("GET", "teams.info", {
    run({ world, query: { teamId, teamName } }) {
      const team = [...world.teams.values()].find(({ _id, name }) => _id === teamId || name === teamName);
      if (!team) return new Reply(400, { success: false, error: "team-does-not-exist" });
      const { updatedAt, ...rest } = team;
      return { teamInfo: { ...rest, _updatedAt: updatedAt } };
    },
  }),
  route("GET", "users.listTeams", {
    query: query<{ userId: string }>(object({ userId: text }, ["userId"])),
    run({ world, query: { userId } }) {
      const own = [...world.teams.values()].filter(({ roomId }) => world.membership(roomId, userId));
      return { teams: own.map(({ updatedAt, ...team }) => ({ ...team, _updatedAt: updatedAt })) };
    },
  }),
  route("POST", "teams.delete", {
    run({ world, user, body: { teamId } }) {
      const team = world.teams.get(String(teamId));
      if (!team) return new Reply(400, { success: false, error: "team-does-not-exist" });
      deleteTeam(world, team, user);
      return {};
    },
  }),
];
