// Owns the light entry of the sources.

export { default } from "../setup-entry.ts";
