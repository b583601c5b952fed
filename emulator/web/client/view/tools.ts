// What one can do with a message: react, reply, edit, delete.
import { type ComponentChild, h } from "preact";
import { useState } from "preact/hooks";
import type { MessageProps } from "../page.ts";
import { IconButton } from "./parts.ts";

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

interface Props extends MessageProps {
  /** Gives the keyboard back to the message. */
  readonly onClose: () => void;
}

/** Called with an element when it comes: the keyboard goes there. */
const focus = (element: HTMLElement | null) => element?.focus();

export function Tools(props: Props): ComponentChild {
  const [asking, setAsking] = useState<"" | "reaction" | "deletion">("");
  const close = () => {
    setAsking("");
    props.onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    close();
  };
  if (asking === "") return h(Choices, { ...props, ask: setAsking });
  const [label, choices] =
    asking === "reaction"
      ? ["Choose a reaction", reactionChoices(props, close)]
      : ["Delete this message?", deletionChoices(props, close)];
  return h("div", { class: "tools open", role: "group", "aria-label": label, onKeyDown }, choices);
}

function reactionChoices({ page, person, message }: Props, close: () => void): ComponentChild[] {
  return QUICK_REACTIONS.map((emoji, index) => {
    const pick = () => {
      close();
      person.react(message, emoji);
    };
    const first = index === 0 ? { ref: focus } : {};
    return h(
      "button",
      { type: "button", "aria-label": emoji, title: emoji, onClick: pick, ...first },
      page.emoji(emoji),
    );
  });
}

function deletionChoices({ person, message }: Props, close: () => void): ComponentChild[] {
  const sure = () => {
    close();
    person.delete(message);
  };
  return [
    h("button", { type: "button", class: "danger", ref: focus, onClick: sure }, "Delete"),
    h("button", { type: "button", onClick: close }, "Keep"),
  ];
}

interface ChoicesProps extends Props {
  readonly ask: (what: "reaction" | "deletion") => void;
}

function Choices({ page, person, message, current, inThread, onEdit, ask }: ChoicesProps): ComponentChild {
  const reach = { tabIndex: current ? 0 : -1 };
  const own = message.userId === person.account.userId;
  const button = (attributes: Parameters<typeof IconButton>[0]) => h(IconButton, { ...reach, ...attributes });
  return h(
    "div",
    { class: "tools" },
    button({ icon: "smile", label: "React", onClick: () => ask("reaction") }),
    !inThread &&
      button({
        icon: "reply",
        label: "Reply in a thread",
        onClick: () => page.go({ side: message.threadId ?? message.id }),
      }),
    own && button({ icon: "pencil", label: "Edit", onClick: onEdit }),
    own && button({ icon: "bin", label: "Delete", onClick: () => ask("deletion") }),
  );
}
