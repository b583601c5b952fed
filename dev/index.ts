// Owns loading the plugin from its sources, which OpenClaw compiles by itself: `openclaw plugins install -l dev`.

export { default } from "../index.ts";
