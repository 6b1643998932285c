import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge, Tags } from "../components/badge.tsx";
import { Table } from "../components/table.tsx";
import { useAudience } from "../session/audience.ts";
import { EndpointLastDelivery, EndpointSpark, EndpointSuccess } from "./endpoint-deliveries.tsx";
import { EndpointName } from "./endpoint-name.tsx";
import type { Endpoint } from "./endpoint-props.ts";
import { EndpointStateBadge } from "./endpoint-state.tsx";
import styles from "./message-list.module.css";
import { NewEndpoint } from "./new-endpoint.tsx";
import { useDestinationKinds } from "./use-destination-kinds.ts";
import { createEndpoint } from "../lib/api-command.ts";
import { ApiCommand } from "./api-command.tsx";

/** Table of the endpoints of an application. */
export function Endpoints({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const kinds = useDestinationKinds();
  const list = useList(["endpoints", app], (page) =>
    must(api.GET("/api/v1/app/{app_id}/endpoint", { params: { path: { app_id: app }, query: page } })),
  );
  return (
    <Table
      label={t("endpoints.title")}
      list={list}
      rowKey={(row) => row.id}
      linked
      empty={t("endpoints.none")}
      emptyAction={
        audience.can("ManageEndpoint") && (
          <>
            <NewEndpoint app={app} />
            {audience.kind === "operator" && <ApiCommand call={createEndpoint(app)} />}
          </>
        )
      }
      columns={[
        {
          key: "url",
          label: t("endpoints.one"),
          cell: (row) => (
            <span className={styles["name"]}>
              <EndpointName app={app} endpoint={row} kind={kinds?.find(({ kind }) => kind === row.kind)} />
            </span>
          ),
        },
        {
          key: "types",
          label: t("endpoints.types"),
          cell: (row) => <Tags names={row.eventTypes} max={3} none={t("endpoints.allTypes")} />,
        },
        ...(audience.kind === "portal"
          ? [
              {
                key: "success",
                label: t("endpoints.success"),
                tight: true,
                cell: (row: Endpoint) => <EndpointSuccess app={app} endpoint={row.id} />,
              },
              {
                key: "spark",
                label: t("endpoints.attempts"),
                tight: true,
                wideOnly: true,
                cell: (row: Endpoint) => <EndpointSpark app={app} endpoint={row.id} />,
              },
              {
                key: "last",
                label: t("endpoints.lastDelivery"),
                tight: true,
                cell: (row: Endpoint) => <EndpointLastDelivery app={app} endpoint={row.id} />,
              },
            ]
          : []),
        {
          key: "state",
          label: t("endpoints.state"),
          tight: true,
          cell: (row) =>
            // A customer has few endpoints, so loading the delivery status of each is affordable.
            audience.kind === "portal" ? (
              <EndpointStateBadge app={app} endpoint={row.id} />
            ) : (
              <Badge tone={row.disabled ? "warn" : "good"}>
                {t(row.disabled ? "endpoints.disabled" : "endpoints.enabled")}
              </Badge>
            ),
        },
      ]}
    />
  );
}
