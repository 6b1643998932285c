/** Bar charts as SVG, readable on light and dark pages. */
import { escaped } from "../lib/svg.ts";

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Minimum and maximum over the rounds. */
  readonly range: readonly [number, number];
  /** Drawn in the accent colour. */
  readonly isOwn: boolean;
}

export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 720;
const LABEL_WIDTH = 240;
/** Room for the figure after the longest bar. */
const FIGURE_WIDTH = 90;
const ROW = 34;
const BAR = 18;
const TOP = 40;
const OWN = "#2563eb";
const OTHER = "#94a3b8";
const INK = "#1e293b";
const QUIET = "#64748b";

/** Bars begin at zero. A thin line shows the minimum and maximum over the rounds. */
export function barChart({ title, unit, bars }: Chart): string {
  const most = Math.max(...bars.map(({ value, range }) => Math.max(value, range[1])));
  const scale = (WIDTH - LABEL_WIDTH - FIGURE_WIDTH) / most;
  const height = TOP + bars.length * ROW + 8;
  const text = bars.map(({ label, value }) => `${label} ${figure(value)} ${unit}`).join(", ");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">
<title>${escaped(title)}</title>
<desc>${escaped(text)}</desc>
<style>
@media (prefers-color-scheme: dark) { text { fill: #e2e8f0 } .label { fill: #94a3b8 } }
</style>
<g font-family="system-ui, sans-serif" font-size="14">
<text fill="${INK}" x="0" y="18">${escaped(title)}, ${escaped(unit)}</text>
${bars.map((bar, index) => row(bar, TOP + index * ROW, scale)).join("\n")}
</g>
</svg>
`;
}

function row({ label, value, range, isOwn }: Bar, top: number, scale: number): string {
  const middle = top + BAR / 2;
  const [from, to] = range.map((end) => at(end, scale)) as [string, string];
  const end = Math.max(value, range[1]);
  return [
    `<text fill="${INK}" x="${LABEL_WIDTH - 12}" y="${middle + 5}" text-anchor="end">${escaped(label)}</text>`,
    `<rect fill="${isOwn ? OWN : OTHER}" x="${LABEL_WIDTH}" y="${top}" width="${(value * scale).toFixed(1)}" height="${BAR}" rx="3"/>`,
    `<path stroke="${QUIET}" stroke-width="1.5" d="M${from} ${middle} L${to} ${middle}"/>`,
    `<text class="label" fill="${QUIET}" font-size="13" x="${(Number(at(end, scale)) + 8).toFixed(1)}" y="${middle + 5}">${figure(value)}</text>`,
  ].join("\n");
}

function at(value: number, scale: number): string {
  return (LABEL_WIDTH + value * scale).toFixed(1);
}

function figure(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
}
