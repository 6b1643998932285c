/**
 * Draws CPU profiles as flame graphs: each function is as wide as its share of the busy time, below the one that called it.
 *
 *     npm run bench -- --only one-endpoint --rounds 1 --profile ./profiles
 *     npm run bench:flame -- ./profiles/CPU.….cpuprofile send.svg "One endpoint, main thread"
 */
import { readFileSync, writeFileSync } from "node:fs";
import { escaped } from "./lib/svg.ts";

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
}

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** A function in one chain of callers, with everything it called. */
interface Frame {
  readonly name: string;
  readonly micros: number;
  readonly calls: readonly Frame[];
}

const WIDTH = 1400;
const ROW = 17;
const FONT = 11;
/** Frames that are narrower than this are left out. */
const LEAST = 1.5;
const NOT_BUSY = new Set(["(idle)"]);

const [path, output, title = path] = process.argv.slice(2);
if (path === undefined || output === undefined) {
  console.error("Usage: npm run bench:flame -- PROFILE.cpuprofile OUTPUT.svg [TITLE]");
  process.exitCode = 2;
} else {
  writeFileSync(output, draw(framesOf(JSON.parse(readFileSync(path, "utf8")) as Profile), title!));
}

function framesOf({ nodes, samples, timeDeltas }: Profile): Frame {
  const own = new Map<number, number>();
  for (const [index, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + timeDeltas[index]!);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const frameOf = (ids: readonly number[]): Frame => {
    const { functionName, url } = byId.get(ids[0]!)!.callFrame;
    // Calls of the same function from different lines of its caller are merged into one frame.
    const groups = Map.groupBy(
      ids.flatMap((id) => byId.get(id)!.children ?? []),
      (id) => nameOf(byId.get(id)!.callFrame),
    );
    const calls = [...groups.values()].map(frameOf).filter(({ name }) => !NOT_BUSY.has(name));
    const micros = ids.reduce((sum, id) => sum + (own.get(id) ?? 0), 0);
    return {
      name: nameOf({ functionName, url }),
      micros: calls.reduce((sum, call) => sum + call.micros, micros),
      calls: calls.toSorted((a, b) => b.micros - a.micros),
    };
  };
  return frameOf([nodes[0]!.id]);
}

function nameOf({ functionName, url }: CallFrame): string {
  const file = url
    .split("/")
    .at(-1)!
    .replace(/-[\w-]{8}(?=\.js$)/, "");
  return `${functionName === "" ? "anonymous" : functionName}${file === "" ? "" : ` ${file}`}`;
}

function draw(root: Frame, heading: string): string {
  const scale = WIDTH / root.micros;
  const parts: string[] = [];
  let deepest = 0;
  const add = ({ name, micros, calls }: Frame, x: number, depth: number): void => {
    const width = micros * scale;
    if (width < LEAST) return;
    deepest = Math.max(deepest, depth);
    parts.push(box({ name, x, width, depth, share: micros / root.micros }));
    let at = x;
    for (const call of calls) {
      add(call, at, depth + 1);
      at += call.micros * scale;
    }
  };
  add({ ...root, name: heading }, 0, 0);
  const height = (deepest + 1) * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="monospace" font-size="${FONT}">
<title>${escaped(heading)}</title>
${parts.join("\n")}
</svg>
`;
}

function box({
  name,
  x,
  width,
  depth,
  share,
}: {
  readonly name: string;
  readonly x: number;
  readonly width: number;
  readonly depth: number;
  readonly share: number;
}): string {
  const top = depth * ROW;
  const room = Math.floor((width - 6) / (FONT * 0.61));
  const label =
    room < 4 ? "" : `<text x="${(x + 3).toFixed(1)}" y="${top + 12}">${escaped(name.slice(0, room))}</text>`;
  const fill = `hsl(${20 + (hash(name) % 35)} 85% 72%)`;
  const rect = `<rect x="${x.toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${fill}"/>`;
  return `<g><title>${escaped(name)}, ${(100 * share).toFixed(1)} %</title>${rect}${label}</g>`;
}

/** A function has the same colour in all graphs. */
function hash(text: string): number {
  let value = 0;
  for (const character of text) value = (value * 31 + character.codePointAt(0)!) % 9973;
  return value;
}
