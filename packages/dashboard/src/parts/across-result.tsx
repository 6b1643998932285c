import { useTranslation } from "react-i18next";
import { fixedList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Note } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { Url } from "../components/url.tsx";
import { formatNumber } from "../lib/format.ts";
import { LeftOut } from "./left-out.tsx";
import { StartReplay, type StartReplayProps } from "./start-replay.tsx";

type Plan = components["schemas"]["AcrossPlanOut"];

export interface AcrossResultProps extends Omit<StartReplayProps, "toSend"> {
  readonly plan: Plan;
}

/** Preview of what a replay across applications would send and leave out, and the form that starts it. */
export function AcrossResult({ plan, busy, error, onStart }: AcrossResultProps) {
  const { t, i18n } = useTranslation();
  const number = (value: number): string => formatNumber(i18n.language, value);
  const { endpoints, applications, toSend } = plan;
  return (
    <>
      <p role="status">
        <strong>
          {t("acrossReplay.wouldSend", {
            count: toSend,
            value: number(toSend),
            endpoints: t("acrossReplay.toEndpoints", { count: endpoints, value: number(endpoints) }),
            customers: t("acrossReplay.ofCustomers", { count: applications, value: number(applications) }),
          })}
        </strong>
      </p>
      {!plan.exact && <Note tone="warn">{t("acrossReplay.inexact")}</Note>}
      <LeftOut skipped={[plan.skipped]} />
      <Table
        label={t("acrossReplay.endpoints")}
        list={fixedList(plan.parts)}
        rowKey={(row) => row.endpointId}
        empty={t("acrossReplay.noEndpoints")}
        columns={[
          {
            key: "endpoint",
            label: t("endpoints.one"),
            cell: (row) => (
              <span title={row.url}>
                <Url url={row.url} /> {row.disabled && <Badge>{t("incidents.disabled")}</Badge>}
              </span>
            ),
          },
          { key: "app", label: t("applications.one"), cell: (row) => row.appName },
          { key: "matched", label: t("replays.matched"), end: true, cell: (row) => number(row.matched) },
          {
            key: "toSend",
            label: t("replays.toSend"),
            end: true,
            cell: (row) => number(row.disabled ? 0 : row.toSend),
          },
        ]}
      />
      <StartReplay toSend={toSend} busy={busy} error={error} onStart={onStart} />
    </>
  );
}
