// Owns multipart bodies with one file.

/** Bytes that are read while they are sent; every `stream` begins anew. A Blob is one. */
export interface Content {
  readonly size: number;
  /** A MIME type; empty when unknown. */
  readonly type: string;
  stream(): AsyncIterable<Uint8Array>;
}

/** The file of a form; its name is on one line, without slashes and quotes. */
export interface FormFile {
  readonly field: string;
  readonly name: string;
  readonly bytes: Content;
}

/**
 * A multipart body whose bytes are read while they are sent; empty fields are left out. Names are written as they are: the
 * server undoes no escapes. The type is the server's to find: it goes by the name.
 */
export function multipart(
  fields: Readonly<Record<string, string>>,
  { field, name, bytes }: FormFile,
): Content {
  const boundary = `rocketchat-${crypto.randomUUID()}`;
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== "")
    .map(
      ([key, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`,
    );
  const type = bytes.type === "" ? "application/octet-stream" : bytes.type;
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`;
  const before = new TextEncoder().encode(parts.join("") + head);
  const after = new TextEncoder().encode(`\r\n--${boundary}--\r\n`);
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    size: before.length + bytes.size + after.length,
    async *stream() {
      yield before;
      yield* bytes.stream();
      yield after;
    },
  };
}
