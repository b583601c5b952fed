// The left column: who is logged in, their rooms and direct messages.
import { type ComponentChild, Fragment, h } from "preact";
import { useState } from "preact/hooks";
import type { Page } from "../page.ts";
import type { Person } from "../person.ts";
import type { Room } from "../wire.ts";
import { Avatar, IconButton } from "./parts.ts";

interface Props {
  readonly page: Page;
  readonly person: Person;
}

export function Sidebar({ page, person }: Props): ComponentChild {
  return h(
    "div",
    { class: "sidebar", onKeyDown: (event: KeyboardEvent) => walk(event) },
    h(People, { page, person }),
    h(
      "nav",
      { "aria-label": "Rooms" },
      section("Rooms", person.roomList(false), { page, person }),
      section("Direct messages", person.roomList(true), { page, person }, h(NewDirect, { page, person })),
    ),
    h(
      "p",
      { class: "me" },
      h("span", { class: person.online ? "dot on" : "dot" }),
      `${person.account.name} · ${person.online ? "connected" : "connecting …"}`,
      h(IconButton, {
        icon: "out",
        label: `Log ${person.account.name} out`,
        onClick: () => page.remove(person),
      }),
    ),
  );
}

function People({ page, person }: Props): ComponentChild {
  return h(
    "div",
    { class: "people", role: "group", "aria-label": "People" },
    page.people.map((one) => {
      const { username, name } = one.account;
      const unread = [...one.rooms.values()].reduce((sum, room) => sum + room.unread, 0);
      return h(
        "button",
        {
          type: "button",
          key: username,
          "aria-pressed": one === person,
          title: `Chat as ${name}`,
          onClick: () =>
            page.go({ username, rid: one.rooms.has(page.route.rid) ? page.route.rid : "", side: "" }),
        },
        h(Avatar, { name: username }),
        h("span", null, name),
        one !== person && unread > 0 && badge(unread),
      );
    }),
    h(IconButton, {
      icon: "plus",
      label: "Chat as somebody else",
      onClick: () => page.go({ username: "", rid: "", side: "" }),
    }),
  );
}

function section(title: string, rooms: Room[], { page }: Props, extra?: ComponentChild): ComponentChild {
  return h(
    Fragment,
    null,
    h("h2", null, title),
    h(
      "ul",
      null,
      rooms.map(({ id, type, name, title, unread, alert }) => {
        const here = id === page.route.rid;
        const attributes = {
          type: "button" as const,
          "aria-current": here ? ("page" as const) : undefined,
          class: !here && (alert || unread > 0) ? "alert" : "",
          onClick: () => page.go({ rid: id, side: "" }),
        };
        const mark =
          type === "d"
            ? h(Avatar, { name })
            : h("span", { class: "sigil", "aria-hidden": true }, type === "p" ? "◆" : "#");
        return h(
          "li",
          { key: id },
          h("button", attributes, mark, h("span", null, title), !here && unread > 0 && badge(unread)),
        );
      }),
    ),
    extra,
  );
}

function badge(count: number): ComponentChild {
  return h("span", { class: "badge", "aria-label": `${count} unread` }, count);
}

/** Up and Down walk through the rooms; Tab leaves them. */
function walk(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || !(event.target instanceof HTMLButtonElement)) return;
  const buttons = [...document.querySelectorAll<HTMLButtonElement>(".sidebar nav li button")];
  const at = buttons.indexOf(event.target);
  if (at < 0) return;
  event.preventDefault();
  buttons[at + step]?.focus();
}

function NewDirect({ page, person }: Props): ComponentChild {
  const [trouble, setTrouble] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(form instanceof HTMLFormElement)) return;
    const username = String(new FormData(form).get("username")).replace(/^@/, "").trim();
    const open = async () => {
      const rid = await person.openDirect(username);
      setTrouble(rid === undefined ? `There is nobody named ${username}.` : "");
      if (rid === undefined) return;
      form.reset();
      page.go({ rid, side: "" });
    };
    open().catch((error: unknown) => setTrouble(error instanceof Error ? error.message : String(error)));
  };
  return h(
    "form",
    { class: "new-direct", onSubmit: submit },
    h("input", {
      name: "username",
      required: true,
      placeholder: "Write to @somebody",
      "aria-label": "Write to somebody by user name",
      autocomplete: "off",
    }),
    h("p", { class: "trouble", role: "alert" }, trouble),
  );
}
