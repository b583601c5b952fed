// Where one writes: the text field with its keys, the button for files, and editing what was written.
import { type ComponentChild, h, type TargetedEvent } from "preact";
import type { Room } from "../wire.ts";
import { type Field, useField, useSending, type Writing } from "./field.ts";
import { AttachButton, type ChosenFiles, FileList } from "./files.ts";
import { NameList, type Names, useNames } from "./names.ts";
import { IconButton } from "./parts.ts";

interface Props extends Writing {
  readonly room: Room;
  readonly files: ChosenFiles;
  readonly onEditLast: () => void;
}

export function Composer(props: Props): ComponentChild {
  const { person, room, place, editing, files } = props;
  const field = useField(props);
  const names = useNames(person, room, field);
  const { send, trouble } = useSending(props, field);
  const listId = `names-${place.tmid ?? "room"}`;
  return h(
    "form",
    {
      class: ["composer", editing && "editing", files.over && "over"].filter(Boolean).join(" "),
      onSubmit: (event: SubmitEvent) => {
        event.preventDefault();
        send();
      },
    },
    names.choices.length > 0 && h(NameList, { id: listId, names }),
    !editing && (files.list.length > 0 || files.progress !== undefined) && h(FileList, { files }),
    trouble && h("p", { class: "trouble", role: "alert" }, trouble),
    editing && h("p", { class: "hint" }, "Editing · Enter saves, Escape leaves it as it was"),
    h(
      "div",
      { class: "line" },
      !editing && h(AttachButton, { files }),
      h(TextField, { ...props, field, names, listId, onKeyDown: keysOf({ ...props, field, names, send }) }),
      h(IconButton, {
        icon: "send",
        label: editing ? "Save" : "Send",
        type: "submit",
        class: `icon-button primary${field.text.trim() === "" && files.list.length === 0 ? " idle" : ""}`,
      }),
    ),
  );
}

function TextField(
  props: Props & {
    readonly field: Field;
    readonly names: Names;
    readonly listId: string;
    readonly onKeyDown: (event: KeyboardEvent) => void;
  },
): ComponentChild {
  const { person, room, place, editing, files, field, names, listId, onKeyDown } = props;
  const label = editing ? "Edit the message" : place.tmid ? "Reply in the thread" : `Write to ${room.title}`;
  const choosing = names.choices.length > 0;
  return h("textarea", {
    ref: field.element,
    rows: 1,
    value: field.text,
    placeholder: label,
    "aria-label": label,
    "aria-autocomplete": "list",
    "aria-controls": choosing ? listId : undefined,
    "aria-activedescendant": choosing ? `${listId}-${names.chosen}` : undefined,
    onInput: ({ currentTarget }: TargetedEvent<HTMLTextAreaElement>) => {
      field.read(currentTarget);
      names.open();
      if (!editing) person.type(place, currentTarget.value !== "");
    },
    onKeyDown,
    onBlur: () => person.type(place, false),
    onPaste: (event: ClipboardEvent) => !editing && files.add(event.clipboardData?.files),
  });
}

type Keys = Readonly<Record<string, (() => void) | undefined>>;

/** What the keys do: in the list of names while it is open, else to the text. */
function keysOf(
  parts: Props & { field: Field; names: Names; send: () => void },
): (event: KeyboardEvent) => void {
  const { editing, onDone, onEditLast, field, names, send } = parts;
  const choice = names.choices[names.chosen];
  const inList: Keys | undefined = choice && {
    ArrowDown: () => names.move(1),
    ArrowUp: () => names.move(-1),
    Tab: () => names.complete(choice),
    Enter: () => names.complete(choice),
    Escape: () => names.close(),
  };
  const inText: Keys = {
    ArrowUp: field.text === "" ? onEditLast : undefined,
    Enter: send,
    Escape: editing && onDone,
  };
  return (event) => {
    const newLine = event.key === "Enter" && event.shiftKey && !inList;
    const act = event.isComposing || newLine ? undefined : (inList ?? inText)[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
}
