import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Allowed } from "../components/allowed.tsx";
import { Badge } from "../components/badge.tsx";
import { buttonClass } from "../components/button.tsx";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import { formatNumber } from "../lib/format.ts";
import { PLACES } from "../lib/option-sources.ts";
import { watchesSearch } from "../lib/page-search.ts";
import { isSource } from "../lib/source.ts";
import { STATE_TONES, stateOf, type Watch, WATCH_STATES } from "../lib/watch.ts";
import { ruleSummary } from "../lib/watch-summary.ts";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import { Views } from "../parts/views.tsx";
import { CREATE_WATCH } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

const EVERY_MS = 10_000;

/** List of the watches of all applications and sources. */
export function Watches() {
  const { t, i18n } = useTranslation();
  const filter = useSearch({ from: "/operator/watches" });
  const list = useList(
    ["watches", filter],
    (page) => must(api.GET("/api/v1/watch", { params: { query: { ...page, ...filter } } })),
    { everyMs: EVERY_MS },
  );
  const navigate = useNavigate({ from: "/watches" });
  const { order = "descending", ...conditions } = filter;
  const isFiltered = Object.keys(conditions).length > 0;
  return (
    <ListPage
      title={t("watches.title")}
      lead={t("watches.lead")}
      actions={
        <>
          <Views list="watches" filter={filter} />
          <Allowed to="watches:write" app={filter.app ?? "anywhere"}>
            <Link
              to="/watches/new"
              search={filter.app === undefined ? {} : { app: filter.app }}
              className={buttonClass("primary")}
            >
              <Plus aria-hidden />
              {t("watches.new")}
            </Link>
          </Allowed>
        </>
      }
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t(isFiltered ? "watches.noMatch" : "watches.none")}
      emptyAction={!isFiltered && <ApiCommand call={CREATE_WATCH} />}
      columns={[
        {
          key: "name",
          label: t("applications.name"),
          cell: (row) => (
            <Link to="/watches/$app/$watch" params={{ app: row.app.id, watch: row.id }}>
              {row.name}
            </Link>
          ),
        },
        { key: "state", label: t("watches.state"), tight: true, cell: (row) => <WatchBadge watch={row} /> },
        {
          key: "keys",
          label: t("watches.keys"),
          cell: (row) => <Keys watch={row} />,
        },
        {
          key: "app",
          label: t("watches.watched"),
          cell: (row) => <Watched app={row.app} />,
        },
        {
          key: "rule",
          label: t("watches.rule"),
          wideOnly: true,
          cell: (row) => <span className="muted">{ruleSummary(i18n, row.rule)}</span>,
        },
        timeColumn(t("applications.created"), "createdAt", {
          order,
          onChange: (next) => void navigate({ search: watchesSearch({ ...filter, order: next }), replace: true }),
        }),
      ]}
    >
      <Filters />
    </ListPage>
  );
}

export function WatchBadge({ watch }: { readonly watch: Watch }) {
  const { t } = useTranslation();
  const state = stateOf(watch);
  return <Badge tone={STATE_TONES[state]}>{t(`watches.states.${state}`)}</Badge>;
}

/** Link to the application or source that a watch reads. */
export function Watched({ app: { id, name } }: { readonly app: Watch["app"] }) {
  return isSource(id) ? (
    <Link to="/sources/$source" params={{ source: id }}>
      {name}
    </Link>
  ) : (
    <Link to="/applications/$app" params={{ app: id }}>
      {name}
    </Link>
  );
}

function Keys({ watch: { keys, phases } }: { readonly watch: Watch }) {
  const { t, i18n } = useTranslation();
  const raised = phases.raised + phases.clearing;
  const parts = [
    formatNumber(i18n.language, keys),
    ...(raised === 0 ? [] : [t("watches.raisedKeys", { count: raised })]),
    ...(phases.pending === 0 ? [] : [t("watches.pendingKeys", { count: phases.pending })]),
  ];
  return <span className="numeric">{parts.join(" · ")}</span>;
}

function Filters() {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/watches" });
  const current = useSearch({ from: "/operator/watches" });
  return (
    <ListFilters
      search={{ label: t("watches.search"), value: current.search }}
      choices={[
        {
          name: "state",
          label: t("watches.state"),
          value: current.state,
          choices: [
            { value: "", label: t("watches.anyState") },
            ...WATCH_STATES.map((state) => ({ value: state, label: t(`watches.states.${state}`) })),
          ],
        },
      ]}
      picks={[
        {
          name: "app",
          label: t("watches.watched"),
          help: t("watches.anyApp"),
          value: current.app,
          source: PLACES,
        },
      ]}
      onChange={(name, value) =>
        void navigate({ search: watchesSearch(withFilter({ ...current }, name, value)), replace: true })
      }
    />
  );
}
