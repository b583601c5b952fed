// Owns which links of a message the server may add previews for.

import type { PreviewSettings } from "../settings.ts";

/** An address in a text, up to what cannot belong to it. */
const LINK = /https?:\/\/[^\s<>()[\]"|\\^`{}]+/g;

/** What a sentence puts behind an address. */
const SENTENCE = new Set([".", ",", ";", ":", "!", "?", "'", "*", "_", "~"]);

/** By the end of the path; the server looks at the type of the answer, which nobody knows before. */
const MEDIA = /\.(?:png|jpe?g|gif|webp|svg|avif|mp4|webm|mov|m4v|mp3|m4a|ogg|oga|opus|wav|flac)$/i;

/** `all`, or the addresses as they stand in the text. */
export function choosePreviews(text: string, { links, media }: PreviewSettings): "all" | readonly string[] {
  if (links && media) return "all";
  if (!links && !media) return [];
  return [...text.matchAll(LINK)]
    .map(([address]) => withoutSentence(address))
    .filter((address) => MEDIA.test(pathOf(address)) === media);
}

function withoutSentence(address: string): string {
  let end = address.length;
  while (SENTENCE.has(address[end - 1] ?? "")) end -= 1;
  return address.slice(0, end);
}

const pathOf = (address: string): string => address.split(/[?#]/, 1)[0] ?? "";
