// Owns where the account's secrets stand, for the sources.

export * from "../secret-contract-api.ts";
