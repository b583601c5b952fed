// The program: an emulated Rocket.Chat to play with, with a few people in it.
import { parseArgs } from "node:util";
import { type Profile, startEmulator } from "./server.ts";

const PROFILES: readonly Profile[] = ["8.3", "7.7", "6.5", "9.0"];
const PASSWORD = "emulator";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    profile: { type: "string", default: "8.3" },
    empty: { type: "boolean", default: false },
    tls: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const profile = PROFILES.find((one) => one === values.profile);
if (values.help || profile === undefined || !/^\d+$/.test(values.port)) {
  console.log("usage: npm run emulator -- [--port 3000] [--profile 8.3|7.7|6.5|9.0] [--empty] [--tls]");
  console.log("--port: a free one unless told");
  console.log("--empty: only the administrator, as a fresh server is; --tls: with a self-signed certificate");
  process.exit(values.help ? 0 : 2);
}

const people = ["alice", "bob"].map((username) => ({ username, name: username, password: PASSWORD }));
const page = values.empty ? {} : { people };
const emulator = await startEmulator({ profile, port: Number(values.port), tls: values.tls, page }).catch(
  (error) => {
    console.error(`The emulator cannot listen on port ${values.port}: ${error.message}`);
    process.exit(1);
  },
);
const { control } = emulator;
control.addAdmin({ username: "admin", password: PASSWORD });
console.log(`Rocket.Chat ${profile} (emulated) at ${emulator.url}`);
console.log(`  a page to chat on: ${emulator.pageUrl}`);
console.log(`  administrator: admin, password ${PASSWORD}`);
if (!values.empty) {
  for (const { username } of people) {
    control.addUser({ username, password: PASSWORD });
    console.log(`  user: ${username}, password ${PASSWORD}`);
  }
  const bot = control.addUser({ username: "bot", roles: ["user", "bot"], password: PASSWORD });
  control.addRoom({ name: "lobby", type: "c", members: ["alice", "bob", "bot"] });
  for (const username of ["alice", "bob", "bot"]) control.join({ username, rid: "GENERAL" });
  console.log(
    `  bot: ${bot.username}, user id ${bot.userId}, personal access token ${control.personalAccessToken("bot")}`,
  );
  console.log("  rooms: #general, #lobby");
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void emulator.close().then(() => process.exit(0)));
}
