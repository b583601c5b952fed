// Owns the place in which access is tried: who lives there, which rooms they share, and the ways to say something.

import type { Emulator } from "../../emulator/server.ts";

/** Who speaks. `hook` is an integration that writes in alice's name; `impostor` has alice's user id for a username. */
export type Speaker = "alice" | "bob" | "impostor" | "second" | "hook" | "self";

export type Place = "dm" | "group" | "town" | "ops" | "side" | "talk" | "sidetalk" | "crew" | "elsewhere";

export type Saying =
  | "plain"
  | "named"
  | "bracketed"
  | "dotted"
  | "upper"
  | "in code"
  | "in fence"
  | "longer name"
  | "@all"
  | "@here"
  | "other"
  | "other and bot"
  | "own team"
  | "foreign team"
  | "pattern"
  | "quote of bot"
  | "quote of bob"
  | "in bot's thread"
  | "in thread with bot"
  | "in foreign thread";

export interface Town {
  readonly bot: { readonly userId: string; readonly username: string };
  /** User ids by name. */
  readonly ids: Readonly<Record<"alice" | "bob" | "impostor" | "second", string>>;
  readonly rooms: Readonly<Record<Exclude<Place, "dm">, string>>;
  /** The words for a saying; `marker` makes them unique. */
  say(saying: Saying, marker: string): { msg: string; tmid?: string };
  /** Posts and answers the message's id and room. */
  speak(
    as: Speaker,
    place: Place,
    what: { readonly saying: Saying; readonly marker: string },
  ): { id: string; rid: string };
}

/** Lays out the town around an existing bot user. `threads` are begun in the room `town`. */
export function buildTown(
  { control, world }: Emulator,
  bot: { userId: string; username: string },
  otherBot = "second",
): Town {
  const exists = (username: string): string | undefined => world.userNamed(username)?._id;
  const person = (username: string, roles = ["user"]): string =>
    exists(username) ?? control.addUser({ username, roles }).userId;
  const alice = person("alice");
  const bob = person("bob");
  const impostor = person(alice);
  const second = person(otherBot, ["user", "bot"]);
  const everybody = ["alice", "bob", alice, otherBot, bot.username];
  const room = (name: string, type: "c" | "p", members = everybody): string =>
    control.addRoom({ name, type, members });
  const town = room("town", "c");
  const ops = room("ops", "p");
  const side = room("side", "p");
  const rooms = {
    town,
    ops,
    side,
    talk: control.discuss({ as: "alice", rid: ops, title: "Talk", users: everybody }),
    sidetalk: control.discuss({ as: "alice", rid: side, title: "Side talk", users: everybody }),
    crew: makeTeam("crew", everybody),
    elsewhere: room("elsewhere", "c", ["alice", "bob"]),
    group: control.direct(["alice", "bob", bot.username]),
  };
  makeTeam("rivals", ["alice", "bob"]);
  const post = (as: string, msg: string, tmid?: string) =>
    control.post({ as, rid: town, msg, ...(tmid !== undefined && { tmid }) })._id;
  const ownThread = post(bot.username, "I begin");
  const sharedThread = post("bob", "bob begins");
  post(bot.username, "I join", sharedThread);
  const foreignThread = post("bob", "bob begins alone");
  const bobsWords = post("bob", "words of bob");
  const quote = (id: string): string => `[ ](${world.setting("Site_Url")}/channel/town?msg=${id})`;

  function makeTeam(name: string, members: string[]): string {
    return control.team({ name, as: "alice", members });
  }

  const words: Record<Saying, string> = {
    plain: "",
    named: `@${bot.username}`,
    bracketed: `(@${bot.username})`,
    dotted: `ask @${bot.username}.`,
    upper: `@${bot.username.toUpperCase()}`,
    "in code": `\`@${bot.username}\``,
    "in fence": `\`\`\`\n@${bot.username}\n\`\`\``,
    "longer name": `@${bot.username}2`,
    "@all": "@all",
    "@here": "@here",
    other: "@bob",
    "other and bot": `@bob @${bot.username}`,
    "own team": "@crew",
    "foreign team": "@rivals",
    pattern: "hey robot",
    "quote of bot": quote(ownThread),
    "quote of bob": quote(bobsWords),
    "in bot's thread": "",
    "in thread with bot": "",
    "in foreign thread": "",
  };
  const threads: Partial<Record<Saying, string>> = {
    "in bot's thread": ownThread,
    "in thread with bot": sharedThread,
    "in foreign thread": foreignThread,
  };
  const usernames: Record<Speaker, string> = {
    alice: "alice",
    bob: "bob",
    impostor: alice,
    second: otherBot,
    hook: "alice",
    self: bot.username,
  };

  return {
    bot,
    ids: { alice, bob, impostor, second },
    rooms,
    say(saying, marker) {
      const tmid = threads[saying];
      return { msg: `${words[saying]} ${marker}`.trim(), ...(tmid !== undefined && { tmid }) };
    },
    speak(as, place, { saying, marker }) {
      const username = usernames[as];
      const rid = place === "dm" ? control.direct([username, bot.username]) : rooms[place];
      return { id: control.post({ as: username, rid, ...this.say(saying, marker) })._id, rid };
    },
  };
}
