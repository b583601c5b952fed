// Owns finding where a value ends in the text of JSON, without parsing it.

export const [QUOTE, COMMA, COLON, CLOSE, OPEN_LIST] = [34, 44, 58, 125, 91];
const [BACKSLASH, OPEN, CLOSE_LIST] = [92, 123, 93];

/** Where the value ends that begins at an index; -1 when there is none. */
export function skipValue(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === QUOTE) return skipText(text, from);
  if (first === OPEN || first === OPEN_LIST) return skipNested(text, from);
  let at = from;
  // Behind the end there is no code, which is above nothing.
  for (let code = first; code > 32 && code !== COMMA && code < OPEN; code = text.charCodeAt(at)) at += 1;
  return at > from ? at : -1;
}

/** A quote ends a text unless an odd number of backslashes stands before it. */
function skipText(text: string, from: number): number {
  for (let at = text.indexOf('"', from + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 1) return at + 1;
  }
  return -1;
}

function skipNested(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === OPEN || code === OPEN_LIST) depth += 1;
    else if (code === CLOSE || code === CLOSE_LIST) depth -= 1;
    at = code === QUOTE ? skipText(text, at) : at + 1;
    if (at < 0) return -1;
    if (depth === 0) return at;
  }
  return -1;
}
