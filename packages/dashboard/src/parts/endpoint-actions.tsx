import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { RotateCcw, Send } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Form, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { useFace } from "../session/face.ts";
import { EndpointSwitch } from "./endpoint-switch.tsx";
import type { Endpoint } from "./endpoint-view.tsx";

export interface EndpointActionsProps {
  readonly app: string;
  readonly endpoint: Endpoint;
}

export function EndpointActions({ app, endpoint }: EndpointActionsProps) {
  const { can } = useFace();
  return (
    <>
      {can("CreateAttempts") && <TestSend app={app} endpoint={endpoint} />}
      {can("CreateAttempts") && <Recover app={app} endpoint={endpoint} />}
      {can("ManageEndpoint") && !endpoint.disabled && <EndpointSwitch app={app} endpoint={endpoint} />}
    </>
  );
}

/** Sends the example of an event type to this endpoint alone. */
function TestSend({ app, endpoint }: EndpointActionsProps) {
  const { t } = useTranslation();
  const face = useFace();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const types = useQuery({
    queryKey: ["event-types", "names"],
    queryFn: () => must(api.GET("/api/v1/event-type", { params: { query: { limit: 250 } } })),
    enabled: open,
  });
  const send = useMutation({
    mutationFn: (eventType: string) =>
      must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/send-example", {
          params: { path: { app_id: app, endpoint_id: endpoint.id } },
          body: { eventType },
        }),
      ),
    onSuccess: (message) => navigate(face.message(app, message.id)),
  });
  const known = types.data?.data ?? [];
  return (
    <Dialog
      trigger={
        <Button>
          <Send aria-hidden />
          {t("endpoints.test")}
        </Button>
      }
      title={t("endpoints.test")}
      open={open}
      onOpenChange={setOpen}
    >
      <Form
        onSubmit={({ eventType = "" }) => send.mutate(eventType)}
        error={send.error}
        foot={
          <>
            <Button onClick={() => setOpen(false)}>{t("actions.cancel")}</Button>
            <Button type="submit" kind="primary" disabled={send.isPending}>
              {t("actions.send")}
            </Button>
          </>
        }
      >
        <p className="muted">{t("endpoints.testText")}</p>
        {known.length === 0 ? (
          <TextField name="eventType" label={t("messages.type")} required />
        ) : (
          <SelectField
            name="eventType"
            label={t("messages.type")}
            value={endpoint.eventTypes?.[0] ?? known[0]!.name}
            choices={known.map(({ name }) => ({ value: name, label: name }))}
          />
        )}
      </Form>
    </Dialog>
  );
}

const HOUR_MS = 3_600_000;
const SPANS = { hour: 1, day: 24, week: 168 } as const;
type Span = keyof typeof SPANS;

/** Makes what failed, or was never sent, due again. */
function Recover({ app, endpoint }: EndpointActionsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const face = useFace();
  const [open, setOpen] = useState(false);
  const path = { app_id: app, endpoint_id: endpoint.id };
  const recover = useMutation({
    mutationFn: ({ span, what }: FormValues) => {
      const body = { since: new Date(Date.now() - SPANS[span as Span] * HOUR_MS).toISOString() };
      return what === "missing"
        ? must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/replay-missing", { params: { path }, body }))
        : must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/recover", { params: { path }, body }));
    },
    onSuccess: async ({ id }) => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["replays"] });
      await navigate(face.replay(app, id));
    },
  });
  return (
    <Dialog
      trigger={
        <Button>
          <RotateCcw aria-hidden />
          {t("endpoints.recover")}
        </Button>
      }
      title={t("endpoints.recoverTitle")}
      open={open}
      onOpenChange={setOpen}
    >
      <Form
        onSubmit={(values) => recover.mutate(values)}
        error={recover.error}
        foot={
          <>
            <Button onClick={() => setOpen(false)}>{t("actions.cancel")}</Button>
            <Button type="submit" kind="primary" disabled={recover.isPending}>
              {t("endpoints.recover")}
            </Button>
          </>
        }
      >
        <SelectField
          name="what"
          label={t("endpoints.recoverWhat")}
          value="failed"
          choices={[
            { value: "failed", label: t("endpoints.recoverFailed") },
            { value: "missing", label: t("endpoints.recoverMissing") },
          ]}
        />
        <SelectField
          name="span"
          label={t("filters.range")}
          value="day"
          choices={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: t(`endpoints.spans.${value}`) }))}
        />
      </Form>
    </Dialog>
  );
}
