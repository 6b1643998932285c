import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge } from "../components/badge.tsx";
import { buttonClass } from "../components/button.tsx";
import { ListPage, timeColumn } from "../components/list-page.tsx";
import { READ_STATES, READ_TONES, readStateOf, TABLE_KIND, WEBHOOK_KIND } from "../lib/source-kind.ts";
import { DestinationMark, PROVIDERS } from "../parts/destination-mark.tsx";
import { ListFilters, withFilter } from "../parts/list-filters.tsx";
import { NewSource } from "../parts/new-source.tsx";
import { type LocalSourceKind, useSourceKinds } from "../parts/use-destination-kinds.ts";
import styles from "./source.module.css";
import { Views } from "../parts/views.tsx";
import { CREATE_SOURCE } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

const EVERY_MS = 15_000;

/** List of sources, with the state of those that Posthorn reads. */
export function Sources() {
  const { t } = useTranslation();
  const { kind, state, search } = useSearch({ from: "/operator/sources" });
  const kinds = useSourceKinds();
  const filter = {
    ...(kind === undefined ? {} : { kind }),
    ...(state === undefined ? {} : { state }),
    ...(search === undefined ? {} : { search }),
  };
  const list = useList(
    ["sources", filter],
    (page) => must(api.GET("/ingest/api/v1/source", { params: { query: { ...page, ...filter } } })),
    { everyMs: EVERY_MS },
  );
  const isFiltered = Object.keys(filter).length > 0;
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
            <Link to="/sources/$source" params={{ source: row.id }}>
              {row.name}
            </Link>
          ),
        },
        {
          key: "kind",
          label: t("sourceKinds.kind"),
          cell: (row) => <KindName type={row.type} kind={kinds?.find((one) => one.kind === row.kind)} />,
        },
        {
          key: "state",
          label: t("sourceKinds.state"),
          cell: (row) =>
            row.state === null || row.state === undefined ? (
              <span className="muted">–</span>
            ) : (
              <Badge tone={READ_TONES[readStateOf(row.state)]}>
                {t(`sourceKinds.states.${readStateOf(row.state)}`)}
              </Badge>
            ),
        },
        { key: "uid", label: t("applications.uid"), wideOnly: true, cell: (row) => <code>{row.uid ?? "–"}</code> },
        timeColumn(t("applications.created"), "createdAt"),
      ]}
    >
      <Filters kinds={kinds ?? []} />
    </ListPage>
  );
}

function KindName({ type, kind }: { readonly type: string; readonly kind: LocalSourceKind | undefined }) {
  const isWebhook = kind === undefined || kind.kind === WEBHOOK_KIND;
  const title = isWebhook ? type : kind.title;
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
