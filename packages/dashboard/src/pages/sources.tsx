import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { buttonClass } from "../components/button.tsx";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import { sourcesSearch } from "../lib/page-search.ts";
import { GENERIC } from "../lib/source-form.ts";
import { READ_STATES, READ_TONES, readStateOf, TABLE_KIND, WEBHOOK_KIND } from "../lib/source-kind.ts";
import { DestinationMark, PROVIDERS } from "../parts/destination-mark.tsx";
import { type Figures, HealthBadge, sourceColumns, useFigures } from "../parts/figures.tsx";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import { NewSource } from "../parts/new-source.tsx";
import { type LocalSourceKind, useSourceKinds } from "../parts/use-destination-kinds.ts";
import { useSourceTypes } from "../parts/use-source-types.ts";
import nameStyles from "../parts/message-list.module.css";
import styles from "./source.module.css";
import { ExportButton } from "../parts/export-button.tsx";
import { Views } from "../parts/views.tsx";
import { CREATE_SOURCE } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

const EVERY_MS = 15_000;

/** List of sources, with the state of those that Posthorn reads. */
export function Sources() {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: "/sources" });
  const filter = useSearch({ from: "/operator/sources" });
  const { order = "descending", ...conditions } = filter;
  const kinds = useSourceKinds();
  const types = useSourceTypes();
  const list = useList(
    ["sources", filter],
    (page) => must(api.GET("/ingest/api/v1/source", { params: { query: { ...page, ...conditions, order } } })),
    { everyMs: EVERY_MS },
  );
  const isFiltered = Object.keys(conditions).length > 0;
  const figures = useFigures(useMemo(() => list.rows.map(({ id }) => id), [list.rows]));
  return (
    <ListPage
      title={t("sources.title")}
      lead={t("sources.lead")}
      actions={
        <>
          <Views list="sources" filter={filter} />
          <Link to="/sources/tables" className={buttonClass("plain")}>
            {t("tableSources.title")}
          </Link>
          <ExportButton
            name="sources"
            open={(format, signal) =>
              api.GET("/api/v1/export/sources", {
                params: { query: { ...conditions, order, format } },
                parseAs: "stream",
                signal,
              })
            }
          />
          <NewSource />
        </>
      }
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t(isFiltered ? "sourceKinds.noMatch" : "sources.none")}
      emptyAction={!isFiltered && <ApiCommand call={CREATE_SOURCE} />}
      columns={[
        {
          key: "name",
          label: t("applications.name"),
          cell: (row) => (
            <span className={nameStyles["name"]}>
              <Link to="/sources/$source" params={{ source: row.id }}>
                {row.name}
              </Link>
              {row.uid !== null && row.uid !== undefined && <code className={nameStyles["id"]}>{row.uid}</code>}
            </span>
          ),
        },
        {
          key: "kind",
          label: t("sourceKinds.kind"),
          cell: (row) => (
            <KindName
              type={row.type}
              provider={types?.find(({ type }) => type === row.type)?.name}
              kind={kinds?.find((one) => one.kind === row.kind)}
            />
          ),
        },
        {
          key: "state",
          label: t("sourceKinds.state"),
          tight: true,
          cell: (row) => <State state={row.state ?? null} figures={figures.get(row.id)} />,
        },
        ...sourceColumns(figures, t, i18n.language),
        timeColumn(t("applications.created"), "createdAt", {
          order,
          onChange: (next) => void navigate({ search: sourcesSearch({ ...filter, order: next }), replace: true }),
        }),
      ]}
    >
      <Filters kinds={kinds ?? []} />
    </ListPage>
  );
}

interface StateProps {
  /** State of reading; `null`: it receives webhooks. */
  readonly state: components["schemas"]["IngestSourceOut"]["state"] | null;
  readonly figures: Figures | undefined;
}

/** State of reading, and health of the deliveries to the routes unless they are fine. A webhook has only the latter. */
function State({ state, figures }: StateProps) {
  const { t } = useTranslation();
  const health = figures?.health ?? "idle";
  const isRead = state !== null && state !== undefined;
  if (!isRead && health === "idle") return <span className="muted">–</span>;
  return (
    <>
      {isRead && <Badge tone={READ_TONES[readStateOf(state)]}>{t(`sourceKinds.states.${readStateOf(state)}`)}</Badge>}{" "}
      {(health === "failing" || health === "degraded" || !isRead) && <HealthBadge health={health} />}
    </>
  );
}

interface KindNameProps {
  readonly type: string;
  /** Name of the provider with this type; `undefined`: it is not known, or not loaded yet. */
  readonly provider: string | undefined;
  readonly kind: LocalSourceKind | undefined;
}

function KindName({ type, provider, kind }: KindNameProps) {
  const { t } = useTranslation();
  const isWebhook = kind === undefined || kind.kind === WEBHOOK_KIND;
  const name = type === GENERIC ? t("sources.generic") : (provider ?? type);
  const title = isWebhook ? name : kind.title;
  return (
    <span className={styles["kind"]}>
      <DestinationMark
        kind={isWebhook ? type : kind.kind}
        group={isWebhook ? PROVIDERS : kind.group}
        title={title}
        of="sourceKinds"
      />
      {title}
    </span>
  );
}

function Filters({ kinds }: { readonly kinds: readonly LocalSourceKind[] }) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: "/sources" });
  const current = useSearch({ from: "/operator/sources" });
  return (
    <ListFilters
      search={{ label: t("sourceKinds.searchList"), value: current.search }}
      choices={[
        {
          name: "kind",
          label: t("sourceKinds.kind"),
          value: current.kind,
          choices: [
            { value: "", label: t("sourceKinds.anyKind") },
            ...kinds
              .filter(({ kind }) => kind !== TABLE_KIND)
              .map(({ kind, title }) => ({ value: kind, label: title })),
          ],
        },
        {
          name: "state",
          label: t("sourceKinds.state"),
          value: current.state,
          choices: [
            { value: "", label: t("sourceKinds.anyState") },
            ...READ_STATES.map((state) => ({ value: state, label: t(`sourceKinds.states.${state}`) })),
          ],
        },
      ]}
      onChange={(name, value) => void navigate({ search: withFilter({ ...current }, name, value), replace: true })}
    />
  );
}
