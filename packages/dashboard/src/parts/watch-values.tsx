/** Chart of the values that a rule reads, with its thresholds and transitions. */
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SelectField } from "../components/form.tsx";
import { ValueChart } from "../components/value-chart.tsx";
import type { ChartMark, MarkKind } from "../lib/value-chart.ts";
import { formatNumber } from "../lib/format.ts";
import type { DryRun } from "../lib/watch.ts";
import { thresholdsOf } from "../lib/watch-chart.ts";
import type { WatchRule } from "../lib/watch-draft.ts";

export interface WatchValuesProps {
  readonly rule: WatchRule;
  readonly values: DryRun["values"];
  readonly transitions: readonly { readonly key: string; readonly phase: string; readonly at: string }[];
}

const ALL = "\u0000";

export function WatchValues({ rule, values, transitions }: WatchValuesProps) {
  const { t, i18n } = useTranslation();
  const [chosen, setChosen] = useState(ALL);
  const keys = [...new Set(values.map(({ key }) => key))].toSorted((a, b) => a.localeCompare(b));
  const key = keys.includes(chosen) ? chosen : ALL;
  const isShown = (of: string): boolean => key === ALL || of === key;
  const label = (of: string): string => (of === "" ? t("watches.noKey") : of);
  const thresholds = thresholdsOf(rule, (bound, value, isEnd) =>
    t(isEnd ? "watchChart.until" : "watchChart.threshold", {
      kind: t(`watchChart.kinds.${bound}`),
      value: formatNumber(i18n.language, value, 6),
    }),
  );
  return (
    <>
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
      <ValueChart
        label={t("watchChart.label")}
        values={values
          .filter((one) => isShown(one.key))
          .map(({ timestamp, key: series, value }) => ({ at: Date.parse(timestamp), series, value }))}
        thresholds={thresholds}
        marks={transitions
          .filter((one) => isShown(one.key))
          .map(({ at, key: series, phase }): ChartMark => ({ at: Date.parse(at), series, kind: phase as MarkKind }))}
        seriesLabel={label}
      />
    </>
  );
}
