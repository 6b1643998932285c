import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Url } from "../components/url.tsx";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge, Tags } from "../components/badge.tsx";
import { Table } from "../components/table.tsx";
import { targetName } from "../lib/destination-config.ts";
import type { LocalKind } from "../lib/kind-texts.ts";
import { shortUrl } from "../lib/short-url.ts";
import { useAudience } from "../session/audience.ts";
import { DestinationMark } from "./destination-mark.tsx";
import type { Endpoint } from "./endpoint-props.ts";
import { EndpointStateBadge } from "./endpoint-state.tsx";
import styles from "./message-list.module.css";
import { NewEndpoint } from "./new-endpoint.tsx";
import { useDestinationKinds } from "./use-destination-kinds.ts";

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

interface EndpointNameProps {
  readonly app: string;
  readonly endpoint: Endpoint;
  readonly kind: LocalKind | undefined;
}

/** A webhook by its URL; any other kind by its description, or by its target. */
function EndpointName({ app, endpoint: { id, url, kind: name, description }, kind }: EndpointNameProps) {
  const audience = useAudience();
  const link = audience.endpoint(app, id);
  if (name === "http") {
    return (
      <>
        <Link {...link} title={url}>
          <Url url={url} />
        </Link>
        {description !== "" && <span className="muted">{description}</span>}
      </>
    );
  }
  const title = kind?.title ?? name;
  const target = targetName(url);
  return (
    <span className={styles["kind"]}>
      <DestinationMark kind={name} group={kind?.group ?? ""} />
      <span className={styles["name"]}>
        <Link {...link} title={url}>
          {description !== "" || target === "" ? description || title : <Url url={target} />}
        </Link>
        <span className="muted">{description !== "" && target !== "" ? `${title} · ${shortUrl(target)}` : title}</span>
      </span>
    </span>
  );
}
