import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Time } from "../components/time.tsx";
import { useAudience } from "../session/audience.ts";

/** MCP clients that users connected with OAuth: the user's own, and with `people:manage`, everyone's. */
export function ConnectedClients() {
  const { t } = useTranslation();
  const { may } = useAudience();
  const queries = useQueryClient();
  const list = useList(["connected-clients"], (page) =>
    must(api.GET("/api/v1/connected-client", { params: { query: page } })),
  );
  const revoke = async (id: string): Promise<void> => {
    const path = { connected_client_id: id };
    await must(api.DELETE("/api/v1/connected-client/{connected_client_id}", { params: { path } }));
    await queries.invalidateQueries({ queryKey: ["connected-clients"] });
  };
  return (
    <ListSection
      title={t("agents.clients")}
      lead={t("agents.clientsLead")}
      list={list}
      rowKey={(row) => row.id}
      empty={t("agents.noClients")}
      columns={[
        {
          key: "name",
          label: t("connect.client"),
          cell: (row) => (
            <>
              <strong>{row.name}</strong>
              <div className="muted">
                {row.host === null ? t("connect.unverified") : t("connect.verified", { host: row.host })}
              </div>
            </>
          ),
        },
        ...(may("people:manage")
          ? [
              {
                key: "user",
                label: t("agents.user"),
                cell: (row: { readonly user: { readonly email: string } }) => row.user.email,
              },
            ]
          : []),
        {
          key: "access",
          label: t("agents.access"),
          cell: (row) => t(row.scopes.includes("mcp:write") ? "agents.readsAndWrites" : "agents.reads"),
        },
        {
          key: "connected",
          label: t("agents.connected"),
          wideOnly: true,
          cell: (row) => <Time at={row.connectedAt} relative />,
        },
        { key: "used", label: t("keys.lastUsed"), cell: (row) => <Time at={row.lastUsedAt} relative /> },
        {
          key: "revoke",
          label: "",
          tight: true,
          cell: (row) => (
            <Confirm
              trigger={
                <Button small kind="danger">
                  {t("keys.revoke")}
                </Button>
              }
              title={t("agents.revokeTitle", { name: row.name })}
              text={t("agents.revokeText")}
              action={t("keys.revoke")}
              danger
              onConfirm={() => revoke(row.id)}
            />
          ),
        },
      ]}
    />
  );
}
