// Owns reading which texts a source holds, so that what is quoted of the program can be compared with it.

import { parseAst } from "rolldown/parseAst";

const FILLED_IN = "…";

/** The texts of a TypeScript source. Values that are filled in stand as `…`; texts that `+` joins are one. */
export function listTexts(source: string): string[] {
  const found: string[] = [];
  visit(parseAst(source, { lang: "ts" }), found);
  return found;
}

function visit(value: unknown, found: string[]): void {
  if (Array.isArray(value)) for (const one of value) visit(one, found);
  if (!isNode(value)) return;
  const text = textOf(value);
  if (text !== undefined) found.push(text);
  for (const inner of text === undefined ? Object.values(value) : filledInto(value)) visit(inner, found);
}

/** What a node says as a text; undefined for one that is none. */
function textOf(node: Node): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type === "TemplateLiteral" && Array.isArray(node.quasis))
    return node.quasis.map((part) => cookedOf(part)).join(FILLED_IN);
  if (node.type !== "BinaryExpression" || node.operator !== "+") return undefined;
  const [left, right] = [node.left, node.right].map((side) => (isNode(side) ? textOf(side) : undefined));
  return left === undefined && right === undefined ? undefined : `${left ?? FILLED_IN}${right ?? FILLED_IN}`;
}

/** The values that a text is put together of, in which further texts may stand. */
function filledInto(node: Node): unknown[] {
  if (node.type === "TemplateLiteral") return [node.expressions];
  if (node.type !== "BinaryExpression") return [];
  return [node.left, node.right].flatMap((side) =>
    isNode(side) && textOf(side) !== undefined ? filledInto(side) : [side],
  );
}

function cookedOf(part: unknown): string {
  const { value } = isNode(part) ? part : { value: undefined };
  return isObject(value) && typeof value.cooked === "string" ? value.cooked : "";
}

interface Node extends Record<string, unknown> {
  readonly type: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

const isNode = (value: unknown): value is Node => isObject(value) && typeof value.type === "string";
