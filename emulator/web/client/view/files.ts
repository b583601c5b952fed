// The files one is about to send: chosen, pasted or dropped, and how far they are on their way.
import { type ComponentChild, h, type TargetedEvent } from "preact";
import { useState } from "preact/hooks";
import { sizeOf } from "./attachment.ts";
import { Icon, IconButton } from "./parts.ts";

export interface ChosenFiles {
  readonly list: readonly File[];
  /** How much of what is being sent is up, from 0 to 1; undefined while nothing is. */
  readonly progress: number | undefined;
  /** Whether files are held over the place where one writes. */
  readonly over: boolean;
  add(files: FileList | null | undefined): void;
  remove(file: File): void;
  put(files: readonly File[]): void;
  setProgress(progress: number | undefined): void;
  /** What makes a place take files that are dropped on it. */
  readonly dropping: {
    onDragOver(event: DragEvent): void;
    onDragLeave(event: DragEvent): void;
    onDrop(event: DragEvent): void;
  };
}

export function useFiles(): ChosenFiles {
  const [list, put] = useState<readonly File[]>([]);
  const [progress, setProgress] = useState<number>();
  const [over, setOver] = useState(false);
  const add = (files: FileList | null | undefined) => put((before) => [...before, ...(files ?? [])]);
  const brings = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") ?? false;
  return {
    list,
    progress,
    over,
    add,
    remove: (file) => put((before) => before.filter((one) => one !== file)),
    put,
    setProgress,
    dropping: {
      onDragOver(event) {
        if (!brings(event)) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave({ currentTarget, relatedTarget }) {
        const inside = currentTarget instanceof Node && relatedTarget instanceof Node;
        if (!inside || !currentTarget.contains(relatedTarget)) setOver(false);
      },
      onDrop(event) {
        if (!brings(event)) return;
        event.preventDefault();
        setOver(false);
        add(event.dataTransfer?.files);
      },
    },
  };
}

export function FileList({ files }: { files: ChosenFiles }): ComponentChild {
  const { list, progress } = files;
  if (progress !== undefined)
    return h("progress", { max: 1, value: progress, "aria-label": "Sending the files" });
  return h(
    "ul",
    { class: "chosen", "aria-label": "Files to send" },
    list.map((file) =>
      h(
        "li",
        { key: `${file.name} ${file.lastModified} ${file.size}` },
        h("span", null, file.name),
        h("small", null, sizeOf(file.size)),
        h(IconButton, {
          icon: "close",
          label: `Leave out ${file.name}`,
          onClick: () => files.remove(file),
        }),
      ),
    ),
  );
}

export function AttachButton({ files }: { files: ChosenFiles }): ComponentChild {
  return h(
    "label",
    { class: "icon-button attach", title: "Attach a file" },
    h("input", {
      type: "file",
      multiple: true,
      "aria-label": "Attach a file",
      onChange: ({ currentTarget }: TargetedEvent<HTMLInputElement>) => {
        files.add(currentTarget.files);
        currentTarget.value = "";
      },
    }),
    h(Icon, { name: "clip" }),
  );
}
