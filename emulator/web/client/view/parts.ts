// Small parts that several views use: the letter picture of a person, symbols, the heading of a column.
import { type ButtonHTMLAttributes, type ComponentChild, h } from "preact";

/** A letter in a color of its own for each name. */
export function Avatar({ name }: { name: string }): ComponentChild {
  const hue = [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
  const letter = name.charAt(0).toUpperCase();
  return h("span", { class: "avatar", "aria-hidden": true, style: { "--hue": String(hue) } }, letter);
}

/** Outlines on a 16 by 16 grid. */
const PATHS = {
  back: "M10 3 5 8l5 5",
  close: "M4 4l8 8M12 4l-8 8",
  smile: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12M5.5 9.5c1 2 4 2 5 0M6 6.2v.2M10 6.2v.2",
  reply: "M13 11c0-3-2-4-5-4H3m3-3L3 7l3 3",
  pencil: "M3 13l.6-2.6L10.5 3.5l2 2L5.6 12.4z",
  bin: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.5 8.5h6l.5-8.5",
  clip: "M12.5 7.5 8 12a2.8 2.8 0 0 1-4-4l5-5a1.9 1.9 0 0 1 2.7 2.7L7 10.4a.9.9 0 0 1-1.4-1.3L9.5 5.2",
  send: "M2.5 13.5 14 8 2.5 2.5 4 8zM4 8h5",
  plus: "M8 3v10M3 8h10",
  pulse: "M1.5 8h3l2-5 3 10 2-5h3",
  out: "M6 3H3v10h3M10 5l3 3-3 3M13 8H6",
} as const;

export function Icon({ name }: { name: keyof typeof PATHS }): ComponentChild {
  return h(
    "svg",
    { class: "icon", viewBox: "0 0 16 16", "aria-hidden": true },
    h("path", { d: PATHS[name] }),
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon: keyof typeof PATHS;
  readonly label: string;
}

export function IconButton({ icon, label, ...rest }: IconButtonProps): ComponentChild {
  const attributes = {
    type: "button" as const,
    class: "icon-button",
    "aria-label": label,
    title: label,
    ...rest,
  };
  return h("button", attributes, h(Icon, { name: icon }));
}

export function clock(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
