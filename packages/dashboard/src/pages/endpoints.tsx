/** List of the endpoints of all applications and sources. */
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { buttonClass } from "../components/button.tsx";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import type { ColumnSort } from "../components/sort-select.tsx";
import type { Column } from "../components/table.tsx";
import { ENDPOINT_SORTS, ENDPOINT_STATES, endpointQuery, toEndpointFilter } from "../lib/endpoint-filter.ts";
import { STATE_TONES } from "../lib/endpoint-state.ts";
import { EndpointBulkActions } from "../parts/bulk-actions.tsx";
import { BulkBar } from "../parts/bulk-bar.tsx";
import { EndpointName } from "../parts/endpoint-name.tsx";
import { ExportButton } from "../parts/export-button.tsx";
import { AttemptsOfDay, HealthBadge, healthChoice, queuedText } from "../parts/figures.tsx";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import nameStyles from "../parts/message-list.module.css";
import { useDestinationKinds } from "../parts/use-destination-kinds.ts";
import { useSelection } from "../parts/use-selection.tsx";
import { useAudience } from "../session/audience.ts";
import { Views } from "../parts/views.tsx";
import { createEndpoint } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

type ListedEndpoint = components["schemas"]["ListedEndpointOut"];

export function Endpoints() {
  const { t } = useTranslation();
  const filter = useSearch({ from: "/operator/endpoints" });
  const list = useList(["endpoints", "all", filter], (page) =>
    must(api.GET("/api/v1/endpoint", { params: { query: { ...page, ...endpointQuery(filter) } } })),
  );
  const { sort: _sort, ...conditions } = filter;
  const mayChange = useAudience().may("endpoints:write", "anywhere");
  const selection = useSelection(list.rows, ({ url }) => url);
  const navigate = useNavigate({ from: "/endpoints" });
  const byUrl: ColumnSort = {
    order: filter.sort === "url" ? "ascending" : filter.sort === "urlDown" ? "descending" : null,
    onChange: (order) => {
      const sort = order === "ascending" ? "url" : "urlDown";
      void navigate({ search: { ...filter, sort }, replace: true });
    },
    inFilters: true,
  };
  const columns = useColumns(byUrl);
  return (
    <ListPage
      title={t("endpoints.title")}
      lead={t("endpointList.lead")}
      actions={
        <>
          <Views list="endpoints" filter={filter} />
          <Link to="/endpoints/attention" className={buttonClass("plain")}>
            {t("endpointList.attention")}
          </Link>
          <ExportButton
            name="endpoints"
            open={(format, signal) =>
              api.GET("/api/v1/export/endpoints", {
                params: { query: { ...endpointQuery(filter), format } },
                parseAs: "stream",
                signal,
              })
            }
          />
        </>
      }
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t(Object.keys(conditions).length === 0 ? "endpointList.none" : "endpointList.noMatch")}
      emptyAction={Object.keys(conditions).length === 0 && <ApiCommand call={createEndpoint()} />}
      columns={mayChange ? [...columns, selection.column] : columns}
    >
      <Filters />
      <BulkBar label={t("bulk.title")} selection={selection} loaded={list.rows.length}>
        <EndpointBulkActions selected={selection.selected} />
      </BulkBar>
    </ListPage>
  );
}

function useColumns(byUrl: ColumnSort): readonly Column<ListedEndpoint>[] {
  const { t, i18n } = useTranslation();
  const kinds = useDestinationKinds();
  return [
    {
      key: "url",
      label: t("endpoints.one"),
      sort: byUrl,
      cell: (row) => (
        <span className={nameStyles["name"]}>
          <EndpointName app={row.appId} endpoint={row} kind={kinds?.find(({ kind }) => kind === row.kind)} />
        </span>
      ),
    },
    { key: "app", label: t("messages.application"), cell: (row) => <span className="muted">{row.appName}</span> },
    {
      key: "health",
      label: t("endpointList.health"),
      tight: true,
      cell: ({ health, state }) =>
        state === "active" ? (
          <HealthBadge health={health} />
        ) : (
          <Badge tone={STATE_TONES[state]}>{t(`endpointState.states.${state}`)}</Badge>
        ),
    },
    { key: "attempts", label: t("endpointList.lastDay"), tight: true, cell: (row) => <AttemptsOfDay {...row} /> },
    timeColumn(t("endpointList.lastEvent"), "lastEventAt"),
    {
      key: "queued",
      label: t("endpointList.queued"),
      end: true,
      tight: true,
      cell: ({ queued }) => queuedText(i18n.language, queued),
    },
  ];
}

function Filters() {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/endpoints" });
  const filter = useSearch({ from: "/operator/endpoints" });
  const kinds = useDestinationKinds() ?? [];
  return (
    <ListFilters
      search={{ label: t("endpointList.search"), value: filter.search }}
      texts={[{ name: "host", label: t("endpointList.host"), help: t("endpointList.hostHelp"), value: filter.host }]}
      choices={[
        {
          name: "state",
          label: t("endpoints.state"),
          value: filter.state,
          choices: [
            { value: "", label: t("endpointList.anyState") },
            ...ENDPOINT_STATES.map((value) => ({ value, label: t(`endpointList.states.${value}`) })),
          ],
        },
        healthChoice(filter.health, t),
        {
          name: "kind",
          label: t("endpointList.kind"),
          value: filter.kind,
          choices: [
            { value: "", label: t("endpointList.anyKind") },
            ...kinds.map(({ kind: value, title: label }) => ({ value, label })),
          ],
        },
        {
          name: "sort",
          label: t("endpointList.sort"),
          value: filter.sort ?? "newest",
          choices: ENDPOINT_SORTS.map((value) => ({ value, label: t(`endpointList.sorts.${value}`) })),
        },
      ]}
      onChange={(name, value) =>
        void navigate({ search: toEndpointFilter(withFilter({ ...filter }, name, value)), replace: true })
      }
    />
  );
}
