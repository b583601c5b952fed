// Owns multipart bodies with one file.

/** The file of a form; its name is on one line, without slashes and quotes. */
export interface FormFile {
  readonly field: string;
  readonly name: string;
  readonly bytes: Blob;
}

/**
 * A multipart body whose bytes are read while they are sent; empty fields are left out. Names are written as they are: the
 * server undoes no escapes. The type is the server's to find: it goes by the name.
 */
export function multipart(fields: Readonly<Record<string, string>>, { field, name, bytes }: FormFile): Blob {
  const boundary = `rocketchat-${crypto.randomUUID()}`;
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== "")
    .map(
      ([key, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`,
    );
  const type = bytes.type === "" ? "application/octet-stream" : bytes.type;
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`;
  return new Blob([...parts, head, bytes, `\r\n--${boundary}--\r\n`], {
    type: `multipart/form-data; boundary=${boundary}`,
  });
}
