/** Listeners that are connected to a relay endpoint. */
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { Confirm } from "../components/dialog.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Time } from "../components/time.tsx";
import { endpointSearch } from "../lib/page-search.ts";
import { useAudience } from "../session/audience.ts";
import { ListFilters } from "./list-filters.tsx";
import { Views } from "./views.tsx";

export interface ListenersProps {
  readonly app: string;
  readonly endpoint: string;
  /** Name by which listeners connect. */
  readonly name: string;
}

/** How often the list is read again while it is shown. */
const REFRESH_MS = 5000;

export function Listeners({ app, endpoint, name }: ListenersProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const key = ["listeners", app, endpoint];
  const path = { app_id: app, endpoint_id: endpoint };
  const list = useList(
    key,
    () =>
      must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/relay/listener", { params: { path } })).then(
        (page) => ({ ...page, iterator: null, done: true }),
      ),
    { everyMs: REFRESH_MS },
  );
  const navigate = useNavigate();
  const { search = "" } = endpointSearch(useSearch({ strict: false }));
  const { kind } = useAudience();
  // The response has all of them.
  const rows = list.rows.filter((row) => `${row.name} ${row.nodeId}`.toLowerCase().includes(search.toLowerCase()));
  const disconnect = async (id: string): Promise<void> => {
    await must(
      api.DELETE("/api/v1/app/{app_id}/endpoint/{endpoint_id}/relay/listener/{listener_id}", {
        params: { path: { ...path, listener_id: id } },
      }),
    );
    await queries.invalidateQueries({ queryKey: key });
  };
  return (
    <ListSection
      title={t("listeners.title")}
      lead={t("listeners.lead")}
      actions={
        kind === "operator" && (
          <Views list="listeners" filter={search === "" ? {} : { search }} within={{ app, endpoint }} />
        )
      }
      list={{ ...list, rows }}
      rowKey={({ id }) => id}
      empty={t(search === "" ? "listeners.none" : "listeners.noMatch")}
      emptyAction={<CodeBlock label={t("listeners.start")} text={`posthorn listen 3000 --app ${app} --name ${name}`} />}
      columns={[
        { key: "name", label: t("listeners.name"), cell: (row) => <strong>{row.name}</strong> },
        { key: "since", label: t("listeners.since"), cell: ({ connectedAt }) => <Time at={connectedAt} relative /> },
        { key: "transport", label: t("listeners.transport"), cell: ({ transport }) => transport },
        { key: "node", label: t("listeners.node"), cell: ({ nodeId }) => nodeId },
        {
          key: "actions",
          label: t("listeners.actions"),
          tight: true,
          end: true,
          cell: (row) => (
            <Confirm
              needs="endpoints:write"
              trigger={
                <Button small kind="danger">
                  {t("listeners.disconnect")}
                </Button>
              }
              title={t("listeners.disconnectTitle", { name: row.name })}
              text={t("listeners.disconnectText")}
              action={t("listeners.disconnect")}
              danger
              onConfirm={() => disconnect(row.id)}
            />
          ),
        },
      ]}
    >
      {(list.rows.length > 0 || search !== "") && (
        <ListFilters
          search={{ label: t("listeners.search"), value: search }}
          choices={[]}
          onChange={(_name, value) =>
            void navigate({ to: ".", search: endpointSearch({ search: value }) as never, replace: true })
          }
        />
      )}
    </ListSection>
  );
}
