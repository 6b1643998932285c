/** List of failing endpoints and endpoints with deliveries on hold, linked from the overview. */
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Url } from "../components/url.tsx";
import { api, must } from "../api/client.ts";
import { fixedList } from "../api/list.ts";
import { Badge } from "../components/badge.tsx";
import { SelectField } from "../components/form.tsx";
import { Page } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { LEVEL_TONES } from "../lib/attention.ts";
import { formatNumber } from "../lib/format.ts";
import { isProblem, PROBLEMS } from "../lib/endpoint-problems.ts";
import { useAudience } from "../session/audience.ts";
import { Views } from "../parts/views.tsx";

const EVERY_MS = 5000;

export function EndpointsNeedingAttention() {
  const { t, i18n } = useTranslation();
  const audience = useAudience();
  const navigate = useNavigate({ from: "/endpoints/attention" });
  const filter = useSearch({ from: "/operator/endpoints/attention" });
  const { problem } = filter;
  const now = useQuery({
    queryKey: ["stats", "now"],
    queryFn: () => must(api.GET("/api/v1/stats/now")),
    refetchInterval: EVERY_MS,
  });
  if (now.error !== null) return <Failed error={now.error} retry={() => void now.refetch()} />;
  if (now.data === undefined) return <Loading />;
  const rows = now.data.endpoints.needingAttention.filter((row) => problem === undefined || row.problem === problem);
  return (
    <Page
      title={t("attention.title")}
      crumbs={[
        <Link key="endpoints" to="/endpoints">
          {t("endpoints.title")}
        </Link>,
      ]}
      lead={t(now.data.endpoints.more ? "attention.more" : "attention.lead")}
      actions={
        <>
          <Views list="endpoints-attention" filter={filter} />
          <SelectField
            bare
            label={t("attention.kind")}
            value={problem ?? ""}
            onChange={(value) => void navigate({ search: isProblem(value) ? { problem: value } : {} })}
            choices={[
              { value: "", label: t("attention.all") },
              ...PROBLEMS.map((value) => ({ value, label: t(`home.problems.${value}`) })),
            ]}
          />
        </>
      }
    >
      <Table
        label={t("attention.title")}
        list={fixedList(rows)}
        rowKey={(row) => row.endpointId}
        linked
        empty={t("attention.none")}
        columns={[
          {
            key: "url",
            label: t("endpoints.url"),
            cell: (row) => (
              <Link {...audience.endpoint(row.appId, row.endpointId)} title={row.url}>
                <Url url={row.url} />
              </Link>
            ),
          },
          { key: "app", label: t("messages.application"), cell: (row) => <span className="muted">{row.appName}</span> },
          {
            key: "problem",
            label: t("endpoints.state"),
            cell: (row) => <Badge tone={LEVEL_TONES[row.level]}>{t(`home.problems.${row.problem}`)}</Badge>,
          },
          {
            key: "failures",
            label: t("attention.failures"),
            end: true,
            cell: (row) => formatNumber(i18n.language, row.failures),
          },
          {
            key: "since",
            label: t("endpointState.since"),
            end: true,
            tight: true,
            cell: (row) => (row.failingSince === null ? "–" : <Time at={row.failingSince} relative />),
          },
          {
            key: "off",
            label: t("endpointState.autoDisable"),
            end: true,
            tight: true,
            cell: (row) => (row.disabledAt === null ? "–" : <Time at={row.disabledAt} relative />),
          },
          {
            key: "due",
            label: t("attention.pending"),
            end: true,
            cell: (row) => formatNumber(i18n.language, row.due),
          },
        ]}
      />
    </Page>
  );
}
