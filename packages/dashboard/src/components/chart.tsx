/** Time series as stacked bars or lines on a canvas, with the same numbers as an accessible table. */
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type UPlot from "uplot";
import { onClock, readClock } from "../lib/clock.ts";
import styles from "./chart.module.css";
import { useTimeFormat } from "./time.tsx";

export interface ChartSeries {
  readonly label: string;
  /** Name of a CSS variable in `base.css`, such as `--chart-good`. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
}

export interface ChartProps {
  readonly label: string;
  /** Bars are stacked; durations are lines, in milliseconds. */
  readonly kind: "bars" | "durations";
  /** Unix seconds, ascending. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
  /** Called with the index of the clicked point, and for bars with the index of the series. */
  readonly onPick?: (index: number, series: number | null) => void;
  /** Renders the link of a table row to the underlying data. */
  readonly rowLink?: (index: number, text: string) => ReactNode;
}

const HEIGHT = 190;

export function Chart(props: ChartProps) {
  const { label, times, series } = props;
  const { t, i18n } = useTranslation();
  const theme = useTheme();
  const clock = useSyncExternalStore(onClock, readClock);
  const [open, setOpen] = useState(false);
  return (
    <figure className={styles["figure"]} aria-label={label}>
      <Plot key={JSON.stringify([theme, clock, i18n.language, times, series])} chart={props} language={i18n.language} />
      <details className={styles["table"]} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("chart.table")}</summary>
        {open && <ChartTable {...props} />}
      </details>
    </figure>
  );
}

/** Table with the numbers of the chart. */
function ChartTable({ label, times, series, format, rowLink }: ChartProps) {
  const { t } = useTranslation();
  const moment = useTimeFormat({ dateStyle: "short", timeStyle: "short" });
  return (
    // Scrollable regions must be reachable by keyboard.
    <div className={styles["scroll"]} tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("messages.time")}</th>
            {series.map((one) => (
              <th key={one.label} scope="col">
                {one.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {times.map((time, index) => (
            <tr key={time}>
              <th scope="row">
                {rowLink === undefined ? moment.format(time * 1000) : rowLink(index, moment.format(time * 1000))}
              </th>
              {series.map((one) => (
                <td key={one.label}>{one.values[index] === null ? "–" : format(one.values[index]!)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The canvas. Its key remounts it when the data, the theme or the clock changes. */
function Plot({ chart, language }: { readonly chart: ChartProps; readonly language: string }) {
  const plot = useRef<HTMLDivElement>(null);
  const latest = useRef(chart);
  useEffect(() => {
    latest.current = chart;
  });
  useEffect(() => {
    const element = plot.current;
    if (element === null) return;
    let drawn: UPlot | null = null;
    let gone = false;
    const observer = new ResizeObserver(() => drawn?.setSize({ width: element.clientWidth, height: HEIGHT }));
    const start = async (): Promise<void> => {
      const { draw } = await import("./plot.ts");
      // The chart code loads in parallel with the data; there is nothing to draw before the data arrives.
      if (gone || latest.current.times.length === 0) return;
      drawn = draw(element, latest.current, { height: HEIGHT, language });
      observer.observe(element);
    };
    void start();
    return () => {
      gone = true;
      observer.disconnect();
      drawn?.destroy();
    };
  }, [language]);
  return <div ref={plot} className={styles["plot"]} aria-hidden />;
}

/** Returns a value that changes with the theme. */
function useTheme(): string {
  const [theme, setTheme] = useState(themeNow);
  useEffect(() => {
    const changed = (): void => setTheme(themeNow());
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "style", "class"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", changed);
    return () => {
      observer.disconnect();
      system.removeEventListener("change", changed);
    };
  }, []);
  return theme;
}

function themeNow(): string {
  return getComputedStyle(document.documentElement).backgroundColor;
}

export interface SparkPoint {
  readonly ok: number;
  readonly failed: number;
}

/** Sparkline of successful and failed attempts, failures on top. The label has the totals. */
export function Spark({ points, label }: { readonly points: readonly SparkPoint[]; readonly label: string }) {
  const top = Math.max(1, ...points.map(({ ok, failed }) => ok + failed));
  const width = 100 / Math.max(1, points.length);
  return (
    <svg className={styles["spark"]} viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={label}>
      {points.map(({ ok, failed }, index) => {
        const good = (30 * ok) / top;
        const bad = (30 * failed) / top;
        const x = index * width + width * 0.12;
        return (
          <g key={index}>
            <rect x={x} y={30 - good} width={width * 0.76} height={good} />
            <rect x={x} y={30 - good - bad} width={width * 0.76} height={bad} data-bad="true" />
            <rect x={x} y={29.4} width={width * 0.76} height={0.6} opacity={0.25} />
          </g>
        );
      })}
    </svg>
  );
}
