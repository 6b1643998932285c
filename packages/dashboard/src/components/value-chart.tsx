/** Values over time with thresholds and marked events, as an SVG. The same data is in a table for readers who do not see it. */
import { type ReactNode, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { type Clock, onClock, readClock, type TimeFormat, timeFormat } from "../lib/clock.ts";
import { formatNumber } from "../lib/format.ts";
import { valueText } from "../lib/watch.ts";
import {
  type ChartLine,
  type ChartMark,
  chartRows,
  type ChartThreshold,
  type ChartValue,
  linesOf,
  type MarkKind,
  scaleOf,
  ticksOf,
  timeTicks,
} from "../lib/value-chart.ts";
import { useTimeFormat } from "./time.tsx";
import styles from "./value-chart.module.css";

export interface ValueChartProps {
  readonly label: string;
  readonly values: readonly ChartValue[];
  readonly thresholds: readonly ChartThreshold[];
  readonly marks: readonly ChartMark[];
  readonly seriesLabel: (series: string) => string;
}

const HEIGHT = 240;
const MARGIN = { top: 26, right: 12, bottom: 24, left: 56 };
const MAX_SERIES = 5;

export function ValueChart(props: ValueChartProps) {
  const { t, i18n } = useTranslation();
  const { label, seriesLabel } = props;
  const [open, setOpen] = useState(false);
  const { lines, hidden } = linesOf(props.values, MAX_SERIES);
  return (
    <figure className={styles["figure"]} aria-label={label}>
      {lines.length === 0 ? <p className="muted">{t("watchChart.noNumbers")}</p> : <Drawing {...props} lines={lines} />}
      <ul className={styles["legend"]}>
        {lines.map(({ series }, index) => (
          <li key={series}>
            <span className={styles["line"]} data-series={index} aria-hidden />
            {seriesLabel(series)}
          </li>
        ))}
        {[...new Set(props.marks.map(({ kind }) => kind))].map((kind) => (
          <li key={kind}>
            <svg className={styles["symbol"]} viewBox="-7 -7 14 14" aria-hidden>
              <path d={SYMBOLS[kind]} className={styles["mark"]} data-kind={kind} />
            </svg>
            {t(`watches.transitions.${kind}`)}
          </li>
        ))}
      </ul>
      {hidden > 0 && <p className="muted">{t("watchChart.moreKeys", { count: lines.length })}</p>}
      <details className={styles["table"]} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{t("chart.table")}</summary>
        {open && <ValueTable {...props} language={i18n.language} />}
      </details>
    </figure>
  );
}

/** Shapes differ as well as colours. */
const SYMBOLS: Readonly<Record<MarkKind, string>> = {
  raised: "M0 -6 L6 5 L-6 5 Z",
  cleared: "M0 6 L6 -5 L-6 -5 Z",
  reminded: "M-5 -5 H5 V5 H-5 Z",
  changed: "M0 -6 L6 0 L0 6 L-6 0 Z",
  overflow: "M-5 -2 H5 V2 H-5 Z",
};

function Drawing({
  label,
  lines,
  thresholds,
  marks,
  seriesLabel,
}: ValueChartProps & { readonly lines: readonly ChartLine[] }) {
  const { t, i18n } = useTranslation();
  const { ref, width } = useWidth();
  const shown = new Set(lines.map(({ series }) => series));
  const shownMarks = marks.filter(({ series }) => shown.has(series));
  const { x, y } = scaleOf(
    {
      times: [...lines.flatMap(({ points }) => points.map(({ at }) => at)), ...shownMarks.map(({ at }) => at)],
      values: [
        ...lines.flatMap(({ points }) => points.map(({ value }) => value)),
        ...thresholds.map(({ value }) => value),
      ],
    },
    { width, height: HEIGHT, ...MARGIN },
  );
  const bottom = HEIGHT - MARGIN.bottom;
  const right = Math.max(width - MARGIN.right, MARGIN.left + 1);
  const number = (value: number): string => formatNumber(i18n.language, value, 4);
  const times = timeTicks(x.domain, Math.max(2, Math.floor(width / 150)));
  const clock = useSyncExternalStore(onClock, readClock);
  const time = tickFormat(i18n.language, x.domain[1] - x.domain[0], clock);
  return (
    <div ref={ref} className={styles["plot"]}>
      <svg width={width} height={HEIGHT} role="img" aria-label={label}>
        {ticksOf(y.domain, 4).map((tick) => (
          <g key={tick}>
            <line className={styles["grid"]} x1={MARGIN.left} x2={right} y1={y.of(tick)} y2={y.of(tick)} />
            <text className={styles["tick"]} x={MARGIN.left - 8} y={y.of(tick)} dy="0.32em" textAnchor="end">
              {number(tick)}
            </text>
          </g>
        ))}
        {times.map((tick, index) => (
          <text
            key={tick}
            className={styles["tick"]}
            x={x.of(tick)}
            y={HEIGHT - 6}
            textAnchor={index === 0 ? "start" : index === times.length - 1 ? "end" : "middle"}
          >
            {time.format(tick)}
          </text>
        ))}
        {thresholds.map(({ value, label: text, isEnd }) => (
          <g key={`${text} ${String(isEnd)}`}>
            <line
              className={styles["threshold"]}
              data-end={isEnd || undefined}
              x1={MARGIN.left}
              x2={right}
              y1={y.of(value)}
              y2={y.of(value)}
            />
          </g>
        ))}
        {lines.map(({ series, points }, index) => (
          <g key={series} className={styles["series"]} data-series={index}>
            <polyline points={points.map(({ at, value }) => `${x.of(at)},${y.of(value)}`).join(" ")} />
            {points.length <= 80 &&
              points.map(({ at, value }, place) => (
                <circle key={place} cx={x.of(at)} cy={y.of(value)} r={2.5}>
                  <title>{`${seriesLabel(series)}: ${number(value)}`}</title>
                </circle>
              ))}
          </g>
        ))}
        {thresholds.map(({ value, label: text }) => (
          <text key={text} className={styles["thresholdText"]} x={right} y={y.of(value) - 4} textAnchor="end">
            {text}
          </text>
        ))}
        {shownMarks.map(({ at, kind, series }, place) => (
          <g key={place} transform={`translate(${x.of(at)} 0)`}>
            <line className={styles["markLine"]} data-kind={kind} y1={MARGIN.top - 6} y2={bottom} />
            <path className={styles["mark"]} data-kind={kind} d={SYMBOLS[kind]} transform="translate(0 11)">
              <title>{`${t(`watches.transitions.${kind}`)}: ${seriesLabel(series)}`}</title>
            </path>
          </g>
        ))}
        <line className={styles["axis"]} x1={MARGIN.left} x2={right} y1={bottom} y2={bottom} />
      </svg>
    </div>
  );
}

function tickFormat(language: string, span: number, clock: Clock): TimeFormat {
  const day = 86_400_000;
  if (span > 3 * day) return timeFormat(language, { day: "numeric", month: "short" }, clock);
  const time = {
    hour: "2-digit",
    minute: "2-digit",
    ...(span < 600_000 ? { second: "2-digit" as const } : {}),
  } as const;
  if (span <= day) return timeFormat(language, time, clock);
  return timeFormat(language, { day: "numeric", month: "short", ...time }, clock);
}

function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const element = ref.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWidth(Math.max(200, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

function ValueTable({
  label,
  values,
  marks,
  seriesLabel,
  language,
}: ValueChartProps & { readonly language: string }): ReactNode {
  const { t } = useTranslation();
  const moment = useTimeFormat({ dateStyle: "short", timeStyle: "medium" });
  return (
    // Scrollable regions must be reachable by keyboard.
    <div className={styles["scroll"]} tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("messages.time")}</th>
            <th scope="col">{t("watches.key")}</th>
            <th scope="col">{t("watches.value")}</th>
            <th scope="col">{t("watchChart.event")}</th>
          </tr>
        </thead>
        <tbody>
          {chartRows(values, marks).map(({ at, series, value, kind }, place) => (
            <tr key={place}>
              <th scope="row">{moment.format(at)}</th>
              <td>{seriesLabel(series)}</td>
              <td>
                {value === undefined
                  ? "–"
                  : typeof value === "number"
                    ? formatNumber(language, value, 6)
                    : valueText(value)}
              </td>
              <td>{kind === null ? "–" : t(`watches.transitions.${kind}`)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
