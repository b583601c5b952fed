// The right column: what the plugin did with each message, newest first.
import { type ComponentChild, h } from "preact";
import { explain, headlineOf, outcomeOf, reasonOf, type Stories, type Story, seconds } from "../feed.ts";
import type { Page } from "../page.ts";
import type { Person } from "../person.ts";
import { textOf } from "../wire.ts";
import { clock, IconButton } from "./parts.ts";

interface Props {
  readonly page: Page;
  readonly person: Person;
  readonly stories: Stories;
}

const SHOWN = 40;
const STEPS: Readonly<Record<string, string>> = {
  "message admitted": "stored",
  "message dropped": "dropped",
  "turn started": "turn began",
  "reply sent": "answer sent",
  "message handled": "done",
  "turn ended": "turn over",
};

export function PluginView({ page, person, stories }: Props): ComponentChild {
  const list = [...stories.all.values()].reverse().slice(0, SHOWN);
  return h(
    "aside",
    { class: "side plugin", "aria-label": "What the plugin did" },
    h(
      "header",
      null,
      h(
        "div",
        null,
        h("h2", null, "What the plugin did"),
        h(
          "p",
          null,
          h("span", { class: stories.connection === "connected" ? "dot on" : "dot" }),
          stories.connection || "not heard of yet",
        ),
      ),
      h(IconButton, {
        icon: "close",
        label: "Back to the room",
        class: "icon-button to-room",
        onClick: () => page.go({ side: "" }),
      }),
    ),
    h(
      "ol",
      { class: "stories", tabIndex: 0, "aria-label": "Messages, newest first" },
      list.map((story) => h(StoryView, { key: story.messageId, person, story })),
    ),
    list.length === 0 && h("p", { class: "loading" }, "Write something; here stands what becomes of it."),
  );
}

function StoryView({ person, story }: { person: Person; story: Story }): ComponentChild {
  const { rid, messageId, steps } = story;
  const first = steps[0]?.at ?? 0;
  const message = person.message(rid, messageId);
  const room = person.rooms.get(rid);
  const reason = reasonOf(story);
  const session = steps.map(({ fields }) => textOf(fields, "session")).find((key) => key !== "");
  const detail = steps
    .map(({ fields }) => textOf(fields, "detail"))
    .find((text) => text !== "" && text !== "-");
  return h(
    "li",
    { class: `story ${outcomeOf(story)}` },
    h(
      "p",
      { class: "where" },
      h("time", null, clock(first)),
      ` ${message?.name ?? "A message"} in ${room?.title ?? "a room you are not in"}`,
    ),
    message && h("p", { class: "excerpt" }, message.text),
    h("p", { class: "headline" }, headlineOf(story)),
    reason && h("p", { class: "why" }, explain(reason), detail && ` (${detail})`),
    steps.length > 1 &&
      h(
        "dl",
        null,
        steps.map(({ name, at }) => [
          h("dt", null, STEPS[name] ?? name),
          h("dd", null, `+${seconds(at - first)}`),
        ]),
      ),
    session && h("p", { class: "session", title: "The agent's session" }, session),
  );
}
