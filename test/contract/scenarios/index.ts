// Owns the list of all scenarios; each has a recording of the same name.
import type { Scenario } from "../scenario.ts";
import * as accounts from "./accounts.ts";
import * as connection from "./connection.ts";
import * as deletes from "./deletes.ts";
import * as downloads from "./downloads.ts";
import * as files from "./files.ts";
import * as messages from "./messages.ts";
import * as presence from "./presence.ts";
import { editPreview } from "./previews.ts";
import * as reading from "./reading.ts";
import { restErrors } from "./rest-errors.ts";
import * as rooms from "./rooms.ts";
import * as sending from "./sending.ts";
import * as uploads from "./uploads.ts";
import * as votes from "./votes.ts";

export const SCENARIOS: Scenario[] = [
  accounts,
  connection,
  deletes,
  downloads,
  files,
  messages,
  presence,
  reading,
  rooms,
  sending,
  uploads,
  votes,
  { editPreview, restErrors },
]
  .flatMap((file): Scenario[] => Object.values(file))
  .sort((a, b) => (a.name < b.name ? -1 : 1));
