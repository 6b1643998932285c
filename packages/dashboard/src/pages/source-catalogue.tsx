/** Event types that a source has received, with the inferred schema of each and its changes. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { fixedList, useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { Confirm } from "../components/dialog.tsx";
import { FormError } from "../components/form.tsx";
import { Card, Facts, Section } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { download } from "../lib/download.ts";
import { formatNumber } from "../lib/format.ts";
import type { Source } from "../lib/source-form.ts";
import { timeColumn } from "../components/list-page.tsx";

type Change = components["schemas"]["CatalogueChange"];

export interface SourceCatalogueProps {
  readonly source: Source;
  /** Name of the event type to show. If omitted, the list of event types is shown. */
  readonly type?: string | undefined;
}

export function SourceCatalogue({ source, type }: SourceCatalogueProps) {
  return type === undefined ? <TypeList source={source} /> : <TypeDetail source={source} type={type} />;
}

function TypeList({ source }: { readonly source: Source }) {
  const { t, i18n } = useTranslation();
  const list = useList(["source", source.id, "catalogue"], (page) =>
    must(
      api.GET("/ingest/api/v1/source/{source_id}/catalogue", {
        params: { path: { source_id: source.id }, query: page },
      }),
    ),
  );
  return (
    <Section title={t("catalogue.title")} {...(list.rows.length > 0 ? { actions: <Export source={source} /> } : {})}>
      <p className="muted">{t("catalogue.lead")}</p>
      <Table
        label={t("catalogue.title")}
        list={list}
        rowKey={(row) => row.eventType}
        linked
        empty={t("catalogue.none")}
        columns={[
          {
            key: "type",
            label: t("messages.type"),
            cell: (row) => (
              <Link
                to="/sources/$source"
                params={{ source: source.id }}
                search={{ tab: "catalogue", type: row.eventType }}
              >
                {row.eventType}
              </Link>
            ),
          },
          {
            key: "drift",
            label: t("catalogue.schema"),
            cell: (row) =>
              row.changedAt === null ? (
                <span className="muted">{t("catalogue.unchanged")}</span>
              ) : (
                <Badge tone="warn">
                  {t("catalogue.changed")} <Time at={row.changedAt} relative />
                </Badge>
              ),
          },
          {
            key: "received",
            label: t("catalogue.received"),
            end: true,
            cell: (row) => formatNumber(i18n.language, row.received),
          },
          {
            key: "first",
            label: t("catalogue.first"),
            end: true,
            wideOnly: true,
            cell: (row) => <Time at={row.firstReceivedAt} relative />,
          },
          timeColumn(t("catalogue.last"), "lastReceivedAt"),
        ]}
      />
    </Section>
  );
}

/** Buttons that download the inferred schemas as TypeScript or JSON Schema. */
function Export({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const path = { source_id: source.id };
  const base = source.uid ?? source.type;
  const save = useMutation({
    mutationFn: async (kind: "typescript" | "schemas") => {
      const known = await must(api.GET("/ingest/api/v1/source/{source_id}/catalogue-export", { params: { path } }));
      if (kind === "typescript") download(`${base}.ts`, known.typescript, "text/typescript");
      else download(`${base}.schemas.json`, JSON.stringify(known.schemas, null, 2), "application/json");
    },
  });
  return (
    <>
      <FormError error={save.error} />
      <Button small onClick={() => save.mutate("typescript")} disabled={save.isPending}>
        <Download aria-hidden />
        {t("catalogue.typescript")}
      </Button>
      <Button small onClick={() => save.mutate("schemas")} disabled={save.isPending}>
        <Download aria-hidden />
        {t("catalogue.schemas")}
      </Button>
    </>
  );
}

function TypeDetail({ source, type }: Required<Pick<SourceCatalogueProps, "source">> & { readonly type: string }) {
  const { t, i18n } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate({ from: "/sources/$source" });
  const path = { source_id: source.id, event_type: type };
  const entry = useQuery({
    queryKey: ["source", source.id, "catalogue", type],
    queryFn: () => must(api.GET("/ingest/api/v1/source/{source_id}/catalogue/{event_type}", { params: { path } })),
  });
  const forget = async (): Promise<void> => {
    await must(api.DELETE("/ingest/api/v1/source/{source_id}/catalogue/{event_type}", { params: { path } }));
    await queries.invalidateQueries({ queryKey: ["source", source.id, "catalogue"] });
    await navigate({ search: { tab: "catalogue" } });
  };
  if (entry.error !== null) return <Failed error={entry.error} retry={() => void entry.refetch()} />;
  if (entry.data === undefined) return <Loading />;
  const { received, samples, firstReceivedAt, lastReceivedAt, schema, changes } = entry.data;
  return (
    <>
      <Link to="/sources/$source" params={{ source: source.id }} search={{ tab: "catalogue" }}>
        ← {t("catalogue.all")}
      </Link>
      <Card
        title={type}
        actions={
          <Confirm
            needs="sources:write"
            trigger={<Button small>{t("catalogue.reset")}</Button>}
            title={t("catalogue.resetTitle", { name: type })}
            text={t("catalogue.resetText")}
            action={t("catalogue.reset")}
            onConfirm={forget}
          />
        }
      >
        <Facts
          facts={[
            [t("catalogue.received"), formatNumber(i18n.language, received)],
            [t("catalogue.samples"), formatNumber(i18n.language, samples)],
            [t("catalogue.first"), <Time key="first" at={firstReceivedAt} />],
            [t("catalogue.last"), <Time key="last" at={lastReceivedAt} />],
          ]}
        />
      </Card>
      <Section title={t("catalogue.changes")}>
        <Changes changes={changes} />
      </Section>
      <Card title={t("eventTypes.schema")} lead={t("catalogue.schemaLead")}>
        {schema === null ? (
          <p className="muted">{t("catalogue.noSchema")}</p>
        ) : (
          <CodeBlock label={t("eventTypes.schema")} text={JSON.stringify(schema, null, 2)} />
        )}
      </Card>
    </>
  );
}

function Changes({ changes }: { readonly changes: readonly Change[] }) {
  const { t } = useTranslation();
  return (
    <Table
      label={t("catalogue.changes")}
      list={fixedList(changes)}
      rowKey={({ kind, path, firstSeenAt }) => `${kind} ${path} ${firstSeenAt}`}
      empty={t("catalogue.noChanges")}
      columns={[
        {
          key: "path",
          label: t("catalogue.path"),
          cell: ({ path }) => <code>{path === "" ? t("catalogue.whole") : path}</code>,
        },
        {
          key: "kind",
          label: t("catalogue.change"),
          cell: ({ kind, breaking }) => (
            <Badge tone={breaking ? "bad" : "info"}>
              {t(`catalogue.kinds.${kind}`)}
              {breaking && ` · ${t("catalogue.breaking")}`}
            </Badge>
          ),
        },
        {
          key: "types",
          label: t("catalogue.beforeAfter"),
          cell: ({ before, after }) => (
            <>
              <code>{before ?? "–"}</code> → <code>{after ?? "–"}</code>
            </>
          ),
        },
        {
          key: "seen",
          label: t("catalogue.seen"),
          end: true,
          tight: true,
          cell: ({ firstSeenAt }) => <Time at={firstSeenAt} relative />,
        },
      ]}
    />
  );
}
