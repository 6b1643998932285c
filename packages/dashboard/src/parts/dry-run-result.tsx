import { useTranslation } from "react-i18next";
import { fixedList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Table } from "../components/table.tsx";
import { Url } from "../components/url.tsx";
import { formatNumber } from "../lib/format.ts";
import { LeftOut } from "./left-out.tsx";
import { StartReplay, type StartReplayProps } from "./start-replay.tsx";

interface DryRunResultProps extends Omit<StartReplayProps, "toSend"> {
  readonly plan: components["schemas"]["ReplayPlanOut"];
}

/** Preview of what a replay of one application would send, and the form that starts it. */
export function DryRunResult({ plan, busy, error, onStart }: DryRunResultProps) {
  const { t, i18n } = useTranslation();
  return (
    <>
      <p role="status">
        <strong>
          {t(plan.exact ? "replays.wouldSend" : "replays.wouldSendMore", {
            count: plan.toSend,
            value: formatNumber(i18n.language, plan.toSend),
          })}
        </strong>
      </p>
      <LeftOut skipped={plan.endpoints.map(({ skipped }) => skipped)} />
      <Table
        label={t("replays.plan")}
        list={fixedList(plan.endpoints)}
        rowKey={(row) => row.endpointId ?? "url"}
        empty={t("replays.noParts")}
        columns={[
          {
            key: "endpoint",
            label: t("endpoints.one"),
            cell: (row) => (
              <span title={row.url}>
                <Url url={row.url} />
              </span>
            ),
          },
          {
            key: "matched",
            label: t("replays.matched"),
            end: true,
            cell: (row) => formatNumber(i18n.language, row.matched),
          },
          {
            key: "toSend",
            label: t("replays.toSend"),
            end: true,
            cell: (row) => formatNumber(i18n.language, row.toSend),
          },
        ]}
      />
      <StartReplay toSend={plan.toSend} busy={busy} error={error} onStart={onStart} />
    </>
  );
}
