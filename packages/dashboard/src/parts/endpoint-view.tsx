/** Page of one endpoint: status, attempts, subscription, policy, secret and settings. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Page, type PageProps } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { tabOf, Tabs } from "../components/tabs.tsx";
import { targetName } from "../lib/destination-config.ts";
import { type AttemptsSearch, attemptsSearch } from "../lib/page-search.ts";
import { shortUrl } from "../lib/short-url.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { useAudience } from "../session/audience.ts";
import { AttemptFilters } from "./attempt-filters.tsx";
import { ExportButton } from "./export-button.tsx";
import { Attempts } from "./attempts.tsx";
import { EndpointActions } from "./endpoint-actions.tsx";
import { EndpointStateBadge } from "./endpoint-state.tsx";
import { EndpointMatching } from "./endpoint-matching.tsx";
import { EndpointOverview } from "./endpoint-overview.tsx";
import { EndpointSecurity } from "./endpoint-security.tsx";
import { EndpointSettings } from "./endpoint-settings.tsx";
import { Feed } from "./feed.tsx";
import { HealthBanner } from "./health-banner.tsx";
import { PolicyEditor } from "./policy-editor.tsx";
import type { Endpoint } from "./endpoint-props.ts";
import { useDestinationKinds } from "./use-destination-kinds.ts";
import { Views } from "./views.tsx";

const TABS = ["overview", "attempts", "matching", "policy", "feed", "security", "settings"] as const;

/** Tabs that are hidden from customers without the capability `ManageEndpoint`. Operators see them, read-only without the permission. */
const NEEDS_MANAGING: ReadonlySet<string> = new Set(["matching", "policy", "settings"]);

export function EndpointView({ app, id }: { readonly app: string; readonly id: string }) {
  const { t } = useTranslation();
  const audience = useAudience();
  const tabs = TABS.filter(
    (name) => audience.kind === "operator" || !NEEDS_MANAGING.has(name) || audience.can("ManageEndpoint"),
  );
  const tab = tabOf(tabs, useSearch({ strict: false }).tab);
  const path = { app_id: app, endpoint_id: id };
  const kinds = useDestinationKinds();
  const endpoint = useQuery({
    queryKey: ["endpoint", app, id],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}", { params: { path } })),
  });
  if (endpoint.error !== null) return <Failed error={endpoint.error} retry={() => void endpoint.refetch()} />;
  if (endpoint.data === undefined) return <Loading />;
  const { data } = endpoint;
  const kind = kinds?.find((one) => one.kind === data.kind);
  const heading = headingOf(data, kind?.title ?? data.kind);
  return (
    <Page
      {...heading}
      badge={<EndpointStateBadge app={app} endpoint={id} />}
      crumbs={audience.crumbs(app)}
      actions={<EndpointActions app={app} endpoint={data} />}
    >
      <HealthBanner app={app} endpoint={data} />
      <Tabs
        label={t("endpoints.one")}
        current={tab}
        tabs={tabs.map((name) => ({ name, label: t(labelOf(name, audience.kind)) }))}
      />
      <Tab app={app} endpoint={data} tab={tab} />
    </Page>
  );
}

/** A webhook is known by its URL, and any other kind by its description, or by kind and target. */
function headingOf(
  { kind, url, description }: Endpoint,
  kindTitle: string,
): Pick<PageProps, "title" | "fullUrl" | "lead"> {
  if (kind === "http") {
    return { title: shortUrl(url), fullUrl: url, ...(description === "" ? {} : { lead: description }) };
  }
  const target = shortUrl(targetName(url));
  if (description !== "") return { title: description, lead: target === "" ? kindTitle : `${kindTitle} · ${target}` };
  return { title: target === "" ? kindTitle : `${kindTitle} · ${target}` };
}

function labelOf(name: (typeof TABS)[number], audience: "operator" | "portal") {
  return name === "security" && audience === "portal" ? "portal.nav.signing" : (`endpoints.tabs.${name}` as const);
}

