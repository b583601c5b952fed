// Owns a message in the text of its frame: first its place and author; the whole of it on request.

import { isJsonObject, type JsonObject } from "./json.ts";
import { bitsOf, MEMBERS, Members, Shared } from "./members.ts";

/** What the head of a frame shows; most servers write it before nearly all else. */
const FIRST = bitsOf("_id rid u");

/** As servers from 6.5 to 8.3 begin and end a frame of this stream (recordings); another one is left to be parsed. */
const HEAD =
  '{"msg":"changed","collection":"stream-room-messages","id":"id","fields":{"eventName":"__my_messages__","args":[{';
const TAIL = "]}}";

/** Reads the frames of one account. */
export class FrameReader {
  readonly #shared = new Shared();

  /** The head of a message's frame; undefined when the text is anything else, or is spelled as is not expected. Never throws. */
  read(text: string): FrameHead | undefined {
    if (!text.startsWith(HEAD) || !text.endsWith(TAIL)) return undefined;
    // The room object has no objects inside, so it begins at the last `,{`.
    const roomAt = text.lastIndexOf(",{") + 1;
    const members = new Members(text, HEAD.length - 1, this.#shared);
    if (!members.find(FIRST)) return undefined;
    try {
      const room = this.#shared.parse(text.slice(roomAt, text.length - TAIL.length));
      // Anything else stands behind the message.
      if (!isJsonObject(room) || typeof room.roomParticipant !== "boolean") return undefined;
      return new FrameHead(members, { room, roomAt });
    } catch {
      return undefined;
    }
  }
}

/** What a frame shows first: the members `_id`, `rid` and `u`, and the room. The rest is not looked at yet. */
export class FrameHead {
  readonly #members: Members;
  readonly #roomAt: number;
  /** The stream's second argument. */
  readonly room: JsonObject;

  /** The second argument begins at `roomAt`. */
  constructor(members: Members, { room, roomAt }: { readonly room: JsonObject; readonly roomAt: number }) {
    this.#members = members;
    this.#roomAt = roomAt;
    this.room = room;
  }

  /** Undefined when it is not there. Throws a SyntaxError when it is no JSON. */
  value(name: "_id" | "rid" | "u"): unknown {
    return this.#members.value(name);
  }

  /** The whole message; undefined when it is spelled as is not expected. Never throws. */
  open(): MessageFrame | undefined {
    const isUnderstood = this.#members.findAll() && this.#members.end === this.#roomAt - 1;
    return isUnderstood ? new MessageFrame(this.#members, this.room) : undefined;
  }
}

/** A message in its frame. */
export class MessageFrame {
  readonly #members: Members;
  /** The stream's second argument. */
  readonly room: JsonObject;

  constructor(members: Members, room: JsonObject) {
    this.#members = members;
    this.room = room;
  }

  /** Which of the members with these bits are there; an empty list is not. */
  among(bits: number): number {
    return this.#members.bits & bits;
  }

  /** The value of a member; undefined when it is not there. Throws a SyntaxError when it is no JSON. */
  value(name: string): unknown {
    return this.#members.value(name);
  }

  /** The message with what is read of it; undefined when that is no JSON. Never throws. */
  message(): JsonObject | undefined {
    const message: Record<string, unknown> = {};
    try {
      for (const name of MEMBERS) {
        const value = this.#members.value(name);
        if (value !== undefined) message[name] = value;
      }
      return message;
    } catch {
      return undefined;
    }
  }
}
