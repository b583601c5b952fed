// The text one writes: what stands in the field, where the caret is, and what was begun and not sent.
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Person, Place } from "../person.ts";
import type { Message } from "../wire.ts";
import type { ChosenFiles } from "./files.ts";

/** What is written, where, and by whom. */
export interface Writing {
  readonly person: Person;
  readonly place: Place;
  /** The message that is being edited. */
  readonly editing: Message | undefined;
  readonly onDone: () => void;
  /** What is sent with it. */
  readonly files: ChosenFiles;
}

export interface Field {
  readonly element: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly caret: number;
  setText(change: string | ((now: string) => string)): void;
  /** Takes over what stands in the element. */
  read(element: HTMLTextAreaElement): void;
  /** Puts a text in place of the last characters before the caret. */
  replace(length: number, text: string): void;
}

/** What was begun and not sent, by place; it waits when one looks elsewhere. */
const drafts = new Map<string, string>();

export function useField({ person, place, editing }: Writing): Field {
  const element = useRef<HTMLTextAreaElement>(null);
  const draftKey = [person.account.userId, place.rid, place.tmid ?? ""].join(" ");
  const [text, setText] = useState(editing ? editing.text : (drafts.get(draftKey) ?? ""));
  const [caret, setCaret] = useState(text.length);
  useEffect(() => {
    // On a touch screen the keyboard would cover what was just opened.
    if (editing || matchMedia("(hover: hover)").matches) element.current?.focus();
  }, []);
  useEffect(() => {
    if (!editing) drafts.set(draftKey, text);
  }, [text]);
  const read = ({ value, selectionStart }: HTMLTextAreaElement) => {
    setText(value);
    setCaret(selectionStart);
  };
  const replace = (length: number, replacement: string) => {
    const { current } = element;
    if (!current) return;
    // At once and not after drawing: the next key may come before that.
    current.setRangeText(replacement, caret - length, caret, "end");
    read(current);
    current.focus();
  };
  return { element, text, caret, setText, read, replace };
}

/** Sends what is written, or saves what was edited; what is refused stays in the field, with the reason. */
export function useSending(
  writing: Writing,
  { text, setText }: Field,
): { send: () => void; trouble: string } {
  const [trouble, setTrouble] = useState("");
  const { person, place, editing, onDone, files } = writing;
  const deliver = async () => {
    const { list } = files;
    const sent = editing ? [] : list;
    if (text.trim() === "" && sent.length === 0) return;
    setTrouble("");
    person.type(place, false);
    try {
      if (editing) {
        await person.edit(editing, text);
        return onDone();
      }
      setText("");
      files.put([]);
      if (sent.length === 0) return await person.send(place, text);
      await person.sendFiles(place, { files: sent, text, onProgress: files.setProgress });
    } catch (error) {
      setText((now) => now || text);
      files.put(sent);
      setTrouble(error instanceof Error ? error.message : String(error));
    } finally {
      files.setProgress(undefined);
    }
  };
  return { send: () => void deliver(), trouble };
}
