import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { ChecksField, Form, FormRow, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { Card, Columns, Page } from "../components/page.tsx";
import { PickField, PickListField } from "../components/pick-field.tsx";
import { Empty } from "../components/state.tsx";
import { fromLocalInput, toLocalInput } from "../lib/local-input.ts";
import { APPLICATIONS, endpointsOf, eventTypesOf } from "../lib/option-sources.ts";
import { DryRunResult } from "../parts/dry-run-result.tsx";
import { namesOf } from "../parts/type-picker.tsx";

type Plan = components["schemas"]["ReplayPlanIn"];
type Status = NonNullable<Plan["statuses"]>[number];

const STATUSES: readonly Status[] = ["fail", "canceled", "success", "pending", "sending"];
const DAY_MS = 86_400_000;

/** Form for a new replay: a dry run counts the messages before the replay starts. */
export function NewReplay() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const search = useSearch({ from: "/operator/replays/new" });
  const [app, setApp] = useState(search.app ?? "");
  const [planned, setPlanned] = useState<Plan | null>(null);
  const params = { path: { app_id: app } };
  const plan = useMutation({
    mutationFn: (body: Plan) => must(api.POST("/api/v1/app/{app_id}/replay/dry-run", { params, body })),
    onSuccess: (_counts, body) => setPlanned(body),
  });
  const start = useMutation({
    mutationFn: (body: components["schemas"]["ReplayJobIn"]) =>
      must(api.POST("/api/v1/app/{app_id}/replay", { params, body })),
    onSuccess: ({ id }) => navigate({ to: "/replays/$app/$replay", params: { app, replay: id } }),
  });
  const forget = (): void => {
    setPlanned(null);
    plan.reset();
  };
  return (
    <Page
      title={t("replays.new")}
      lead={t("replays.newLead")}
      crumbs={[
        <Link key="all" to="/replays">
          {t("replays.title")}
        </Link>,
      ]}
    >
      <Columns>
        <Card title={t("replays.what")}>
          <PickField
            source={APPLICATIONS}
            label={t("applications.one")}
            placeholder={t("pick.placeholder")}
            value={app}
            onChange={(value) => {
              setApp(value);
              forget();
            }}
          />
          {app === "" ? (
            <p className="muted">{t("replays.chooseApp")}</p>
          ) : (
            <Form
              needs="messages:replay"
              needsIn={app}
              key={app}
              onSubmit={(values) => plan.mutate(planOf(values))}
              error={plan.error}
              foot={
                <Button type="submit" disabled={plan.isPending}>
                  {t("replays.dryRun")}
                </Button>
              }
            >
              <SelectionFields app={app} endpoint={search.endpoint} />
            </Form>
          )}
        </Card>
        <Card title={t("replays.plan")} lead={t("replays.planLead")}>
          {plan.data === undefined || planned === null ? (
            <Empty>{t("replays.noPlan")}</Empty>
          ) : (
            <DryRunResult
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

function SelectionFields({ app, endpoint }: { readonly app: string; readonly endpoint: string | undefined }) {
  const { t } = useTranslation();
  const [since] = useState(() => toLocalInput(Date.now() - DAY_MS));
  return (
    <>
      <FormRow>
        <TextField name="since" type="datetime-local" label={t("filters.after")} value={since} required />
        <TextField name="until" type="datetime-local" label={t("filters.before")} help={t("replays.untilHelp")} />
      </FormRow>
      <ChecksField
        name="statuses"
        label={t("replays.statuses")}
        choices={STATUSES.map((value) => ({ value, label: t(`replays.statusNames.${value}`) }))}
        value={["fail"]}
      />
      <PickListField
        source={endpointsOf(app)}
        name="endpoints"
        label={t("endpoints.title")}
        help={t("replays.endpointsHelp")}
        value={endpoint === undefined ? [] : [endpoint]}
      />
      <FormRow>
        <PickListField
          source={eventTypesOf(app)}
          name="eventTypes"
          label={t("endpoints.types")}
          placeholder="invoice.paid, invoice.failed"
        />
        <SelectField
          name="order"
          label={t("replays.order")}
          value="oldest"
          choices={[
            { value: "oldest", label: t("replays.oldest") },
            { value: "newest", label: t("replays.newest") },
          ]}
        />
      </FormRow>
    </>
  );
}

function planOf({ since = "", until = "", statuses, endpoints, eventTypes, order }: FormValues): Plan {
  return {
    since: fromLocalInput(since),
    ...(until === "" ? {} : { until: fromLocalInput(until) }),
    statuses: namesOf(statuses) as Status[] | null,
    endpoints: namesOf(endpoints),
    eventTypes: namesOf(eventTypes),
    order: order === "newest" ? "newest" : "oldest",
  };
}
