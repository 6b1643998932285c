/** PostgreSQL tables whose changes are published, with the command that adds one. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { List } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import type { FormValues } from "../components/form.tsx";
import { APPLICATIONS } from "../lib/option-sources.ts";
import { timeColumn } from "../components/list-page.tsx";
import { Card, Page, Stack } from "../components/page.tsx";
import { ServerSentence } from "../components/server-sentence.tsx";
import { Loading, Note } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { toConfig } from "../lib/destination-config.ts";
import { serverText } from "../lib/server-text.ts";
import { READ_TONES, readStateOf, TABLE_KIND } from "../lib/source-kind.ts";
import { tableCommand } from "../lib/table-command.ts";
import { DestinationFields } from "../parts/destination-fields.tsx";
import { type LocalSourceKind, useSourceKind } from "../parts/use-destination-kinds.ts";

type TableSource = components["schemas"]["TableSourceOut"];

const EVERY_MS = 15_000;
const PICKS = { app: APPLICATIONS };

export function TableSources() {
  const { t } = useTranslation();
  const list = useTableSources();
  const kind = useSourceKind(TABLE_KIND);
  return (
    <Page
      title={t("tableSources.title")}
      lead={t("tableSources.lead")}
      crumbs={[
        <Link key="all" to="/sources">
          {t("sources.title")}
        </Link>,
      ]}
    >
      <Stack>
        <Table
          label={t("tableSources.title")}
          list={list}
          rowKey={({ table, name }) => `${table} ${name}`}
          empty={t("tableSources.none")}
          columns={[
            { key: "table", label: t("tableSources.table"), cell: (row) => <code>{row.table}</code> },
            { key: "name", label: t("applications.name"), wideOnly: true, cell: (row) => row.name },
            { key: "type", label: t("tableSources.events"), cell: (row) => <Published source={row} /> },
            { key: "app", label: t("applications.one"), cell: (row) => <Application source={row} /> },
            { key: "state", label: t("sourceKinds.state"), cell: (row) => <State source={row} /> },
            timeColumn(t("tableSources.lastMissed"), "lastMissedAt"),
          ]}
        />
        <Card title={t("tableSources.add")} lead={t("tableSources.addLead")}>
          {kind === undefined ? <Loading lines={6} /> : <Command kind={kind} />}
        </Card>
      </Stack>
    </Page>
  );
}

/** All of them are in one response. */
function useTableSources(): List<TableSource> {
  const query = useQuery({
    queryKey: ["table-sources"],
    queryFn: () => must(api.GET("/ingest/api/v1/table-source")),
    refetchInterval: EVERY_MS,
  });
  return {
    rows: query.data?.data ?? [],
    error: query.error,
    isLoading: query.isLoading,
    isLoadingMore: false,
    hasMore: false,
    search: null,
    loadMore: () => undefined,
    reload: () => void query.refetch(),
  };
}

interface SourceProps {
  readonly source: TableSource;
}

function Published({ source: { type, on, when } }: SourceProps) {
  return (
    <>
      <code>{type}</code> <span className="muted">{on.join(", ")}</span>
      {when !== null && (
        <>
          <br />
          <code className="muted">{when}</code>
        </>
      )}
    </>
  );
}

function Application({ source: { app, appColumn } }: SourceProps) {
  const { t } = useTranslation();
  return app === null ? <>{t("tableSources.column", { column: appColumn ?? "" })}</> : <code>{app}</code>;
}

function State({ source: { state, error } }: SourceProps) {
  const { t, i18n } = useTranslation();
  const known = readStateOf(state);
  return (
    <>
      <Badge tone={READ_TONES[known]}>{t(`sourceKinds.states.${known}`)}</Badge>
      {error !== null && (
        <p>
          <ServerSentence {...serverText(i18n, "reading", error.code, error.message)} />
          <br />
          <ServerSentence {...serverText(i18n, "readingHint", error.code, error.hint)} />
        </p>
      )}
    </>
  );
}

/** Fields of a table source, and the command with their values. */
function Command({ kind }: { readonly kind: LocalSourceKind }) {
  const { t } = useTranslation();
  const form = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState<FormValues>({});
  useEffect(() => {
    const { current } = form;
    if (current === null) return;
    setValues(valuesOf(current));
    // Switches report changes only through clicks, and set their value afterwards.
    const readLater = (): void => void setTimeout(() => setValues(valuesOf(current)));
    current.addEventListener("click", readLater);
    return () => current.removeEventListener("click", readLater);
  }, []);
  const config = toConfig(kind.fields, values);
  const org = useOrganisation();
  const tried = tableCommand(config, { isDryRun: true, org });
  const added = tableCommand(config, { isDryRun: false, org });
  return (
    // A listener on the element would render before React passes the typed text to a combobox, and would undo the input.
    <form
      ref={form}
      onSubmit={(event: FormEvent) => event.preventDefault()}
      onInput={({ currentTarget }) => setValues(valuesOf(currentTarget))}
    >
      <Stack>
        <DestinationFields kind={kind} picks={PICKS} />
        {tried === null || added === null ? (
          <Note>{t("tableSources.incomplete")}</Note>
        ) : (
          <>
            <p className="muted">{t("tableSources.try")}</p>
            <CodeBlock label={t("tableSources.try")} text={tried} />
            <p className="muted">{t("tableSources.run")}</p>
            <CodeBlock label={t("tableSources.run")} text={added} />
          </>
        )}
      </Stack>
    </form>
  );
}

/** ID of the current organisation, if there are several; `null`: only one is known. */
function useOrganisation(): string | null {
  const { data = [] } = useQuery({
    queryKey: ["organisations", "all"],
    queryFn: () => must(api.GET("/api/v1/organisation")).then((list) => list.data),
  });
  return data.length > 1 ? (data.find(({ current }) => current)?.id ?? null) : null;
}

function valuesOf(form: HTMLFormElement): FormValues {
  const entries = [...new FormData(form)].map(([name, value]) => [name, typeof value === "string" ? value : ""]);
  return Object.fromEntries(entries) as FormValues;
}
