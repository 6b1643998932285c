/** Requests of a source that failed verification, with a filter by reason, and actions on several of them. */
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { timeColumn } from "../components/list-page.tsx";
import { Table } from "../components/table.tsx";
import { formatBytes } from "../lib/format.ts";
import { quarantineSearch } from "../lib/page-search.ts";
import { isForged, quarantineReason } from "../lib/quarantine.ts";
import { serverText } from "../lib/server-text.ts";
import { useAudience } from "../session/audience.ts";
import { BulkAction, BulkBar } from "./bulk-bar.tsx";
import { ListFilters } from "./list-filters.tsx";
import { useSelection } from "./use-selection.tsx";
import { Views } from "./views.tsx";

type Quarantined = components["schemas"]["QuarantinedOut"];

const EVERY_MS = 15_000;

export function QuarantineList({ source }: { readonly source: string }) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate({ from: "/sources/$source" });
  const filter = quarantineSearch({ ...useSearch({ from: "/operator/sources/$source" }) });
  const list = useList(
    ["source", source, "quarantine", filter],
    (page) =>
      must(
        api.GET("/ingest/api/v1/source/{source_id}/quarantine", {
          params: { path: { source_id: source }, query: { ...page, ...filter } },
        }),
      ),
    { everyMs: EVERY_MS },
  );
  const { reason } = filter;
  const seen = useSeen([...list.rows.map((row) => row.reason), ...(reason === undefined ? [] : [reason])]);
  const reasons = seen.flatMap((code) => quarantineReason(code) ?? []);
  const nameOf = ({ reason: code, detail, address, id }: Quarantined): string =>
    `${serverText(i18n, "quarantine", code, detail).text} ${address}, ${id}`;
  const selection = useSelection(list.rows, nameOf);
  const mayChange = useAudience().may("sources:write");
  return (
    <>
      <p className="muted">{t("quarantine.lead")}</p>
      <ListFilters
        choices={[
          {
            name: "reason",
            label: t("quarantine.reason"),
            value: reason,
            choices: [
              { value: "", label: t("quarantine.anyReason") },
              ...reasons.map((value) => ({ value, label: t(`quarantineReasons.${value}`) })),
            ],
          },
        ]}
        onChange={(_name, value) =>
          void navigate({ search: { ...quarantineSearch({ reason: value }), tab: "quarantine" }, replace: true })
        }
      >
        <Views list="quarantine" filter={filter} within={{ source }} />
      </ListFilters>
      <BulkBar label={t("quarantine.selected")} selection={selection} loaded={list.rows.length}>
        <Actions source={source} selected={selection.selected} />
      </BulkBar>
      <Table
        label={t("sources.tabs.quarantine")}
        list={list}
        rowKey={(row) => row.id}
        linked
        empty={t(reason === undefined ? "quarantine.none" : "quarantine.noMatch")}
        columns={[
          {
            key: "reason",
            label: t("quarantine.reason"),
            cell: (row) => (
              <Link to="/sources/$source/quarantine/$request" params={{ source, request: row.id }}>
                {serverText(i18n, "quarantine", row.reason, row.detail).text}
              </Link>
            ),
          },
          { key: "from", label: t("quarantine.from"), tight: true, cell: (row) => <code>{row.address}</code> },
          {
            key: "size",
            label: t("messages.size"),
            end: true,
            cell: (row) => formatBytes(i18n.language, row.bodyBytes),
          },
          timeColumn(t("messages.time"), "timestamp"),
          ...(mayChange ? [selection.column] : []),
        ]}
      />
    </>
  );
}

/** All values that were given so far, sorted: a filter hides the others, which the reader may choose next. */
function useSeen(values: readonly string[]): readonly string[] {
  const [seen, setSeen] = useState<readonly string[]>([]);
  const all = [...new Set([...seen, ...values])].toSorted();
  if (all.length > seen.length) setSeen(all);
  return all;
}

function Actions({ source, selected }: { readonly source: string; readonly selected: readonly Quarantined[] }) {
  const { t, i18n } = useTranslation();
  const paramsOf = ({ id }: Quarantined) => ({ path: { source_id: source, request_id: id } });
  const common = {
    needs: "sources:write",
    selected,
    nameOf: (row: Quarantined) => `${serverText(i18n, "quarantine", row.reason, row.detail).text} (${row.id})`,
    lists: [["source", source]],
  } as const;
  const forged = selected.filter(({ reason }) => isForged(reason)).length;
  return (
    <>
      <BulkAction
        {...common}
        label={t("quarantine.release")}
        title={(count) => t("quarantine.releaseMany", { count })}
        text={forged === 0 ? t("quarantine.releaseText") : t("quarantine.releaseForgedMany", { count: forged })}
        danger={forged > 0}
        run={(row) =>
          must(api.POST("/ingest/api/v1/source/{source_id}/quarantine/{request_id}/release", { params: paramsOf(row) }))
        }
      />
      <BulkAction
        {...common}
        label={t("actions.delete")}
        title={(count) => t("quarantine.deleteMany", { count })}
        text={t("quarantine.deleteText")}
        danger
        run={(row) =>
          must(api.DELETE("/ingest/api/v1/source/{source_id}/quarantine/{request_id}", { params: paramsOf(row) }))
        }
      />
    </>
  );
}
