/** Page of one incident: whom it affects, samples, chart, notes, and what to do about it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { fixedList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Requester } from "../components/requester.tsx";
import { Allowed } from "../components/allowed.tsx";
import { Badge } from "../components/badge.tsx";
import { Button, buttonClass } from "../components/button.tsx";
import { Chart } from "../components/chart.tsx";
import { Confirm } from "../components/dialog.tsx";
import { FormDialog } from "../components/form-dialog.tsx";
import { FormError, SelectField } from "../components/form.tsx";
import { timeColumn } from "../components/list-page.tsx";
import { Card, Columns, Facts, Page, Section } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import { Url } from "../components/url.tsx";
import { causeText } from "../lib/cause.ts";
import { formatNumber } from "../lib/format.ts";
import { isMuted } from "../lib/incident.ts";
import { fillSlots } from "../lib/incident-chart.ts";
import { IncidentNotes } from "../parts/incident-notes.tsx";
import { hostText, IncidentBadge } from "./incidents.tsx";

type Incident = components["schemas"]["IncidentDetailOut"];

const EVERY_MS = 10_000;
const HOURS = [1, 8, 24, 168] as const;
const HOUR_MS = 3_600_000;

export function IncidentPage() {
  const { t } = useTranslation();
  const { incident: id } = useParams({ from: "/operator/incidents/$incident" });
  const incident = useQuery({
    queryKey: ["incident", id],
    queryFn: () => must(api.GET("/api/v1/incident/{incident_id}", { params: { path: { incident_id: id } } })),
    refetchInterval: EVERY_MS,
  });
  if (incident.error !== null) return <Failed error={incident.error} retry={() => void incident.refetch()} />;
  if (incident.data === undefined) return <Loading />;
  const { data } = incident;
  return (
    <Page
      title={`${causeText(t, data.cause)} · ${hostText(t, data)}`}
      badge={<IncidentBadge incident={data} />}
      crumbs={[
        <Link key="all" to="/incidents">
          {t("incidents.title")}
        </Link>,
      ]}
      actions={<Actions incident={data} />}
    >
      <Columns>
        <Overview incident={data} />
        <Card title={t("incidents.attempts")}>
          <Failures incident={data} />
        </Card>
      </Columns>
      <Affected incident={data} />
      <Samples incident={data} />
      <IncidentNotes id={data.id} notes={data.notes} />
    </Page>
  );
}

function Actions({ incident }: { readonly incident: Incident }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [muting, setMuting] = useState(false);
  const change = useMutation({
    mutationFn: (body: components["schemas"]["IncidentPatch"]) =>
      must(api.PATCH("/api/v1/incident/{incident_id}", { params: { path: { incident_id: incident.id } }, body })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["incident", incident.id] }),
    onSuccess: () => setMuting(false),
  });
  const { state } = incident;
  return (
    <>
      <FormError error={muting ? null : change.error} />
      {state !== "resolved" && (
        <>
          <Button
            needs="messages:replay"
            disabled={change.isPending}
            onClick={() => change.mutate({ state: state === "open" ? "acknowledged" : "open" })}
          >
            {t(state === "open" ? "incidents.acknowledge" : "incidents.unacknowledge")}
          </Button>
          {isMuted(incident) ? (
            <Button
              needs="messages:replay"
              disabled={change.isPending}
              onClick={() => change.mutate({ mutedUntil: null })}
            >
              {t("incidents.unmute")}
            </Button>
          ) : (
            <FormDialog
              needs="messages:replay"
              open={muting}
              onOpenChange={setMuting}
              trigger={<Button>{t("incidents.mute")}</Button>}
              title={t("incidents.muteTitle")}
              submit={t("incidents.mute")}
              error={change.error}
              busy={change.isPending}
              onSubmit={({ hours }) =>
                change.mutate({ mutedUntil: new Date(Date.now() + Number(hours) * HOUR_MS).toISOString() })
              }
            >
              <SelectField
                name="hours"
                label={t("incidents.muteFor")}
                value="8"
                choices={HOURS.map((hours) => ({ value: String(hours), label: t(`incidents.muteHours.h${hours}`) }))}
              />
            </FormDialog>
          )}
          <Confirm
            needs="messages:replay"
            trigger={<Button>{t("incidents.resolve")}</Button>}
            title={t("incidents.resolveTitle")}
            text={t("incidents.resolveText")}
            action={t("incidents.resolve")}
            onConfirm={async () => {
              await change.mutateAsync({ state: "resolved" });
            }}
          />
        </>
      )}
      <Allowed to="messages:replay">
        <Link to="/replays/across" search={{ incident: incident.id }} className={buttonClass("primary")}>
          <RotateCcw aria-hidden />
          {t("incidents.replay")}
        </Link>
      </Allowed>
    </>
  );
}

function Overview({ incident }: { readonly incident: Incident }) {
  const { t, i18n } = useTranslation();
  const number = (value: number): string => formatNumber(i18n.language, value);
  const { changedAt, changedBy, changedByName, resolvedAt, mutedUntil } = incident;
  const changer =
    changedBy === null ? t("incidents.automatic") : <Requester key="by" id={changedBy} name={changedByName} />;
  return (
    <Card title={t("incidents.facts")}>
      <Facts
        facts={[
          [t("incidents.customers"), number(incident.applications)],
          [t("incidents.endpoints"), number(incident.endpoints)],
          [t("incidents.events"), number(incident.events)],
          [t("incidents.attempts"), number(incident.attempts)],
          [t("incidents.first"), <Time key="first" at={incident.firstAt} />],
          [t("incidents.last"), <Time key="last" at={incident.lastAt} />],
          ...(mutedUntil === null ? [] : [[t("incidents.mutedUntil"), <Time key="muted" at={mutedUntil} />] as const]),
          ...(resolvedAt === null
            ? []
            : [[t("incidents.resolvedAt"), <Time key="resolved" at={resolvedAt} />] as const]),
          ...(changedAt === null ? [] : [[t("incidents.changedBy"), changer] as const]),
        ]}
      />
    </Card>
  );
}

function Failures({ incident }: { readonly incident: Incident }) {
  const { t, i18n } = useTranslation();
  const slots = fillSlots(incident.chart);
  return (
    <Chart
      label={t("incidents.chart")}
      kind="bars"
      times={slots.map(({ at }) => at / 1000)}
      series={[
        { label: t("incidents.attempts"), colour: "--chart-bad", values: slots.map(({ attempts }) => attempts) },
      ]}
      format={(value) => formatNumber(i18n.language, value)}
    />
  );
}

function Affected({ incident }: { readonly incident: Incident }) {
  const { t, i18n } = useTranslation();
  return (
    <Section title={t("incidents.affected")}>
      <Table
        label={t("incidents.affected")}
        list={fixedList(incident.affected)}
        rowKey={(row) => row.endpointId}
        linked
        empty={t("incidents.affectedNone")}
        columns={[
          {
            key: "endpoint",
            label: t("endpoints.one"),
            cell: (row) => (
              <Link
                to="/applications/$app/endpoints/$endpoint"
                params={{ app: row.appId, endpoint: row.endpointId }}
                title={row.url}
              >
                <Url url={row.url} />
              </Link>
            ),
          },
          {
            key: "app",
            label: t("applications.one"),
            cell: (row) => (
              <Link to="/applications/$app" params={{ app: row.appId }} data-above className="muted">
                {row.appName}
              </Link>
            ),
          },
          {
            key: "state",
            label: t("endpoints.state"),
            tight: true,
            cell: (row) => row.disabled && <Badge>{t("incidents.disabled")}</Badge>,
          },
          {
            key: "events",
            label: t("incidents.events"),
            end: true,
            cell: (row) => formatNumber(i18n.language, row.events),
          },
          {
            key: "attempts",
            label: t("incidents.attempts"),
            end: true,
            cell: (row) => formatNumber(i18n.language, row.attempts),
          },
          timeColumn(t("incidents.last"), "lastAt"),
        ]}
      />
    </Section>
  );
}

function Samples({ incident }: { readonly incident: Incident }) {
  const { t } = useTranslation();
  return (
    <Section title={t("incidents.samples")}>
      <Table
        label={t("incidents.samples")}
        list={fixedList(incident.samples)}
        rowKey={(row) => row.attemptId}
        linked
        empty={t("incidents.samplesNone")}
        columns={[
          {
            key: "attempt",
            label: t("incidents.sample"),
            cell: (row) => (
              <Link
                to="/applications/$app/messages/$message/attempts/$attempt"
                params={{ app: row.appId, message: row.messageId, attempt: row.attemptId }}
              >
                <Time at={row.at} />
              </Link>
            ),
          },
          {
            key: "endpoint",
            label: t("endpoints.one"),
            cell: (row) => (
              <span className="muted" title={row.url}>
                <Url url={row.url} />
              </span>
            ),
          },
        ]}
      />
    </Section>
  );
}
