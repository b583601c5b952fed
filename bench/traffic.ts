// Owns the traffic of a busy company: frames of `stream-room-messages` with documents as the recordings show them.

import { parse } from "@rocket.chat/message-parser";

/** Who listens, and where people write. */
export interface Place {
  readonly roomIds: readonly string[];
  /** How long the text of each message is, which then is parsed text as well; as people write when undefined. */
  readonly characters?: number | undefined;
}

/** Stand for what differs from frame to frame; as long as what replaces them. */
const ID = "IDIDIDIDIDIDIDIDI";
const ROOM = "ROOMROOMROOMROOMR";
const SENT = 1_111_111_111_111;
const UPDATED = 2_222_222_222_222;
const HOLES = new RegExp(`(${ID}|${ROOM}|${SENT}|${UPDATED})`);

/** Sentences of 60 to 1,100 characters, with the marks that people use. */
const SENTENCES = [
  "The build of yesterday evening is on the staging machine, please have a look when you find the time.",
  "I would rather keep the *old* limits until we know what the customers do with the new ones :thinking:",
  "See `config/limits.json` for what is in force, and the ticket for what was agreed on with operations.",
  "Who is on call tonight? The alert about the disk of the mail server came twice, and both times it was nothing.",
  "Numbers of last week: 1,204 orders, 31 returns, 7 complaints, all of them about the delivery on Friday.",
  "_Lunch_ at noon in the small kitchen, there is soup and bread, and there is cake because somebody has a birthday.",
  "We could move the job to the night, when nobody waits for the database, and be done with the whole question.",
  "~~Not before Thursday~~ Done, it was easier than we thought; the change is small and the tests are green.",
  "Can somebody explain to me why the report of the warehouse differs from the one of the shop by exactly two pieces?",
  "I have put the slides where they belong. Comments are welcome until tomorrow, after that they go out as they are.",
];

/** Sentences in one message, by turns: most messages are short, some are long. */
const LENGTHS = [1, 1, 2, 1, 3, 1, 2, 6, 1, 4];

const PEOPLE = Array.from({ length: 30 }, (_, index) => ({
  _id: `person${String(index).padStart(11, "0")}`,
  username: `person.${index}`,
  name: `Person Number ${index}`,
}));

/** Documents by turns; those of one kind differ in length. */
const KINDS = [plain, plain, threaded, plain, previewed, plain, mentioning, plain, root, quoting];

/** Every tenth frame shows the message before it once more, with a reaction, as servers do. */
const REACTION_EVERY = 10;

/** Makes the text of the frame with this number. The same number makes the same frame but for its time. */
export function createTraffic({ roomIds, characters }: Place): (number: number) => string {
  const documents =
    characters === undefined
      ? Array.from({ length: KINDS.length * LENGTHS.length }, (_, index) => template(index))
      : [long(characters)];
  const templates = documents.map((document) => cut(document));
  const reactions = documents.map((document) =>
    cut({ ...document, reactions: { ":thumbsup:": { usernames: ["person.3", "person.4"] } } }),
  );
  return (number) => {
    const isReaction = number % REACTION_EVERY === REACTION_EVERY - 1;
    const shown = isReaction ? number - 1 : number;
    const parts = (isReaction ? reactions : templates)[shown % templates.length] ?? [];
    const now = Date.now();
    const fill: Readonly<Record<string, string>> = {
      [ID]: shown.toString(36).padStart(17, "b"),
      [ROOM]: roomIds[shown % roomIds.length] ?? "",
      [SENT]: String(now - 20),
      [UPDATED]: String(now),
    };
    let text = "";
    for (const part of parts) text += fill[part] ?? part;
    return text;
  };
}

/** The text of a frame in pieces: those at odd places stand for what differs. */
function cut(document: object): string[] {
  const place = { roomParticipant: true, roomType: "c", roomName: "engineering" };
  const fields = { eventName: "__my_messages__", args: [document, place] };
  return JSON.stringify({ msg: "changed", collection: "stream-room-messages", id: "id", fields }).split(
    HOLES,
  );
}

function template(index: number): object {
  const kind = KINDS[index % KINDS.length] ?? plain;
  const length = LENGTHS[Math.floor(index / KINDS.length)] ?? 1;
  const text = Array.from({ length }, (_, place) => SENTENCES[(index + place) % SENTENCES.length]).join(" ");
  return kind(text, index);
}

/** A message as the server sends it, in its order of keys (recording `public-message`). */
function plain(text: string, index: number): object {
  return {
    _id: ID,
    rid: ROOM,
    msg: text,
    ts: { $date: SENT },
    u: PEOPLE[index % PEOPLE.length],
    md: parse(text),
    mentions: [],
    channels: [],
    urls: [],
    _updatedAt: { $date: UPDATED },
  };
}

/** A message of so many characters, half of them in what is parsed of it. */
function long(characters: number): object {
  const sentence = `${SENTENCES.join(" ")} `;
  const text = sentence.repeat(characters / 2 / sentence.length + 1).slice(0, characters / 2);
  const md = [{ type: "PARAGRAPH", value: [{ type: "PLAIN_TEXT", value: text }] }];
  return { ...plain("long", 0), msg: text, md };
}

function threaded(text: string, index: number): object {
  return { ...plain(text, index), tmid: "threadthreadthrea", tshow: false };
}

/** The root of a thread when somebody has replied (recording `thread`). */
function root(text: string, index: number): object {
  const replies = PEOPLE.slice(0, 4).map(({ _id }) => _id);
  return { ...plain(text, index), replies, tlm: { $date: UPDATED }, tcount: 3 };
}

function mentioning(text: string, index: number): object {
  const named = PEOPLE[(index + 1) % PEOPLE.length];
  const message = plain(`@${named?.username} ${text}`, index);
  return { ...message, mentions: [{ ...named, type: "user" }] };
}

function previewed(text: string, index: number): object {
  const url = `https://news.example.test/articles/${index}/what-everybody-should-know`;
  const meta = {
    pageTitle: "What everybody should know – News",
    description: SENTENCES[index % SENTENCES.length],
    ogTitle: "What everybody should know",
    ogDescription: SENTENCES[(index + 1) % SENTENCES.length],
    ogSiteName: "News",
    ogType: "article",
    ogUrl: url,
    twitterCard: "summary_large_image",
  };
  const headers = { contentType: "text/html; charset=utf-8" };
  return { ...plain(`${text} ${url}`, index), urls: [{ url, meta, headers }] };
}

/** The server draws a quote from a link to a message (recording `quote`). */
function quoting(text: string, index: number): object {
  const link = "https://chat.example.test/channel/engineering?msg=quotedquotedquote";
  const quote = {
    text: SENTENCES[(index + 2) % SENTENCES.length],
    author_name: "person.7",
    author_icon: "/avatar/person.7",
    message_link: link,
    attachments: [],
    ts: { $date: SENT },
  };
  return {
    ...plain(`[ ](${link}) ${text}`, index),
    urls: [{ url: link, ignoreParse: true }],
    attachments: [quote],
  };
}
