// PURE: what a person types at the demo's prompt.

export type TypedLine =
  | { readonly kind: "post"; readonly to: "dm" | "general" | "thread"; readonly text: string }
  | { readonly kind: "approve"; readonly code: string }
  | { readonly kind: "status" | "help" | "quit" | "nothing" };

/** Reads a line; what it does not understand asks for help. */
export function readTypedLine(line: string): TypedLine {
  const [, word = "", rest = ""] = /^(\S*)\s*(.*)$/s.exec(line.trim()) ?? [];
  switch (word) {
    case "":
      return { kind: "nothing" };
    case "dm":
    case "general":
    case "thread":
      return rest === "" ? { kind: "help" } : { kind: "post", to: word, text: rest };
    case "approve":
      return rest === "" ? { kind: "help" } : { kind: "approve", code: rest };
    case "status":
    case "quit":
      return { kind: word };
    default:
      return { kind: "help" };
  }
}
