// Text as elements: what a server's syntax tree becomes, and that nothing in one can hurt.
import fc from "fast-check";
import { type ComponentChildren, isValidElement, toChildArray } from "preact";
import { expect, it } from "vitest";
import { parseMarkdown } from "../../world/messages/mentions.ts";
import { renderText } from "./text.ts";

const CONTEXT = { me: "alice", server: "https://chat.example.org", emoji: (name: string) => `<${name}>` };

/** The elements as `type(children)`, with the address of a link. */
function outline(child: ComponentChildren): string {
  return toChildArray(child)
    .map((one) => {
      if (!isValidElement(one)) return String(one);
      const { children } = one.props;
      const address = "href" in one.props ? `[${one.props.href}]` : "";
      return `${String(one.type)}${address}(${outline(children)})`;
    })
    .join("");
}

const shown = (text: string) => outline(renderText(parseMarkdown(text), text, CONTEXT));

it.each([
  ["plain", "p(plain)"],
  ["*bold* _it_ ~gone~ `x`", "p(strong(bold) em(it) s(gone) code(x))"],
  ["hi @alice", "p(hi span(@alice))"],
  ["- a\n- b", "ul(li(a)li(b))"],
  ["[menu](https://example.org/a)", "p(a[https://example.org/a](menu))"],
  ["[bad](javascript:alert(1))", "p(bad)"],
  ["<b>no</b>", "p(<b>no</b>)"],
  [":tada: so", "p(<:tada:> so)"],
])("shows %j as elements", (text, expected) => {
  expect(shown(text)).toBe(expected);
});

it("shows text without a tree as it stands", () => {
  expect(outline(renderText(undefined, "*as is*", CONTEXT))).toBe("p(*as is*)");
});

it("follows no address but those of the web", () => {
  const link = (src: string) => [
    { type: "LINK", value: { src: { value: src }, label: [{ type: "PLAIN_TEXT", value: "x" }] } },
  ];
  for (const src of ["javascript:alert(1)", "data:text/html,x", "vbscript:x"]) {
    expect(outline(renderText(link(src), "", CONTEXT))).toBe("x");
  }
});

it("survives any tree a server could send", () => {
  const types = [
    "PARAGRAPH",
    "LINK",
    "TABLE",
    "CODE",
    "ORDERED_LIST",
    "COLOR",
    "EMOJI",
    "TIMESTAMP",
    "constructor",
  ];
  const node = fc.letrec((tie) => ({
    node: fc.record({
      type: fc.constantFrom(...types),
      value: fc.oneof({ depthSize: "small" }, fc.jsonValue(), fc.array(tie("node"), { maxLength: 3 })),
    }),
  })).node;
  fc.assert(
    fc.property(fc.array(node, { maxLength: 4 }), (md) => {
      expect(() => outline(renderText(md, "", CONTEXT))).not.toThrow();
    }),
    { numRuns: 150 },
  );
});
