// Owns the list of all scenarios; each has a recording of the same name.
import type { Scenario } from "../scenario.ts";
import * as accounts from "./accounts.ts";
import * as connection from "./connection.ts";
import * as files from "./files.ts";
import * as messages from "./messages.ts";
import { restErrors } from "./rest-errors.ts";
import * as rooms from "./rooms.ts";
import * as sending from "./sending.ts";

export const SCENARIOS: Scenario[] = [accounts, connection, files, messages, rooms, sending, { restErrors }]
  .flatMap((file): Scenario[] => Object.values(file))
  .sort((a, b) => (a.name < b.name ? -1 : 1));
