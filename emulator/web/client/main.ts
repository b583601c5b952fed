// The page itself: who is logged in, which place the address names, and the parts of the window around it.
import { type ComponentChild, Fragment, h, render } from "preact";
import { useEffect, useReducer } from "preact/hooks";
import { Stories } from "./feed.ts";
import type { Page, Route } from "./page.ts";
import { type Account, Person, type Place } from "./person.ts";
import { LoginView } from "./view/login.ts";
import { PluginView } from "./view/plugin.ts";
import { RoomView, ThreadView } from "./view/room.ts";
import { Sidebar } from "./view/sidebar.ts";
import { isJson, listOf, textOf } from "./wire.ts";

const PLUGIN = "plugin";
const meta = (name: string) => document.querySelector(`meta[name=${name}]`)?.getAttribute("content") ?? "";
const offers = meta("offers").split(" ");
const asked = URL.parse(new URLSearchParams(location.search).get("server") ?? "");
/** The server the page talks to: the one asked for in the address, else the one it came from. */
const server = asked ? (asked.origin + asked.pathname).replace(/\/+$/, "") : location.origin;
const STORED = `people of ${server}`;

const people: Person[] = [];
let emojis: ReadonlyMap<string, string> = new Map();
let rerender = () => {};
const changed = () => rerender();
const stories = offers.includes("feed") ? new Stories(meta("bot"), changed) : undefined;

function readRoute(): Route {
  const [, username = "", rid = "", side = ""] = location.hash.split("/").map(decodeURIComponent);
  return { username, rid, side };
}

function go(change: Partial<Route>): void {
  const next = { ...readRoute(), ...change };
  const parts = [next.username, next.rid, next.side].map(encodeURIComponent);
  location.hash = `#/${parts.join("/")}`.replace(/\/+$/, "");
}

/** Logins outlive a reload of this tab, and nothing else. */
function remember(): void {
  sessionStorage.setItem(STORED, JSON.stringify(people.map(({ account }) => account)));
}

function recall(): void {
  const stored: unknown = JSON.parse(sessionStorage.getItem(STORED) ?? "[]");
  for (const one of listOf(stored)) {
    const [userId, token, username, name] = ["userId", "token", "username", "name"].map((key) =>
      textOf(one, key),
    );
    if (userId && token && username && name)
      people.push(new Person(server, { userId, token, username, name }, changed));
  }
}

function add(account: Account): void {
  if (!people.some((person) => person.account.username === account.username)) {
    people.push(new Person(server, account, changed));
    remember();
  }
  go({ username: account.username, rid: "", side: "" });
  changed();
}

function remove(person: Person): void {
  void person.logOut();
  people.splice(people.indexOf(person), 1);
  remember();
  go({ username: people[0]?.account.username ?? "", rid: "", side: "" });
  changed();
}

async function readEmojis(): Promise<void> {
  const answer: unknown = await (await fetch("emoji.json")).json();
  emojis = new Map(Object.entries(isJson(answer) ? answer : {}).map(([name, text]) => [name, String(text)]));
  changed();
}

function App(): ComponentChild {
  const [, update] = useReducer((count: number) => count + 1, 0);
  rerender = () => update(undefined);
  useEffect(() => {
    const goOn = () => {
      people.find(({ account }) => account.username === readRoute().username)?.open(readPlace());
      changed();
    };
    addEventListener("hashchange", goOn);
    addEventListener("focus", goOn);
    return () => {
      removeEventListener("hashchange", goOn);
      removeEventListener("focus", goOn);
    };
  }, []);
  const route = readRoute();
  const page: Page = {
    server,
    offers,
    people,
    stories,
    route,
    emoji: (name) => emojis.get(name) ?? name,
    go,
    add,
    remove,
  };
  const person = people.find(({ account }) => account.username === route.username);
  if (!person) return h(LoginView, { page });
  return h(Window, { page, person });
}

function readPlace(): Place {
  const { rid, side } = readRoute();
  return { rid, tmid: side === "" || side === PLUGIN ? undefined : side };
}

function Window({ page, person }: { page: Page; person: Person }): ComponentChild {
  const { rid, tmid } = readPlace();
  const room = person.rooms.get(rid);
  const shown = page.route.side ? "side" : rid ? "room" : "rooms";
  useEffect(() => person.open({ rid, tmid }), [person, person.ready, rid, tmid, room !== undefined]);
  useEffect(() => {
    const unread = [...person.rooms.values()].reduce((sum, one) => sum + one.unread, 0);
    document.title = `${unread > 0 ? `(${unread}) ` : ""}${room?.title ?? "Rocket.Chat"} · ${person.account.username}`;
  });
  return h(
    "div",
    { class: "window", "data-shown": shown },
    h(Sidebar, { page, person }),
    room
      ? h(RoomView, { key: `${person.account.userId} ${rid}`, page, person, room })
      : h(
          "main",
          { class: "room empty" },
          h("h1", null, person.ready ? "Choose a room from the list" : "Connecting …"),
        ),
    room && tmid !== undefined
      ? h(ThreadView, { key: tmid, page, person, room, tmid })
      : page.stories && h(PluginView, { page, person, stories: page.stories }),
    h("div", { class: "notice", role: "status" }, notice(person)),
  );
}

function notice(person: Person): ComponentChild {
  const text =
    person.refused ?? person.notice ?? (person.ready && !person.online ? "Connecting again …" : "");
  const close = h("button", { type: "button", onClick: () => person.dismissNotice() }, "Dismiss");
  return text && h(Fragment, null, h("p", null, text), person.notice && close);
}

recall();
stories?.follow("feed");
void readEmojis();
render(h(App, null), document.getElementById("page") ?? document.body);
