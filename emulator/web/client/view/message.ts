// One message: who, when, its text and files, reactions, its thread, what the plugin did, what one can do with it.
import { type ComponentChild, Fragment, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { headlineOf, outcomeOf } from "../feed.ts";
import type { Page } from "../main.ts";
import type { Person } from "../person.ts";
import { renderText } from "../text.ts";
import type { Attachment, Message } from "../wire.ts";
import { Avatar, clock, IconButton } from "./parts.ts";

export interface MessageProps {
  readonly page: Page;
  readonly person: Person;
  readonly message: Message;
  /** It continues the message before, so it has no heading of its own. */
  readonly follows: boolean;
  /** Tab stops here. */
  readonly current: boolean;
  readonly inThread: boolean;
  readonly onFocus: () => void;
  readonly onEdit: () => void;
}

const QUICK_REACTIONS = [
  ":thumbsup:",
  ":heart:",
  ":joy:",
  ":tada:",
  ":eyes:",
  ":white_check_mark:",
  ":thinking:",
  ":rocket:",
];

/** What notices of the server say; `$` stands for their text. */
const NOTICES: Readonly<Record<string, string>> = {
  uj: "joined",
  ul: "left",
  au: "added $",
  ru: "removed $",
  r: "renamed the room to $",
  rm: "removed a message",
  room_changed_topic: "set the topic: $",
  room_changed_description: "set the description: $",
  room_changed_announcement: "announced: $",
  message_pinned: "pinned a message",
  "discussion-created": "began the discussion $",
  e2e: "wrote an encrypted message",
};

export function MessageView(props: MessageProps): ComponentChild {
  const { page, person, message, follows, current, inThread, onFocus } = props;
  const [mode, setMode] = useState<"" | "react" | "delete">("");
  const { system, name, username, at, edited, reactions, replies, id } = message;
  const time = h(
    "time",
    { dateTime: new Date(at).toISOString(), title: new Date(at).toLocaleString() },
    clock(at),
  );
  const attributes = { tabIndex: current ? 0 : -1, onFocus, id: `${inThread ? "t" : "m"}-${id}` };
  if (system) {
    const said = (NOTICES[system] ?? system).replace("$", () => message.text);
    return h("li", { class: "message notice-row", ...attributes }, `${name} ${said} `, time);
  }
  const context = { me: person.account.username, server: person.server, emoji: page.emoji };
  const pick = (emoji: string) => {
    setMode("");
    person.react(message, emoji);
  };
  return h(
    "li",
    {
      class: follows ? "message follows" : "message",
      ...attributes,
      onKeyDown: (event: KeyboardEvent) => {
        if (event.key !== "Escape" || mode === "") return;
        event.preventDefault();
        setMode("");
      },
    },
    follows ? h("span", { class: "gutter" }, time) : h(Avatar, { name: username }),
    h(
      "div",
      { class: "body" },
      !follows &&
        h(
          "p",
          { class: "who" },
          h("strong", null, name),
          name !== username && h("span", null, `@${username}`),
          time,
        ),
      h(
        "div",
        { class: "text" },
        renderText(message.md, message.text, context),
        edited && h("small", null, "(edited)"),
      ),
      message.attachments.map((attachment) => h(AttachmentView, { person, attachment })),
      reactions.size > 0 &&
        h(
          "div",
          { class: "reactions" },
          [...reactions].map(([emoji, users]) =>
            h(
              "button",
              {
                type: "button",
                key: emoji,
                "aria-pressed": users.includes(person.account.username),
                title: `${emoji} ${users.join(", ")}`,
                onClick: () => person.react(message, emoji),
              },
              `${page.emoji(emoji)} ${users.length}`,
            ),
          ),
        ),
      !inThread &&
        replies > 0 &&
        h(
          "button",
          { type: "button", class: "link", onClick: () => page.go({ side: id }) },
          replies === 1 ? "1 reply" : `${replies} replies`,
        ),
      h(StoryChip, { page, message }),
    ),
    h(Tools, { ...props, mode, setMode, pick }),
  );
}

interface ToolProps extends MessageProps {
  readonly mode: "" | "react" | "delete";
  readonly setMode: (mode: "" | "react" | "delete") => void;
  readonly pick: (emoji: string) => void;
}

function Tools({
  page,
  person,
  message,
  current,
  inThread,
  onEdit,
  mode,
  setMode,
  pick,
}: ToolProps): ComponentChild {
  const reach = { tabIndex: current ? 0 : -1 };
  const own = message.userId === person.account.userId;
  const button = (attributes: Parameters<typeof IconButton>[0]) => h(IconButton, { ...reach, ...attributes });
  const focus = (element: HTMLElement | null) => element?.focus();
  if (mode === "react") {
    const choices = QUICK_REACTIONS.map((emoji, index) => {
      const first = index === 0 ? { ref: focus } : {};
      return h(
        "button",
        { type: "button", "aria-label": emoji, title: emoji, onClick: () => pick(emoji), ...first },
        page.emoji(emoji),
      );
    });
    return h("div", { class: "tools open", role: "group", "aria-label": "Choose a reaction" }, choices);
  }
  if (mode === "delete") {
    const sure = () => {
      setMode("");
      person.delete(message);
    };
    return h(
      "div",
      { class: "tools open", role: "group", "aria-label": "Delete this message?" },
      h("button", { type: "button", class: "danger", ref: focus, onClick: sure }, "Delete"),
      h("button", { type: "button", onClick: () => setMode("") }, "Keep"),
    );
  }
  return h(
    "div",
    { class: "tools" },
    button({ icon: "smile", label: "React", onClick: () => setMode("react") }),
    !inThread &&
      button({
        icon: "reply",
        label: "Reply in a thread",
        onClick: () => page.go({ side: message.threadId ?? message.id }),
      }),
    own && button({ icon: "pencil", label: "Edit", onClick: onEdit }),
    own && button({ icon: "bin", label: "Delete", onClick: () => setMode("delete") }),
  );
}

/** What the plugin did with the message, in a few words; leads to the whole story. */
function StoryChip({ page, message }: { page: Page; message: Message }): ComponentChild {
  const story = page.stories?.all.get(message.id);
  if (!story) return null;
  const outcome = outcomeOf(story);
  return h(
    "button",
    { type: "button", class: `chip ${outcome}`, onClick: () => page.go({ side: "plugin" }) },
    headlineOf(story),
  );
}

function AttachmentView({ person, attachment }: { person: Person; attachment: Attachment }): ComponentChild {
  const { title, text, author, file, isImage } = attachment;
  if (file === undefined)
    return h("blockquote", null, author && h("strong", null, author), h("p", null, text));
  return h(Fragment, null, h(FileView, { person, file, title, isImage }), text && h("p", null, text));
}

interface FileProps {
  readonly person: Person;
  readonly file: string;
  readonly title: string;
  readonly isImage: boolean;
}

/** A file is fetched with the login in the headers, so that no token stands in an address. */
function FileView({ person, file, title, isImage }: FileProps): ComponentChild {
  const [address, setAddress] = useState("");
  const [trouble, setTrouble] = useState("");
  const fail = (error: unknown) => setTrouble(error instanceof Error ? error.message : String(error));
  useEffect(() => {
    if (!isImage) return;
    let url = "";
    let gone = false;
    person.file(file).then((blob) => {
      if (gone) return;
      url = URL.createObjectURL(blob);
      setAddress(url);
    }, fail);
    return () => {
      gone = true;
      URL.revokeObjectURL(url);
    };
  }, [file]);
  const save = async () => {
    const url = URL.createObjectURL(await person.file(file));
    Object.assign(document.createElement("a"), { href: url, download: title }).click();
    URL.revokeObjectURL(url);
  };
  if (trouble) return h("p", { class: "trouble" }, trouble);
  if (address) return h("img", { src: address, alt: title, loading: "lazy" });
  if (isImage) return h("p", { class: "loading" }, title);
  return h("button", { type: "button", class: "file", onClick: () => void save().catch(fail) }, `⬇ ${title}`);
}
