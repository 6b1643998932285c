import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Url } from "../components/url.tsx";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge, Tags } from "../components/badge.tsx";
import { Table } from "../components/table.tsx";
import { useAudience } from "../session/audience.ts";
import { EndpointStateBadge } from "./endpoint-state.tsx";
import styles from "./message-list.module.css";
import { useDestinationKinds } from "./destination-picker.tsx";
import { NewEndpoint } from "./new-endpoint.tsx";

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
      emptyAction={audience.can("ManageEndpoint") ? <NewEndpoint app={app} /> : undefined}
      columns={[
        {
          key: "url",
          label: t("endpoints.url"),
          cell: (row) => (
            <span className={styles["name"]}>
              <Link {...audience.endpoint(app, row.id)} title={row.url}>
                <Url url={row.url} />
              </Link>
              {row.kind !== "http" && (
                <span className="muted">{kinds?.find(({ kind }) => kind === row.kind)?.title ?? row.kind}</span>
              )}
              {row.description !== "" && <span className="muted">{row.description}</span>}
            </span>
          ),
        },
        {
          key: "types",
          label: t("endpoints.types"),
          cell: (row) => <Tags names={row.eventTypes} max={3} none={t("endpoints.allTypes")} />,
        },
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
