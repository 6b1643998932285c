/** Overview of a source that Posthorn reads. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Allowed } from "../components/allowed.tsx";
import { Tags } from "../components/badge.tsx";
import { Card, Columns, Facts } from "../components/page.tsx";
import type { Source } from "../lib/source-form.ts";
import { eventTypesOf } from "../lib/source-kind.ts";
import { Routes } from "../pages/source-routes.tsx";
import { SourceFunnel } from "./source-funnel.tsx";
import { SourceSamples } from "./source-samples.tsx";
import { SourceState } from "./source-state.tsx";
import { SourceUrl } from "./source-url.tsx";
import { useSourceKind } from "./use-destination-kinds.ts";

export function ReadSource({ source }: { readonly source: Source }) {
  return (
    <>
      {source.ingestUrl !== null && <SourceUrl source={source} />}
      <Columns>
        <SourceState source={source} />
        <About source={source} />
      </Columns>
      <SourceFunnel source={source.id} />
      <SourceSamples source={source} />
      <Routes source={source.id} />
    </>
  );
}

/** Event types, quarantine and watches. */
function About({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const kind = useSourceKind(source.kind);
  const quarantine = useQuery({
    queryKey: ["source", source.id, "quarantine", "any"],
    queryFn: () =>
      must(
        api.GET("/ingest/api/v1/source/{source_id}/quarantine", {
          params: { path: { source_id: source.id }, query: { limit: 1 } },
        }),
      ),
  });
  const watches = useQuery({
    queryKey: ["watches", { app: source.id }],
    queryFn: () => must(api.GET("/api/v1/watch", { params: { query: { app: source.id, limit: 20 } } })),
  });
  const types = eventTypesOf(source, kind?.events ?? []);
  const isEmpty = quarantine.data?.data.length === 0;
  return (
    <Card
      title={kind?.title ?? source.kind}
      actions={
        <Link to="." search={{ tab: "settings" }}>
          {t("sources.tabs.settings")}
        </Link>
      }
    >
      <Facts
        facts={[
          [t("sourceKinds.emits"), <Tags key="types" names={types} />],
          [
            t("sourceKinds.quarantine"),
            isEmpty ? (
              t("sourceKinds.quarantineNone")
            ) : (
              <Link key="quarantine" to="." search={{ tab: "quarantine" }}>
                {t("sourceKinds.quarantineSome")}
              </Link>
            ),
          ],
          [
            t("sourceKinds.watches"),
            <span key="watches">
              {(watches.data?.data ?? []).map(({ id, name }) => (
                <span key={id}>
                  <Link to="/watches/$app/$watch" params={{ app: source.id, watch: id }}>
                    {name}
                  </Link>
                  <br />
                </span>
              ))}
              {watches.data?.data.length === 0 && `${t("sourceKinds.noWatches")} · `}
              <Allowed to="watches:write">
                <Link to="/watches/new" search={{ app: source.id }}>
                  {t("sourceKinds.newWatch")}
                </Link>
              </Allowed>
            </span>,
          ],
        ]}
      />
    </Card>
  );
}
