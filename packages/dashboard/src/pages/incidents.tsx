import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge, type Tone } from "../components/badge.tsx";
import { buttonClass } from "../components/button.tsx";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import { causeText } from "../lib/cause.ts";
import { formatNumber } from "../lib/format.ts";
import { isMuted } from "../lib/incident.ts";
import { incidentsSearch } from "../lib/page-search.ts";
import { ExportButton } from "../parts/export-button.tsx";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import listStyles from "../parts/message-list.module.css";
import { Views } from "../parts/views.tsx";

type Incident = components["schemas"]["IncidentOut"];

const SHOWN = ["open", "muted", "resolved"] as const;

const QUERIES = {
  open: { muted: false },
  muted: { muted: true },
  resolved: { state: "resolved" },
} as const;
const EMPTY = { open: "none", muted: "noMuted", resolved: "noneResolved" } as const;
const STATE_TONES: Readonly<Record<Incident["state"], Tone>> = { open: "bad", acknowledged: "warn", resolved: "good" };
const EVERY_MS = 15_000;

/** Failures grouped by cause and host over all customers, newest first by default. */
export function Incidents() {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: "/incidents" });
  const filter = useSearch({ from: "/operator/incidents" });
  const { show: shown = "open", ...search } = filter;
  const { order = "descending" } = filter;
  const list = useList(
    ["incidents", shown, search],
    (page) => must(api.GET("/api/v1/incident", { params: { query: { ...page, ...QUERIES[shown], ...search } } })),
    { everyMs: EVERY_MS },
  );
  const numbers = (["applications", "events", "attempts"] as const).map((key) => ({
    key,
    label: t(key === "applications" ? "incidents.customers" : `incidents.${key}`),
    end: true,
    cell: (row: Incident) => formatNumber(i18n.language, row[key]),
  }));
  return (
    <ListPage
      title={t("incidents.title")}
      lead={t("incidents.lead")}
      actions={
        <>
          <Views list="incidents" filter={filter} />
          <ExportButton
            name="incidents"
            open={(format, signal) =>
              api.GET("/api/v1/export/incidents", {
                params: { query: { ...QUERIES[shown], ...search, format } },
                parseAs: "stream",
                signal,
              })
            }
          />
          <Link to="/issues" className={buttonClass()}>
            {t("incidents.byEndpoint")}
          </Link>
        </>
      }
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t(`incidents.${search.search === undefined ? EMPTY[shown] : "noMatch"}`)}
      emptyAction={shown === "open" && search.search === undefined && <AlertsLink />}
      columns={[
        {
          key: "cause",
          label: t("incidents.cause"),
          cell: (row) => (
            <span className={listStyles["name"]}>
              <Link to="/incidents/$incident" params={{ incident: row.id }}>
                {causeText(t, row.cause)}
              </Link>
              <span className="muted">{hostText(t, row)}</span>
            </span>
          ),
        },
        { key: "state", label: t("incidents.state"), tight: true, cell: (row) => <IncidentBadge incident={row} /> },
        ...numbers,
        timeColumn(t("incidents.first"), "firstAt", {
          order,
          onChange: (next) => void navigate({ search: incidentsSearch({ ...filter, order: next }), replace: true }),
        }),
        timeColumn(t("incidents.last"), "lastAt"),
      ]}
    >
      <ListFilters
        search={{ label: t("incidents.search"), value: search.search }}
        choices={[
          {
            name: "show",
            label: t("incidents.show"),
            value: shown,
            choices: SHOWN.map((value) => ({ value, label: t(`incidents.shown.${value}`) })),
          },
        ]}
        onChange={(name, value) =>
          void navigate({ search: incidentsSearch(withFilter({ ...filter }, name, value)), replace: true })
        }
      />
    </ListPage>
  );
}

/** Next step when nothing is wrong. */
function AlertsLink() {
  const { t } = useTranslation();
  return (
    <Link to="/settings" search={{ tab: "alerts" }} className="linked">
      {t("incidents.setAlert")}
    </Link>
  );
}

export function IncidentBadge({ incident }: { readonly incident: Incident }) {
  const { t } = useTranslation();
  if (isMuted(incident)) return <Badge>{t("incidents.muted")}</Badge>;
  return <Badge tone={STATE_TONES[incident.state]}>{t(`incidents.states.${incident.state}`)}</Badge>;
}

/** Host of an incident in words. */
export function hostText(t: (key: "incidents.manyHosts") => string, { host }: Pick<Incident, "host">): string {
  return host === "*" ? t("incidents.manyHosts") : host;
}
