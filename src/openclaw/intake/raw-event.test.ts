import { expect, it } from "vitest";
import { namesOf } from "./raw-event.ts";

const message = { _id: "m1", rid: "r1", u: { _id: "u1", username: "alice" } };

it.each([
  [
    { message, room: { roomType: "c", roomName: "town" } },
    { in: "#town", by: "@alice" },
  ],
  [
    { message, room: { roomType: "d", roomName: "alice" } },
    { in: undefined, by: "@alice" },
  ],
  [
    { message: undefined, room: undefined },
    { in: undefined, by: undefined },
  ],
  [
    { message: { u: "alice" }, room: { roomName: 7 } },
    { in: undefined, by: undefined },
  ],
])("a log line calls place and person by their names: %j", (event, names) => {
  expect(namesOf(event)).toEqual(names);
});
