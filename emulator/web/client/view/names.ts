// Completing names: who fits what was typed after an @, and the list one chooses from.
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import type { Person } from "../person.ts";
import type { Room } from "../wire.ts";
import type { Field } from "./field.ts";
import { Avatar } from "./parts.ts";

interface Choice {
  readonly username: string;
  readonly name: string;
}

export interface Names {
  readonly choices: readonly Choice[];
  readonly chosen: number;
  /** Shows choices again, from the first. */
  open(): void;
  close(): void;
  move(step: 1 | -1): void;
  complete(choice: Choice): void;
}

const CHOICES = 6;
const EVERYBODY: readonly Choice[] = [
  { username: "all", name: "Everybody in this room" },
  { username: "here", name: "Everybody who is online" },
];

export function useNames(person: Person, room: Room, { text, caret, replace }: Field): Names {
  const [chosen, setChosen] = useState(0);
  const [closed, setClosed] = useState(false);
  const typed = /(?:^|[\s(])@([\w.-]*)$/.exec(text.slice(0, caret))?.[1];
  const choices = typed === undefined || closed ? [] : matching(person, room, typed);
  return {
    choices,
    chosen,
    open() {
      setClosed(false);
      setChosen(0);
    },
    close: () => setClosed(true),
    move: (step) => setChosen((chosen + choices.length + step) % choices.length),
    complete({ username }) {
      replace(typed?.length ?? 0, `${username} `);
      setChosen(0);
    },
  };
}

function matching(person: Person, room: Room, typed: string): Choice[] {
  const wanted = typed.toLowerCase();
  const members = person.members.get(room.id) ?? [];
  const all = [
    ...members.filter(({ username }) => username !== person.account.username),
    ...(room.type === "d" ? [] : EVERYBODY),
  ];
  const fits = ({ username, name }: Choice) =>
    username.toLowerCase().startsWith(wanted) || name.toLowerCase().startsWith(wanted);
  return all.filter(fits).slice(0, CHOICES);
}

export function NameList({ id, names }: { id: string; names: Names }): ComponentChild {
  const { choices, chosen, complete } = names;
  return h(
    "ul",
    { class: "choices", role: "listbox", id, "aria-label": "People" },
    choices.map((choice, index) =>
      h(
        "li",
        {
          role: "option",
          id: `${id}-${index}`,
          key: choice.username,
          "aria-selected": index === chosen,
          onMouseDown: (event: MouseEvent) => {
            event.preventDefault();
            complete(choice);
          },
        },
        h(Avatar, { name: choice.username }),
        h("strong", null, `@${choice.username}`),
        h("span", null, choice.name),
      ),
    ),
  );
}
