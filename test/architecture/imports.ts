// Owns the rules of who may import whom, and finding the lines that break them.

import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** Source text by path from the project's root, with forward slashes. */
export type Sources = ReadonlyMap<string, string>;

export interface Import {
  readonly from: string;
  readonly line: number;
  /** A path from the project's root for our own files, else the specifier as written. */
  readonly to: string;
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
}

interface Rule {
  readonly files: RegExp;
  /** What a file may import besides its own folder and types of the Node standard library. */
  readonly may: readonly RegExp[];
}

const BASE = /^src\/(errors|retry|settings|log)\.ts$/;
const src = (names: string): RegExp => new RegExp(`^src/(${names})(/|\\.ts$)`);
const SDK = /^openclaw\/plugin-sdk\//;

/**
 * The folders of `src/openclaw` from the top down: each may import those after it. `surface` and `intake` stand
 * beside each other and do not know each other.
 */
const FLOORS = [
  "(channel|gateway)\\.ts",
  "setup/",
  "surface/",
  "intake/",
  "presence/",
  "turn/",
  "account/",
  "config/",
  "runtime\\.ts",
];

function openclawRules(): Rule[] {
  const above = (floor: string, index: number): string[] =>
    FLOORS.slice(index).filter((below) => floor !== "surface/" || below !== "intake/");
  return FLOORS.map((floor, index) => ({
    files: new RegExp(`^src/openclaw/${floor}`),
    may: [
      /^src\/(?!openclaw\/)/,
      new RegExp(`^src/openclaw/(${above(floor, index).join("|")})`),
      SDK,
      /^zod$/,
      /^node:/,
    ],
  }));
}

/** The first rule that matches a file is its rule. Tests may import anything. */
const RULES: readonly Rule[] = [
  { files: BASE, may: [BASE] },
  { files: src("ddp"), may: [src("errors")] },
  { files: src("facts"), may: [src("errors")] },
  { files: src("policy|commands"), may: [src("facts|settings")] },
  { files: /^src\/connection\/socket\.ts$/, may: [src("errors"), /^ws$/, /^node:tls$/] },
  { files: src("connection"), may: [src("ddp|errors|retry|log")] },
  { files: src("rest"), may: [src("facts|errors|retry|log"), /^node:timers\/promises$/] },
  { files: src("intake"), may: [src("facts|policy|commands|rest|settings|errors|log")] },
  { files: src("turn"), may: [src("intake|facts|policy|commands|rest|settings|errors|retry|log")] },
  { files: src("outbound/dialect"), may: [/^(mdast-util|micromark-extension)-/] },
  { files: /^src\/outbound\/emoji-/, may: [/^emoji-toolkit\//] },
  {
    files: src("outbound/streaming"),
    may: [src("outbound/patience|facts|rest|settings|errors|retry"), /^node:timers\/promises$/],
  },
  {
    files: src("outbound"),
    may: [src("facts|rest|settings|errors|retry|log"), /^node:(crypto|timers\/promises)$/],
  },
  {
    files: /^src\/openclaw\/setup\/bots-file\.ts$/,
    may: [src("errors|rest"), /^src\/openclaw\/setup\//, /^(zod|yaml)$/, /^node:/],
  },
  ...openclawRules(),
  { files: /^(index|setup-entry|secret-contract-api)\.ts$/, may: [src("openclaw"), SDK] },
  { files: /^emulator\//, may: [/^(?!src\/|demo\/|bench\/|test\/|openclaw)/] },
  { files: /^(demo|dev|bench|test|scripts)\/|^[^/]+\.config\.ts$/, may: [/./] },
];

/** Files without I/O, time or chance: what they need of these comes as an argument. */
const PURE =
  /^src\/(errors|retry|settings|(ddp|facts|policy|commands)\/.*|connection\/(states|streams)|outbound\/(dialect\/.*|markdown|own-words|target)|intake\/receive|turn\/host)(\.ts)?$/;
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bset(Timeout|Interval|Immediate)\b|\bprocess\.|\bfetch\(/;

/** The one file of `connection` that holds timers. */
const TIMERS = /\bset(Timeout|Interval|Immediate)\b/;
const TIMER_FREE = /^src\/connection\/(?!driver\.ts$)/;

export function readSources(root: string): Sources {
  const paths = globSync(["*.ts", "{src,emulator,demo,dev,bench,test,scripts}/**/*.ts"], { cwd: root });
  return new Map(paths.map((path) => [path.replaceAll("\\", "/"), readFileSync(join(root, path), "utf8")]));
}

const STATEMENT = /^\s*(?:import|export)\s+(type\s)?(?:[\w*{][\w\s,*{}$]*\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\("([^"]+)"\)/g;

/** What a file imports, types and later imports included. */
export function readImports(from: string, source: string): Import[] {
  const at = (index: number): number => source.slice(0, index).split("\n").length;
  const statements = [...source.matchAll(STATEMENT)].map((match) => ({
    from,
    line: at(match.index + match[0].length),
    to: resolveSpecifier(from, match[2] ?? ""),
    typeOnly: match[1] !== undefined,
    dynamic: false,
  }));
  const dynamics = [...source.matchAll(DYNAMIC)].map((match) => ({
    from,
    line: at(match.index),
    to: resolveSpecifier(from, match[1] ?? ""),
    typeOnly: false,
    dynamic: true,
  }));
  return [...statements, ...dynamics];
}

function resolveSpecifier(from: string, specifier: string): string {
  return specifier.startsWith(".")
    ? normalize(join(dirname(from), specifier)).replaceAll("\\", "/")
    : specifier;
}

/** Every broken rule as `path:line what`, in the order of the files. */
export function findViolations(sources: Sources): string[] {
  return [...sources].flatMap(([path, source]) =>
    path.endsWith(".test.ts") ? [] : [...findForbiddenImports(path, source), ...findImpurities(path, source)],
  );
}

function findForbiddenImports(path: string, source: string): string[] {
  const rule = RULES.find(({ files }) => files.test(path));
  if (rule === undefined) return [`${path}:1 stands in no folder that a rule knows`];
  return readImports(path, source)
    .filter((entry) => !isAllowed(entry, rule))
    .map(({ line, to }) => `${path}:${line} may not import ${to}`);
}

function isAllowed({ from, to, typeOnly }: Import, rule: Rule): boolean {
  const folder = dirname(from);
  const ownFolder = folder.includes("/") && to.startsWith(`${folder}/`);
  const sharedTypes = from.startsWith("emulator/") && typeOnly && /^src\/(ddp|facts)\//.test(to);
  return ownFolder || sharedTypes || rule.may.some((allowed) => allowed.test(to));
}

function findImpurities(path: string, source: string): string[] {
  const forbidden = PURE.test(path) ? IMPURE : TIMER_FREE.test(path) ? TIMERS : undefined;
  if (forbidden === undefined) return [];
  return source.split("\n").flatMap((text, index) => {
    const found = isComment(text) ? null : forbidden.exec(text);
    return found === null ? [] : [`${path}:${index + 1} may not use ${found[0]}`];
  });
}

function isComment(line: string): boolean {
  return /^\s*(\/\/|\/?\*)/.test(line);
}

/** Our own files and foreign modules that load with a file: values only, without what it imports later. */
export function reachableFrom(entry: string, sources: Sources): Set<string> {
  const reached = new Set<string>();
  const visit = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    for (const { to, typeOnly, dynamic } of readImports(path, sources.get(path) ?? "")) {
      if (!typeOnly && !dynamic) visit(to);
    }
  };
  visit(entry);
  return reached;
}
