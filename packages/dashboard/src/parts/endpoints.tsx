import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge, Tags } from "../components/badge.tsx";
import { Table } from "../components/table.tsx";
import { shortUrl } from "../lib/short-url.ts";
import { useFace } from "../session/face.ts";
import { FlowBadge } from "./endpoint-flow.tsx";
import styles from "./message-list.module.css";
import { NewEndpoint } from "./new-endpoint.tsx";

/** The URLs of one application. */
export function Endpoints({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const face = useFace();
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
      emptyAction={face.can("ManageEndpoint") ? <NewEndpoint app={app} /> : undefined}
      columns={[
        {
          key: "url",
          label: t("endpoints.url"),
          cell: (row) => (
            <span className={styles["name"]}>
              <Link {...face.endpoint(app, row.id)} title={row.url}>
                {shortUrl(row.url)}
              </Link>
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
            // A customer has few endpoints, and should see at once which of them gets nothing.
            face.kind === "portal" ? (
              <FlowBadge app={app} endpoint={row.id} />
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
