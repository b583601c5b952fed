// What the server's own messages say.

/** What notices of the server say; `$` stands for their text. */
const NOTICES: ReadonlyMap<string, string> = new Map(
  Object.entries({
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
  }),
);

/** The words of a notice; one whose type nobody knows is shown by its type. */
export function noticeOf(type: string, text: string): string {
  return (NOTICES.get(type) ?? type).replace("$", () => text);
}
