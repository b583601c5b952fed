// Owns links and images: which addresses Rocket.Chat can link, and how they are written.

import type { Mark, Token } from "./token.ts";
import { cutWord } from "./words.ts";

export interface Label {
  readonly text: string;
  readonly marks: readonly Mark[];
}

/** Addresses that do something else than lead somewhere; they are shown and not linked. */
const UNSAFE_SCHEME = /^(javascript|vbscript|data|file):/i;
const SCHEME = /^[a-z][a-z0-9+-]{0,31}:./i;

/** Hosts that Rocket.Chat links by itself; it knows the public endings, we the usual ones. */
const BARE_URL =
  /^https?:\/\/(localhost|\d+\.\d+\.\d+\.\d+|([a-z0-9-]+\.)+(com|org|net|edu|gov|io|dev|app|ai|[a-z]{2}))(:\d+)?(\/[^\s<>"*|\\^`[\]()]*)?$/i;
const ENDS_AS_SENTENCE = /[.,!%~*\\"':;()=]$/;

/** Whether the address can stand in running text as it is, with space around it, and is linked in all of it. */
export function isBareUrl(url: string): boolean {
  return BARE_URL.test(url) && !ENDS_AS_SENTENCE.test(url);
}

/** The address as it stands between `](` and `)`. Undefined for relative and unsafe ones. */
export function writeUrl(url: string): string | undefined {
  if (!SCHEME.test(url) || UNSAFE_SCHEME.test(url)) return undefined;
  return url.replace(/[\s<>"`{}|\\^[\]()*]/g, percentEncode);
}

function percentEncode(character: string): string {
  const code = encodeURIComponent(character);
  return code === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : code;
}

/** A link, one token for each run of equal marks. Undefined when the label cannot be written inside a link. */
export function writeLink(labels: readonly Label[], url: string): Token[] | undefined {
  const written = labels.map(({ text, marks }): Token | undefined => {
    const usual = SIMPLE_LABEL.test(text) && text.trim() !== "" ? `[${text}](${url})` : undefined;
    const guarded = /[<>|]/.test(text) ? undefined : `<${url}|${text}>`;
    const spelling = usual ?? guarded;
    if (spelling === undefined) return undefined;
    const cut = (limit: number): Token[] => [
      ...cutWord(text, limit, marks),
      { kind: "space", text: " ", marks },
      ...cutWord(url, limit),
    ];
    return { kind: "link", text: spelling, guarded, marks, cut };
  });
  return written.every((token) => token !== undefined) ? written : undefined;
}

/** In `[label](…)` no escape works; in `<…|label>` everything is text. */
const SIMPLE_LABEL = /^[^[\]*_~`\\]+$/;

/** Undefined when Rocket.Chat cannot show it: relative addresses, and descriptions with unusual signs. */
export function writeImage(alt: string, url: string): Token | undefined {
  const address = writeUrl(url);
  if (address === undefined || !/^https?:/i.test(address) || /[()*[\\\]^_`{|}~\n]/.test(alt))
    return undefined;
  const cut = (limit: number): Token[] => [...cutWord(`${alt} `, limit), ...cutWord(url, limit)];
  return {
    kind: "link",
    text: `![${alt}](${address})`,
    guarded: `<${address}|${alt || address}>`,
    marks: [],
    cut,
  };
}
