// A file or a quote that belongs to a message.
import { type ComponentChild, Fragment, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Person } from "../person.ts";
import type { Attachment } from "../wire.ts";

export function AttachmentView({
  person,
  attachment,
}: {
  person: Person;
  attachment: Attachment;
}): ComponentChild {
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
