import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { FormValues } from "../components/form.tsx";
import { PickField } from "../components/pick-field.tsx";
import { endpointsOf, exampleTypesOf } from "../lib/option-sources.ts";
import { Loading, Note } from "../components/state.tsx";
import { useDialog } from "../components/use-dialog.ts";
import { exampleTypes, toExampleBody } from "../lib/send-example.ts";
import { useAudience } from "../session/audience.ts";
import { CodeArea } from "./code-area.tsx";
import type { Endpoint } from "./endpoint-props.ts";
import { SendDialog } from "./send-dialog.tsx";

/** Number of recent messages that are searched for unregistered event types. */
const RECENT = 50;

interface SendExampleProps {
  readonly app: string;
  /** The endpoint that receives it. If absent, the reader chooses an endpoint of the application. */
  readonly endpoint?: Endpoint;
}

/** Dialog that sends an example of an event type to one endpoint only. `webhook.ping` is always available. */
export function SendExample({ app, endpoint }: SendExampleProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  const navigate = useNavigate();
  const [open, setOpen] = useDialog("send-example");
  const [payload, setPayload] = useState("");
  const types = useExampleTypes(app, open);
  const endpoints = useWebhooks(app, open && endpoint === undefined);
  const send = useMutation({
    mutationFn: async (values: FormValues) => {
      const body = toExampleBody(values);
      if (body === null) throw new Error(t("endpoints.testNotJson"));
      return must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/send-example", {
          params: { path: { app_id: app, endpoint_id: endpoint?.id ?? values["endpoint"]! } },
          body: { eventType: values["eventType"]! },
          // Sent as text: parsing and serialising would change numbers such as 1.0.
          bodySerializer: () => body,
        }),
      );
    },
    onSuccess: (message) => navigate(audience.message(app, message.id)),
  });
  return (
    <SendDialog
      title={t("endpoints.test")}
      lead={t(endpoint === undefined ? "endpoints.testTextAny" : "endpoints.testText")}
      open={open}
      onOpenChange={setOpen}
      onSubmit={(values) => send.mutate({ ...values, payload })}
      error={send.error}
      busy={send.isPending || types === null || endpoints?.length === 0}
    >
      {endpoints?.length === 0 && <Note tone="info">{t("endpoints.none")}</Note>}
      {endpoints !== undefined && endpoints.length > 0 && (
        <PickField
          name="endpoint"
          source={endpointsOf(app, "http")}
          label={t("endpoints.one")}
          value={endpoints[0]!.id}
          required
        />
      )}
      {types === null ? (
        <Loading lines={1} />
      ) : (
        <PickField
          name="eventType"
          source={exampleTypesOf(app)}
          label={t("messages.type")}
          value={endpoint?.eventTypes?.find((name) => types.includes(name)) ?? types[0]!}
          required
        />
      )}
      <CodeArea
        label={t("endpoints.testPayload")}
        help={t("endpoints.testPayloadHelp")}
        value={payload}
        onChange={setPayload}
        rows={6}
        language="json"
        placeholder={'{ "id": "inv_1042" }'}
      />
    </SendDialog>
  );
}

/** Webhooks of the application; `undefined` while loading, and if they are not needed. */
function useWebhooks(app: string, enabled: boolean): readonly Endpoint[] | undefined {
  const endpoints = useQuery({
    queryKey: ["endpoints", app, "choices"],
    queryFn: () =>
      must(api.GET("/api/v1/app/{app_id}/endpoint", { params: { path: { app_id: app }, query: { limit: 250 } } })),
    enabled,
  });
  return endpoints.data?.data.filter(({ kind }) => kind === "http");
}

/** Names of the event types with an example; `null` while loading. Types whose list fails to load are omitted. */
function useExampleTypes(app: string, enabled: boolean): readonly string[] | null {
  const types = useQuery({
    queryKey: ["event-types", "names"],
    queryFn: () => must(api.GET("/api/v1/event-type", { params: { query: { limit: 250 } } })),
    enabled,
  });
  const recent = useQuery({
    queryKey: ["samples", app],
    queryFn: () =>
      must(
        api.GET("/api/v1/app/{app_id}/msg", {
          params: { path: { app_id: app }, query: { limit: RECENT, with_content: false } },
        }),
      ),
    enabled,
  });
  if (types.isPending || recent.isPending) return null;
  return exampleTypes(
    types.data?.data.map(({ name }) => name) ?? [],
    recent.data?.data.map(({ eventType }) => eventType) ?? [],
  );
}
