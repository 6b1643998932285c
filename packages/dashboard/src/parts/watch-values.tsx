/** Chart of the values that a rule reads, or of an aggregate of them, with its thresholds and transitions. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import { SelectField } from "../components/form.tsx";
import { ValueChart } from "../components/value-chart.tsx";
import type { ChartMark, ChartValue, MarkKind } from "../lib/value-chart.ts";
import { formatNumber } from "../lib/format.ts";
import type { DryRun } from "../lib/watch.ts";
import { aggregatesOf, aggregateValues, comparesValues, durationMs, thresholdsOf } from "../lib/watch-chart.ts";
import type { WatchRule } from "../lib/watch-draft.ts";
import { durationText } from "../lib/watch-summary.ts";
import styles from "./watch.module.css";

export interface WatchValuesProps {
  readonly rule: WatchRule;
  readonly values: DryRun["values"];
  readonly transitions: readonly { readonly key: string; readonly phase: string; readonly at: string }[];
  /** Page of the values; 0 has the newest. */
  readonly page: number;
  readonly pages: number;
  readonly onPage: (page: number) => void;
}

const ALL = "\u0000";
const VALUES = "values";

export function WatchValues({ rule, values, transitions, page, pages, onPage }: WatchValuesProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(ALL);
  const keys = [...new Set(values.map(({ key }) => key))].toSorted((a, b) => a.localeCompare(b));
  const key = keys.includes(chosen) ? chosen : ALL;
  const isShown = (of: string): boolean => key === ALL || of === key;
  const label = (of: string): string => (of === "" ? t("watches.noKey") : of);
  const shown = values
    .filter((one) => isShown(one.key))
    .map(({ timestamp, key: series, value }) => ({ at: Date.parse(timestamp), series, value }));
  const line = useLine(rule, shown);
  const marks = transitions
    .filter((one) => isShown(one.key))
    .map(({ at, key: series, phase }): ChartMark => ({ at: Date.parse(at), series, kind: phase as MarkKind }));
  return (
    <>
      <div className={styles["fields"]}>
        {line.choices.length > 1 && (
          <SelectField label={t("watchChart.show")} value={line.name} onChange={line.choose} choices={line.choices} />
        )}
        {keys.length > 1 && (
          <SelectField
            label={t("watches.key")}
            value={key}
            onChange={setChosen}
            choices={[
              { value: ALL, label: t("watchChart.allKeys") },
              ...keys.slice(0, 500).map((value) => ({ value, label: label(value) })),
            ]}
          />
        )}
      </div>
      <ValueChart
        label={line.label}
        values={line.values}
        thresholds={line.thresholds}
        marks={pages > 1 ? within(marks, shown, page === 0) : marks}
        seriesLabel={label}
      />
      {pages > 1 && <Pager page={page} pages={pages} onPage={onPage} />}
    </>
  );
}

/** The values, or an aggregate that the rule compares. A rule that compares only aggregates begins with the first of them. */
function useLine(rule: WatchRule, values: readonly ChartValue[]) {
  const { t, i18n } = useTranslation();
  const [chosen, choose] = useState<string | null>(null);
  const threshold = (bound: "above" | "below", value: number, isEnd: boolean): string =>
    t(isEnd ? "watchChart.until" : "watchChart.threshold", {
      kind: t(`watchChart.kinds.${bound}`),
      value: formatNumber(i18n.language, value, 6),
    });
  const aggregates = aggregatesOf(rule, threshold).map((one) => ({
    ...one,
    name: `${one.of} ${one.over}`,
    label: t(`watchChart.aggregates.${one.of}`, { duration: durationText(i18n.language, one.over) }),
  }));
  const choices = [
    { value: VALUES, label: t("watchChart.values") },
    ...aggregates.map(({ name, label }) => ({ value: name, label })),
  ];
  const usual = comparesValues(rule) ? VALUES : (aggregates[0]?.name ?? VALUES);
  const name = choices.some(({ value }) => value === chosen) ? chosen! : usual;
  const aggregate = aggregates.find((one) => one.name === name);
  const ms = aggregate === undefined ? null : durationMs(aggregate.over);
  if (aggregate === undefined || ms === null) {
    return {
      name: VALUES,
      choose,
      choices,
      label: t("watchChart.label"),
      values,
      thresholds: thresholdsOf(rule, threshold),
    };
  }
  const { of, label, thresholds } = aggregate;
  return { name, choose, choices, label, values: aggregateValues(values, of, ms), thresholds };
}

/** The marks in the time range of these values. The newest page extends to the last mark. */
function within(marks: readonly ChartMark[], values: readonly ChartValue[], isNewest: boolean): readonly ChartMark[] {
  const from = values.reduce((a, { at }) => Math.min(a, at), Number.POSITIVE_INFINITY);
  const to = isNewest ? Number.POSITIVE_INFINITY : values.reduce((a, { at }) => Math.max(a, at), 0);
  return marks.filter(({ at }) => at >= from && at <= to);
}

function Pager({ page, pages, onPage }: Pick<WatchValuesProps, "page" | "pages" | "onPage">) {
  const { t } = useTranslation();
  return (
    <nav className={styles["switch"]} aria-label={t("watchChart.pages")}>
      <Button small disabled={page >= pages - 1} onClick={() => onPage(page + 1)}>
        {t("watchChart.older")}
      </Button>
      <Button small disabled={page === 0} onClick={() => onPage(page - 1)}>
        {t("watchChart.newer")}
      </Button>
      <span className="muted" role="status">
        {t("watchChart.page", { page: page + 1, pages })}
      </span>
    </nav>
  );
}
