// Owns docs/architecture.svg: the rooms of src and who imports whom, drawn from the import graph.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readImports, readSources, type Sources } from "../test/architecture/imports.ts";

interface Room {
  readonly folder: string;
  readonly says: string;
}

interface Floor {
  readonly title: string;
  readonly rooms: readonly Room[];
}

/** From the top down: whatever a room imports stands below it, or beside it. */
const FLOORS: readonly Floor[] = [
  {
    title: "put together",
    rooms: [
      { folder: "src/openclaw/gateway.ts", says: "runs one account" },
      { folder: "src/openclaw/setup", says: "wizard, doctor, provisioning" },
    ],
  },
  {
    title: "what OpenClaw meets",
    rooms: [
      { folder: "src/openclaw/intake", says: "durable queue, catching up" },
      { folder: "src/openclaw/turn", says: "access, context, dispatch" },
      { folder: "src/openclaw/surface", says: "actions, directory, delivery" },
    ],
  },
  {
    title: "one account",
    rooms: [
      { folder: "src/openclaw/account", says: "link, token, health, memory" },
      { folder: "src/openclaw/config", says: "schema, accounts, secrets" },
    ],
  },
  {
    title: "event to answer",
    rooms: [
      { folder: "src/connection", says: "socket, states, timers" },
      { folder: "src/intake", says: "raw event to judged one" },
      { folder: "src/turn", says: "stored event to agent turn" },
      { folder: "src/outbound", says: "targets, sending, dialect" },
    ],
  },
  {
    title: "wire and rules",
    rooms: [
      { folder: "src/ddp", says: "the wire protocol" },
      { folder: "src/policy", says: "who and what is heard" },
      { folder: "src/commands", says: "words read as commands" },
      { folder: "src/rest", says: "one call an endpoint" },
    ],
  },
  {
    title: "what is known",
    rooms: [{ folder: "src/facts", says: "documents decoded" }],
  },
];

const WIDTH = 1120;
const MARGIN = { left: 170, right: 30, top: 26 };
const BOX = { width: 206, height: 58 };
const FLOOR_HEIGHT = 124;
const HEIGHT = MARGIN.top + FLOORS.length * FLOOR_HEIGHT - 30;

interface Box extends Room {
  readonly x: number;
  readonly y: number;
  readonly floor: number;
}

function place(): Box[] {
  const inner = WIDTH - MARGIN.left - MARGIN.right;
  return FLOORS.flatMap(({ rooms }, floor) =>
    rooms.map((room, index) => ({
      ...room,
      floor,
      x: Math.round(MARGIN.left + (inner * (index + 0.5)) / rooms.length - BOX.width / 2),
      y: MARGIN.top + floor * FLOOR_HEIGHT,
    })),
  );
}

/** How many imports lead from one room to another, as `from to`. */
function countImports(sources: Sources, boxes: readonly Box[]): Map<string, number> {
  const roomOf = (path: string) =>
    boxes.find(({ folder }) => path === folder || path.startsWith(`${folder}/`))?.folder;
  const counts = new Map<string, number>();
  for (const [path, source] of sources) {
    const from = path.endsWith(".test.ts") ? undefined : roomOf(path);
    if (from === undefined) continue;
    for (const { to } of readImports(path, source)) {
      const room = roomOf(to);
      if (room === undefined || room === from) continue;
      counts.set(`${from} ${room}`, (counts.get(`${from} ${room}`) ?? 0) + 1);
    }
  }
  return counts;
}

/** An arrow leaves at the bottom of a room and enters at the top of another; beside each other, through the sides. */
function drawArrow(from: Box, to: Box): string {
  if (from.floor === to.floor) {
    const right = to.x > from.x;
    const x = right ? from.x + BOX.width : from.x;
    const end = right ? to.x - 7 : to.x + BOX.width + 7;
    const y = from.y + BOX.height / 2;
    const bend = Math.abs(end - x) > 2 * BOX.width ? 62 : 0;
    return `M${x} ${y} C${x + (right ? 22 : -22)} ${y - bend} ${end + (right ? -22 : 22)} ${y - bend} ${end} ${y}`;
  }
  const lean = (to.x - from.x) / 6;
  const x = Math.round(from.x + BOX.width / 2 + Math.max(-70, Math.min(70, lean)));
  const end = Math.round(to.x + BOX.width / 2 - Math.max(-70, Math.min(70, lean)));
  const y = from.y + BOX.height;
  const bottom = to.y - 7;
  const pull = Math.round((bottom - y) * 0.55);
  return `M${x} ${y} C${x} ${y + pull} ${end} ${bottom - pull} ${end} ${bottom}`;
}

/** Lines join neighbors alone; with those to floors farther below there would be nothing to see. */
function isDrawn(from: Box, to: Box): boolean {
  return to.floor - from.floor <= 1;
}

const STYLE = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #57606a; }
  .name { font-weight: 600; font-size: 15px; fill: #1f2328; }
  .floor { font-size: 13px; font-style: italic; }
  rect { rx: 9; stroke-width: 1.4; }
  .sdk { fill: #e8f1ff; stroke: #4a7fd0; }
  .own { fill: #e9f7ee; stroke: #3f9a63; }
  .pure { fill: #fff6df; stroke: #c79a2b; }
  .band { fill: #f6f8fa; stroke: none; }
  path { fill: none; stroke: #8c959f; stroke-width: 1.3; marker-end: url(#head); }
  #head path { fill: #8c959f; stroke: none; }`;

function classOf({ folder }: Room): string {
  if (folder.startsWith("src/openclaw")) return "sdk";
  return /ddp|facts|policy|commands/.test(folder) ? "pure" : "own";
}

function drawBox(box: Box): string {
  const { x, y, folder, says } = box;
  const middle = x + BOX.width / 2;
  return [
    `<rect class="${classOf(box)}" x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}"/>`,
    `<text class="name" x="${middle}" y="${y + 25}" text-anchor="middle">${folder.replace(/^src\//, "")}</text>`,
    `<text x="${middle}" y="${y + 44}" text-anchor="middle">${says}</text>`,
  ].join("\n");
}

/** The picture of these sources. Throws when a room imports one above it, or one is drawn that does not exist. */
export function drawPicture(sources: Sources): string {
  const boxes = place();
  const counts = countImports(sources, boxes);
  const find = (folder: string | undefined): Box => {
    const box = boxes.find((one) => one.folder === folder);
    if (box === undefined) throw new Error(`${folder} is not in the picture`);
    return box;
  };
  const arrows = [...counts.keys()].sort().map((pair) => {
    const [from, to] = pair.split(" ").map(find);
    if (from === undefined || to === undefined || to.floor < from.floor)
      throw new Error(`${pair}: an import leads upwards`);
    return isDrawn(from, to) ? `<path d="${drawArrow(from, to)}"/>` : "";
  });
  const floors = FLOORS.map(({ title }, index) => {
    const y = MARGIN.top + index * FLOOR_HEIGHT;
    return `<rect class="band" x="12" y="${y - 14}" width="${WIDTH - 24}" height="${BOX.height + 28}"/>
<text class="floor" x="30" y="${y + BOX.height / 2 + 5}">${title}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="The rooms of src and which import which">
<style>${STYLE}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
<rect x="0" y="0" width="${WIDTH}" height="${HEIGHT}" fill="#ffffff" stroke="none"/>
${floors.join("\n")}
${arrows.filter((arrow) => arrow !== "").join("\n")}
${boxes.map(drawBox).join("\n")}
</svg>
`;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  writeFileSync(new URL("../docs/architecture.svg", import.meta.url), drawPicture(readSources(root)));
}
