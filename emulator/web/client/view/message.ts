// One message: who, when, its text and files, reactions, its thread, and what the plugin did with it.
import { type ComponentChild, Fragment, h } from "preact";
import { useRef } from "preact/hooks";
import { headlineOf, outcomeOf } from "../feed.ts";
import { noticeOf } from "../notices.ts";
import type { MessageProps } from "../page.ts";
import { renderText } from "../text.ts";
import { AttachmentView } from "./attachment.ts";
import { Avatar, clock } from "./parts.ts";
import { Tools } from "./tools.ts";

export function MessageView(props: MessageProps): ComponentChild {
  const { page, message, follows, current, inThread, onFocus } = props;
  const row = useRef<HTMLLIElement>(null);
  const { system, name, username, at, id } = message;
  const attributes = { tabIndex: current ? 0 : -1, onFocus, id: `${inThread ? "t" : "m"}-${id}` };
  const date = new Date(at);
  const time = h("time", { dateTime: date.toISOString(), title: date.toLocaleString() }, clock(at));
  if (system) {
    const said = noticeOf(system, message.text);
    return h("li", { class: "message notice-row", ...attributes }, `${name} ${said} `, time);
  }
  const who = h(
    "p",
    { class: "who" },
    h("strong", null, name),
    name !== username && h("span", null, `@${username}`),
    page.stories?.bot === username && h("span", { class: "tag" }, "Bot"),
    time,
  );
  return h(
    "li",
    { class: follows ? "message follows" : "message", ref: row, ...attributes },
    follows ? h("span", { class: "gutter" }, time) : h(Avatar, { name: username }),
    h("div", { class: "body" }, !follows && who, h(Content, props)),
    h(Tools, { ...props, onClose: () => row.current?.focus() }),
  );
}

function Content({ page, person, message, current, inThread }: MessageProps): ComponentChild {
  const { id, md, text, edited, attachments, reactions, replies } = message;
  const button = { type: "button" as const, tabIndex: current ? 0 : -1 };
  const context = { me: person.account.username, server: person.server, emoji: page.emoji };
  const story = page.stories?.all.get(id);
  return h(
    Fragment,
    null,
    h("div", { class: "text" }, renderText(md, text, context), edited && h("small", null, "(edited)")),
    attachments.map((attachment) => h(AttachmentView, { person, attachment })),
    reactions.size > 0 &&
      h(
        "div",
        { class: "reactions" },
        [...reactions].map(([emoji, users]) => {
          const pressed = users.includes(person.account.username);
          const title = `${emoji} ${users.join(", ")}`;
          const attributes = {
            key: emoji,
            "aria-pressed": pressed,
            title,
            onClick: () => person.react(message, emoji),
          };
          return h("button", { ...button, ...attributes }, `${page.emoji(emoji)} ${users.length}`);
        }),
      ),
    !inThread &&
      replies > 0 &&
      h(
        "button",
        { ...button, class: "link", onClick: () => page.go({ side: id }) },
        replies === 1 ? "1 reply" : `${replies} replies`,
      ),
    story &&
      h(
        "button",
        { ...button, class: `chip ${outcomeOf(story)}`, onClick: () => page.go({ side: "plugin" }) },
        headlineOf(story),
      ),
  );
}