interface TabProps {
  readonly app: string;
  readonly endpoint: Endpoint;
  readonly tab: (typeof TABS)[number];
}

function Tab({ app, endpoint, tab }: TabProps) {
  switch (tab) {
    case "overview":
      return <EndpointOverview app={app} endpoint={endpoint} />;
    case "attempts":
      return <EndpointAttempts app={app} id={endpoint.id} />;
    case "matching":
      return <EndpointMatching app={app} endpoint={endpoint} />;
    case "policy":
      return <EndpointPolicy app={app} endpoint={endpoint} />;
    case "feed":
      return <Feed app={app} endpoint={endpoint.id} />;
    case "security":
      return <EndpointSecurity app={app} endpoint={endpoint} />;
    case "settings":
      return <EndpointSettings app={app} endpoint={endpoint} />;
  }
}

const STATUSES = { success: 0, fail: 2 } as const;
const RESPONSES = { "2xx": 200, "3xx": 300, "4xx": 400, "5xx": 500, none: 0 } as const;

/** Query parameters of the API for a filter. */
function attemptQuery({ status, response }: AttemptsSearch) {
  return {
    ...(status === undefined ? {} : { status: STATUSES[status] }),
    ...(response === undefined ? {} : { status_code_class: RESPONSES[response] }),
  };
}

function EndpointAttempts({ app, id }: { readonly app: string; readonly id: string }) {
  const navigate = useNavigate();
  const { t } = useTranslation();
  const audience = useAudience();
  const filter = attemptsSearch(useSearch({ strict: false }));
  const query = attemptQuery(filter);
  const show = (next: AttemptsSearch): void =>
    void navigate({ to: ".", search: { ...next, tab: "attempts" } as never, replace: true });
  const list = useList(["attempts", app, id, filter], (page) =>
    must(
      api.GET("/api/v1/app/{app_id}/attempt/endpoint/{endpoint_id}", {
        params: {
          path: { app_id: app, endpoint_id: id },
          query: { ...page, ...query, with_content: false, expanded_statuses: true },
        },
      }),
    ),
  );
  useLiveRefresh([["attempts", app, id]], (event) => event.type === "attempt.recorded" && event.endpointId === id);
  return (
    <>
      <AttemptFilters filter={filter} onChange={show}>
        {audience.kind === "operator" && <Views list="attempts" filter={filter} within={{ app, endpoint: id }} />}
        <ExportButton
          name="attempts"
          open={(format, signal) =>
            api.GET("/api/v1/export/attempts", {
              params: { query: { app_id: app, endpoint_id: id, ...query, format } },
              parseAs: "stream",
              signal,
            })
          }
        />
      </AttemptFilters>
      <Attempts app={app} list={list} none={Object.keys(filter).length === 0 ? undefined : t("attempts.noMatch")} />
    </>
  );
}

/** Not shown for destinations that accept one message at a time. */
const BATCH_SECTION = ["batch"];

function EndpointPolicy({ app, endpoint }: { readonly app: string; readonly endpoint: Endpoint }) {
  const queries = useQueryClient();
  const { id } = endpoint;
  const kind = useDestinationKinds()?.find((one) => one.kind === endpoint.kind);
  const path = { app_id: app, endpoint_id: id };
  const key = ["policy", app, id];
  const policy = useQuery({
    queryKey: key,
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/policy", { params: { path } })),
  });
  if (policy.error !== null) return <Failed error={policy.error} retry={() => void policy.refetch()} />;
  if (policy.data === undefined) return <Loading />;
  return (
    <PolicyEditor
      level="endpoint"
      hidden={kind === undefined || kind.limits.batch === null ? BATCH_SECTION : []}
      policy={policy.data}
      onSave={async (body) => {
        const saved = await must(
          api.PATCH("/api/v1/app/{app_id}/endpoint/{endpoint_id}/policy", { params: { path }, body }),
        );
        queries.setQueryData(key, saved);
      }}
    />
  );
}
