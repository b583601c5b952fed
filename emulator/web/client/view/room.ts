// A room, or a thread in it: its heading, its messages, who types, and where one writes.
import { type ComponentChild, h } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Page } from "../page.ts";
import type { Person, Place } from "../person.ts";
import type { Message, Room } from "../wire.ts";
import { Composer } from "./composer.ts";
import { useFiles } from "./files.ts";
import { MessageView } from "./message.ts";
import { IconButton } from "./parts.ts";

interface Props {
  readonly page: Page;
  readonly person: Person;
  readonly room: Room;
}

const KINDS = { c: "Channel", p: "Private group", d: "Direct message" };
/** Messages of one person within this time share a heading. */
const GROUP_MS = 300_000;
/** How near the end counts as being there. Pixels. */
const NEAR = 80;

export function RoomView({ page, person, room }: Props): ComponentChild {
  const { side } = page.route;
  // Who leaves a thread is again at the message it began with.
  useEffect(() => () => document.getElementById(`m-${side}`)?.focus(), [side]);
  const heading = h(
    "header",
    null,
    h(IconButton, {
      icon: "back",
      label: "Back to the rooms",
      class: "icon-button back",
      onClick: () => page.go({ rid: "" }),
    }),
    h(
      "div",
      null,
      h("h1", null, room.type === "d" ? room.title : `#${room.title}`),
      h("p", null, describe(page, person, room)),
    ),
    page.stories &&
      h(IconButton, {
        icon: "pulse",
        label: "What the plugin did",
        class: "icon-button to-plugin",
        onClick: () => page.go({ side: "plugin" }),
      }),
  );
  return h(
    "main",
    { class: "room" },
    heading,
    h(Conversation, { page, person, room, place: { rid: room.id } }),
  );
}

export function ThreadView({ page, person, room, tmid }: Props & { tmid: string }): ComponentChild {
  const close = () => page.go({ side: "" });
  const heading = h(
    "header",
    null,
    h("div", null, h("h2", null, "Thread"), h("p", null, `in ${room.title}`)),
    h(IconButton, { icon: "close", label: "Close the thread", onClick: close }),
  );
  return h(
    "aside",
    {
      class: "side thread",
      "aria-label": "Thread",
      onKeyDown: ({ key, defaultPrevented }: KeyboardEvent) =>
        key === "Escape" && !defaultPrevented && close(),
    },
    heading,
    h(Conversation, { page, person, room, place: { rid: room.id, tmid } }),
  );
}

/** What stands below a room's name; of a direct message, how the other one is. */
function describe({ stories }: Page, person: Person, room: Room): string {
  const others = (person.members.get(room.id) ?? []).filter(
    ({ username }) => username !== person.account.username,
  );
  if (room.type !== "d") return `${KINDS[room.type]} · ${others.length + 1} people`;
  const [other] = others;
  if (!other || others.length > 1) return others.map(({ name }) => name).join(", ") || KINDS.d;
  // The bot user has no client that would make it "online".
  const isPlugin = stories?.bot === other.username;
  return `@${other.username} · ${isPlugin ? `plugin ${stories.connection || "not heard of yet"}` : other.status}`;
}

function Conversation({ page, person, room, place }: Props & { place: Place }): ComponentChild {
  const [editing, setEditing] = useState<string>();
  const files = useFiles();
  const messages = person.messagesIn(place);
  const edited = editing === undefined ? undefined : person.message(place.rid, editing);
  const editLast = () => {
    const own = messages?.findLast(({ userId, system }) => userId === person.account.userId && !system);
    if (own) setEditing(own.id);
  };
  return h(
    "div",
    { class: "conversation", ...files.dropping },
    messages
      ? h(MessageList, { page, person, place, messages, onEdit: setEditing })
      : h("p", { class: "loading" }, "Reading …"),
    h("p", { class: "typing", role: "status" }, typingText(person.typingIn(place))),
    h(Composer, {
      key: editing ?? "",
      person,
      room,
      place,
      files,
      editing: edited,
      onDone: () => setEditing(undefined),
      onEditLast: editLast,
    }),
  );
}

function typingText(names: readonly string[]): string {
  if (names.length === 0) return "";
  return `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} typing …`;
}

interface ListProps {
  readonly page: Page;
  readonly person: Person;
  readonly place: Place;
  readonly messages: readonly Message[];
  readonly onEdit: (id: string) => void;
}

/** One stop for Tab: the arrow keys move between messages, Tab then reaches what can be done with one. */
function MessageList({ page, person, place, messages, onEdit }: ListProps): ComponentChild {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [chosen, setChosen] = useState<string>();
  const [missed, setMissed] = useState(false);
  const last = messages.at(-1);
  const toEnd = () => box.current?.scrollTo(0, box.current.scrollHeight);
  useLayoutEffect(() => {
    if (atEnd.current) toEnd();
  });
  useLayoutEffect(() => setMissed(!atEnd.current), [last?.id]);
  const onScroll = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
    if (atEnd.current) setMissed(false);
  };
  const current = messages.some(({ id }) => id === chosen) ? chosen : last?.id;
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = [...(box.current?.querySelectorAll<HTMLElement>("li.message") ?? [])];
    const at = event.target instanceof HTMLElement ? rows.indexOf(event.target) : -1;
    if (step === undefined || at < 0) return;
    event.preventDefault();
    rows[at + step]?.focus();
  };
  const older = place.tmid === undefined && person.hasEarlier(place.rid);
  return h(
    "div",
    { class: "messages", ref: box, onScroll, onKeyDown, role: "log", "aria-label": "Messages" },
    older &&
      h(
        "button",
        { type: "button", class: "earlier", onClick: () => person.loadEarlier(place.rid) },
        "Earlier messages",
      ),
    h(Rows, { page, person, place, messages, onEdit, current, onFocus: setChosen }),
    messages.length === 0 && h("p", { class: "loading" }, "Nothing was said here yet."),
    missed && h("button", { type: "button", class: "to-end", onClick: toEnd }, "New messages ↓"),
  );
}

/** The messages, with a line where a day begins. */
function Rows(
  props: ListProps & { current: string | undefined; onFocus: (id: string) => void },
): ComponentChild {
  const { page, person, place, messages, onEdit, current, onFocus } = props;
  const rows = messages.map((message, index) => {
    const before = messages[index - 1];
    const row = h(MessageView, {
      key: message.id,
      page,
      person,
      message,
      follows: before !== undefined && follows(message, before),
      current: message.id === current,
      inThread: place.tmid !== undefined,
      onFocus: () => onFocus(message.id),
      onEdit: () => onEdit(message.id),
    });
    const day = new Date(message.at).toDateString();
    if (before && new Date(before.at).toDateString() === day) return row;
    return [h("li", { class: "day", key: day }, day), row];
  });
  return h("ol", null, rows);
}

function follows(message: Message, before: Message): boolean {
  const same = before.userId === message.userId && before.name === message.name;
  return same && !before.system && message.at - before.at < GROUP_MS;
}
