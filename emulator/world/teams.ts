// Teams: a name one can mention and a main room.
import { refOf, type World } from "../world.ts";
import type { Team, User } from "./documents.ts";
import { ServerError } from "./errors.ts";
import { systemMessage } from "./notices.ts";
import { createRoom, deleteRoom } from "./rooms.ts";

/** @param members user ids; `type` 0 is public, 1 private */
export function createTeam(
  world: World,
  { name, type, members, by }: { name: string; type: number; members: string[]; by: User },
): Team {
  if ([...world.teams.values()].some((team) => team.name === name))
    throw new ServerError("team-name-already-exists");
  const now = world.now();
  const names = members
    .map((uid) => world.users.get(uid)?.username)
    .filter((username) => username !== undefined);
  const _id = world.newId();
  const extra = { teamId: _id, teamMain: true };
  const room = createRoom(world, { name, type: type === 0 ? "c" : "p", by, members: names, extra });
  const createdBy = { _id: by._id, username: by.username };
  const team: Team = { _id, name, type, createdAt: now, createdBy, updatedAt: now, roomId: room._id };
  world.teams.set(_id, team);
  return team;
}

/** Deletes a team; its main room goes with it, after a notice. */
export function deleteTeam(world: World, team: Team, by: User): void {
  world.teams.delete(team._id);
  const room = world.rooms.get(team.roomId);
  if (!room) return;
  systemMessage(world, { room, t: "user-converted-to-channel", msg: team.name, by: refOf(by) });
  deleteRoom(world, room);
}
