// Types of the oldest parser, whose package does not lead to its own.

declare module "message-parser-0-31-32" {
  export function parse(text: string, options: object): unknown;
}
