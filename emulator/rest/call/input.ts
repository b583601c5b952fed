// Reading a call: headers, query, and the body by its content type.
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";
import type { FormFile } from "./route.ts";

/** The environment of a call: Node's request and answer. */
export type Env = { Bindings: HttpBindings };
export type HttpCall = Context<Env>;

export interface RequestHead {
  header(name: string): string | undefined;
  query: Record<string, string>;
  /** The path without the query. */
  url: string;
}

export function readHead(context: HttpCall): RequestHead {
  return {
    header: (name) => context.req.header(name),
    query: context.req.query(),
    url: new URL(context.req.url).pathname,
  };
}

export interface RequestBody {
  body: unknown;
  /** Of a multipart body: the text parts. */
  fields: Record<string, string>;
  files: FormFile[];
  /** It said it was JSON and was none (the body is then an empty object), or none with keys. */
  malformed: boolean;
}

/** The body; of a type the server does not read it is an empty object. */
export async function readBody(context: HttpCall): Promise<RequestBody> {
  const type = context.req.header("content-type") ?? "";
  if (type.startsWith("multipart/form-data")) return readForm(await context.req.formData());
  const text = await context.req.text();
  const nothing = { body: {}, fields: {}, files: [], malformed: false };
  if (type.startsWith("application/x-www-form-urlencoded")) {
    return { ...nothing, body: Object.fromEntries(new URLSearchParams(text)) };
  }
  if (!type.includes("json") || text === "") return nothing;
  try {
    const body: unknown = JSON.parse(text);
    return { ...nothing, body, malformed: typeof body !== "object" || body === null };
  } catch {
    return { ...nothing, malformed: true };
  }
}

async function readForm(form: FormData): Promise<RequestBody> {
  const fields: Record<string, string> = {};
  const files: FormFile[] = [];
  for (const [field, value] of form) {
    if (typeof value === "string") fields[field] = value;
    else {
      const bytes = new Uint8Array(await value.arrayBuffer());
      files.push({ field, name: value.name, type: value.type, bytes });
    }
  }
  return { body: fields, fields, files, malformed: false };
}
