// Where one writes: the text field with completion of names, uploads, and editing what was written.
import { type ComponentChild, h, type TargetedEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Person, Place } from "../person.ts";
import type { Message, Room } from "../wire.ts";
import { Avatar, Icon, IconButton } from "./parts.ts";

interface Props {
  readonly person: Person;
  readonly room: Room;
  readonly place: Place;
  /** The message that is being edited. */
  readonly editing: Message | undefined;
  readonly onDone: () => void;
  readonly onEditLast: () => void;
}

interface Choice {
  readonly username: string;
  readonly name: string;
}

const CHOICES = 6;
const EVERYBODY: readonly Choice[] = [
  { username: "all", name: "Everybody in this room" },
  { username: "here", name: "Everybody who is online" },
];
/** What was begun and not sent, by place; it waits when one looks elsewhere. */
const drafts = new Map<string, string>();

export function Composer({ person, room, place, editing, onDone, onEditLast }: Props): ComponentChild {
  const field = useRef<HTMLTextAreaElement>(null);
  const draftKey = [person.account.userId, place.rid, place.tmid ?? ""].join(" ");
  const [text, setText] = useState(editing ? editing.text : (drafts.get(draftKey) ?? ""));
  const [caret, setCaret] = useState(text.length);
  const [chosen, setChosen] = useState(0);
  const [closed, setClosed] = useState(false);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    // On a touch screen the keyboard would cover what was just opened.
    if (editing || matchMedia("(hover: hover)").matches) field.current?.focus();
  }, []);
  useEffect(() => {
    if (!editing) drafts.set(draftKey, text);
  }, [text]);
  const typed = /(?:^|[\s(])@([\w.-]*)$/.exec(text.slice(0, caret))?.[1];
  const choices = typed === undefined || closed ? [] : matching(person, room, typed);
  const listId = `names-${place.tmid ?? "room"}`;

  const complete = ({ username }: Choice) => {
    const { current } = field;
    if (!current) return;
    // At once and not after drawing: the next key may come before that.
    current.setRangeText(`${username} `, caret - (typed?.length ?? 0), caret, "end");
    setText(current.value);
    setCaret(current.selectionStart);
    setChosen(0);
    current.focus();
  };
  const send = async () => {
    if (text.trim() === "") return;
    setTrouble("");
    person.type(place, false);
    try {
      if (editing) {
        await person.edit(editing, text);
        return onDone();
      }
      setText("");
      await person.send(place, text);
    } catch (error) {
      setText((now) => now || text);
      setTrouble(error instanceof Error ? error.message : String(error));
    }
  };
  const onInput = ({ currentTarget }: TargetedEvent<HTMLTextAreaElement>) => {
    setText(currentTarget.value);
    setCaret(currentTarget.selectionStart);
    setClosed(false);
    setChosen(0);
    if (!editing) person.type(place, currentTarget.value !== "");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const choice = choices[chosen];
    const keys: Readonly<Record<string, (() => void) | undefined>> = {
      ArrowDown: choice && (() => setChosen((chosen + 1) % choices.length)),
      ArrowUp: choice
        ? () => setChosen((chosen + choices.length - 1) % choices.length)
        : text === ""
          ? onEditLast
          : undefined,
      Tab: choice && (() => complete(choice)),
      Enter: choice ? () => complete(choice) : event.shiftKey ? undefined : () => void send(),
      Escape: choice ? () => setClosed(true) : editing && onDone,
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const attach = (files: FileList | null | undefined) => {
    for (const file of files ?? []) person.upload(place, file);
  };
  const label = editing ? "Edit the message" : place.tmid ? "Reply in the thread" : `Write to ${room.title}`;
  return h(
    "form",
    {
      class: editing ? "composer editing" : "composer",
      onSubmit: (event: SubmitEvent) => {
        event.preventDefault();
        void send();
      },
    },
    choices.length > 0 &&
      h(
        "ul",
        { class: "choices", role: "listbox", id: listId, "aria-label": "People" },
        choices.map((choice, index) =>
          h(
            "li",
            {
              role: "option",
              id: `${listId}-${index}`,
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
      ),
    trouble && h("p", { class: "trouble", role: "alert" }, trouble),
    editing && h("p", { class: "hint" }, "Editing · Enter saves, Escape leaves it as it was"),
    h(
      "div",
      { class: "line" },
      !editing &&
        h(
          "label",
          { class: "icon-button attach", title: "Attach a file" },
          h("input", {
            type: "file",
            multiple: true,
            "aria-label": "Attach a file",
            onChange: ({ currentTarget }: TargetedEvent<HTMLInputElement>) => {
              attach(currentTarget.files);
              currentTarget.value = "";
            },
          }),
          h(Icon, { name: "clip" }),
        ),
      h("textarea", {
        ref: field,
        rows: 1,
        value: text,
        placeholder: label,
        "aria-label": label,
        "aria-autocomplete": "list",
        "aria-controls": choices.length > 0 ? listId : undefined,
        "aria-activedescendant": choices.length > 0 ? `${listId}-${chosen}` : undefined,
        onInput,
        onKeyDown,
        onBlur: () => person.type(place, false),
        onPaste: (event: ClipboardEvent) => attach(event.clipboardData?.files),
      }),
      h(IconButton, {
        icon: "send",
        label: editing ? "Save" : "Send",
        type: "submit",
        class: "icon-button primary",
      }),
    ),
  );
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
