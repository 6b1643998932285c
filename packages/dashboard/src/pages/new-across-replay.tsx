import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { ChecksField, Form, FormRow, type FormValues, TextField } from "../components/form.tsx";
import { Card, Columns, Page } from "../components/page.tsx";
import { PickListField } from "../components/pick-field.tsx";
import { Empty, Note } from "../components/state.tsx";
import { causeText } from "../lib/cause.ts";
import { fromLocalInput, toLocalInput } from "../lib/local-input.ts";
import { eventTypesOf } from "../lib/option-sources.ts";
import { AcrossResult } from "../parts/across-result.tsx";
import { namesOf } from "../parts/type-picker.tsx";
import { hostText } from "./incidents.tsx";

type Plan = components["schemas"]["AcrossPlanIn"];
type Status = NonNullable<Plan["statuses"]>[number];

const STATUSES: readonly Status[] = ["fail", "sending", "canceled", "success"];
const DAY_MS = 86_400_000;

/** Form for a replay across applications, optionally of one incident: a dry run counts before the replay starts. */
export function NewAcrossReplay() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { incident } = useSearch({ from: "/operator/replays/across" });
  const [planned, setPlanned] = useState<Plan | null>(null);
  const plan = useMutation({
    mutationFn: (body: Plan) => must(api.POST("/api/v1/replay/dry-run", { body })),
    onSuccess: (_counts, body) => setPlanned(body),
  });
  const start = useMutation({
    mutationFn: (body: components["schemas"]["AcrossReplayIn"]) => must(api.POST("/api/v1/replay", { body })),
    onSuccess: ({ id }) => navigate({ to: "/replays/all/$replay", params: { replay: id } }),
  });
  return (
    <Page
      title={t("acrossReplay.title")}
      lead={t("acrossReplay.lead")}
      crumbs={[
        <Link key="all" to="/replays">
          {t("replays.title")}
        </Link>,
      ]}
    >
      {incident !== undefined && <IncidentNote id={incident} />}
      <Columns>
        <Card title={t("replays.what")}>
          <Form
            needs="messages:replay"
            onSubmit={(values) => plan.mutate(planOf(values, incident))}
            error={plan.error}
            foot={
              <Button type="submit" disabled={plan.isPending}>
                {t("replays.dryRun")}
              </Button>
            }
          >
            <Selection isIncident={incident !== undefined} />
          </Form>
        </Card>
        <Card title={t("acrossReplay.result")} lead={t("acrossReplay.resultLead")}>
          {plan.data === undefined || planned === null ? (
            <Empty>{t("acrossReplay.noResult")}</Empty>
          ) : (
            <AcrossResult
              plan={plan.data}
              busy={start.isPending}
              error={start.error}
              onStart={(how) => start.mutate({ ...planned, ...how })}
            />
          )}
        </Card>
      </Columns>
    </Page>
  );
}

function IncidentNote({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const incident = useQuery({
    queryKey: ["incident", id],
    queryFn: () => must(api.GET("/api/v1/incident/{incident_id}", { params: { path: { incident_id: id } } })),
  });
  if (incident.data === undefined) return null;
  const name = `${causeText(t, incident.data.cause)} · ${hostText(t, incident.data)}`;
  return <Note>{t("acrossReplay.ofIncident", { incident: name })}</Note>;
}

function Selection({ isIncident }: { readonly isIncident: boolean }) {
  const { t } = useTranslation();
  const [since] = useState(() => toLocalInput(Date.now() - DAY_MS));
  return (
    <>
      <FormRow>
        <TextField
          name="since"
          type="datetime-local"
          label={t("filters.after")}
          {...(isIncident ? { help: t("acrossReplay.sinceIncident") } : { value: since, required: true })}
        />
        <TextField name="until" type="datetime-local" label={t("filters.before")} help={t("replays.untilHelp")} />
      </FormRow>
      {!isIncident && (
        <FormRow>
          <TextField
            name="hosts"
            label={t("acrossReplay.hosts")}
            help={t("acrossReplay.hostsHelp")}
            placeholder="hooks.example.com"
          />
          <TextField
            name="causes"
            label={t("acrossReplay.causes")}
            help={t("acrossReplay.causesHelp")}
            placeholder="502, timeout"
          />
        </FormRow>
      )}
      <ChecksField
        name="statuses"
        label={t("replays.statuses")}
        choices={STATUSES.map((value) => ({ value, label: t(`replays.statusNames.${value}`) }))}
        value={["fail", "sending"]}
      />
      <PickListField
        source={eventTypesOf(undefined)}
        name="eventTypes"
        label={t("endpoints.types")}
        placeholder="invoice.paid, invoice.failed"
      />
    </>
  );
}

function planOf(values: FormValues, incident: string | undefined): Plan {
  const { since = "", until = "", hosts, causes, statuses, eventTypes } = values;
  return {
    ...(incident === undefined ? {} : { incident }),
    ...(since === "" ? {} : { since: fromLocalInput(since) }),
    ...(until === "" ? {} : { until: fromLocalInput(until) }),
    hosts: namesOf(hosts),
    causes: namesOf(causes),
    statuses: namesOf(statuses) as Status[] | null,
    eventTypes: namesOf(eventTypes),
    order: "oldest",
  };
}
