// A file or a quote that belongs to a message.
import { type ComponentChild, Fragment, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Person } from "../person.ts";
import type { Attachment } from "../wire.ts";

interface FileProps extends Pick<Attachment, "title" | "kind" | "size" | "box"> {
  readonly person: Person;
  readonly file: string;
}

export function AttachmentView({
  person,
  attachment,
}: {
  person: Person;
  attachment: Attachment;
}): ComponentChild {
  const { text, author, file, kind } = attachment;
  if (file === undefined)
    return h("blockquote", null, author && h("strong", null, author), h("p", null, text));
  const view = kind === "image" ? Picture : kind === "other" ? FileChip : Player;
  return h(Fragment, null, h(view, { ...attachment, person, file }), text && h("p", null, text));
}

/** A file is fetched with the login in the headers, so that no token stands in an address. */
function useFile({ person, file }: FileProps): { address: string; trouble: string } {
  const [address, setAddress] = useState("");
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    let url = "";
    let gone = false;
    person.file(file).then(
      (blob) => {
        if (gone) return;
        url = URL.createObjectURL(blob);
        setAddress(url);
      },
      (error: unknown) => setTrouble(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      gone = true;
      URL.revokeObjectURL(url);
    };
  }, [file]);
  return { address, trouble };
}

/** Pixels that a picture takes at most, and how wide its place is at least. */
const MAX_WIDTH = 320;
const MAX_HEIGHT = 280;
const MIN_WIDTH = 24;

/** Its place is kept while it is fetched, so that nothing jumps. */
function Picture(props: FileProps): ComponentChild {
  const { title, box } = props;
  const { address, trouble } = useFile(props);
  if (trouble) return h("p", { class: "trouble" }, `${title}: ${trouble}`);
  const style = box && {
    width: `${Math.max(MIN_WIDTH, Math.round(box.width * scaleOf(box)))}px`,
    aspectRatio: `${box.width} / ${box.height}`,
  };
  return h(
    "div",
    { class: "picture", style },
    address ? h("img", { src: address, alt: title }) : h("span", null, title),
  );
}

const scaleOf = ({ width, height }: { readonly width: number; readonly height: number }): number =>
  Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);

function Player(props: FileProps): ComponentChild {
  const { title, kind } = props;
  const { address, trouble } = useFile(props);
  const media = { src: address || undefined, controls: true, "aria-label": title };
  return h(
    "div",
    { class: `player ${kind}` },
    trouble
      ? h("p", { class: "trouble" }, trouble)
      : kind === "video"
        ? h("video", media)
        : h("audio", media),
    h(FileChip, props),
  );
}

function FileChip({ person, file, title, size }: FileProps): ComponentChild {
  const [trouble, setTrouble] = useState("");
  const save = async () => {
    const url = URL.createObjectURL(await person.file(file));
    Object.assign(document.createElement("a"), { href: url, download: title }).click();
    URL.revokeObjectURL(url);
  };
  const fail = (error: unknown) => setTrouble(error instanceof Error ? error.message : String(error));
  if (trouble) return h("p", { class: "trouble" }, `${title}: ${trouble}`);
  return h(
    "button",
    { type: "button", class: "file", onClick: () => void save().catch(fail) },
    `⬇ ${title}`,
    size > 0 && h("small", null, sizeOf(size)),
  );
}

const UNITS = ["B", "KB", "MB", "GB"];

/** Bytes in words. */
export function sizeOf(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
}
