import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { type FormValues, SelectField } from "../components/form.tsx";
import { Loading } from "../components/state.tsx";
import { exampleTypes, toExampleBody } from "../lib/send-example.ts";
import { useAudience } from "../session/audience.ts";
import { CodeArea } from "./code-area.tsx";
import type { EndpointActionsProps } from "./endpoint-props.ts";
import { SendDialog } from "./send-dialog.tsx";

/** Number of recent messages in which unregistered event types are looked for. */
const RECENT = 50;

/** Dialog that sends an example of an event type to this endpoint only. `posthorn.ping` is always available. */
export function SendExample({ app, endpoint }: EndpointActionsProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [payload, setPayload] = useState("");
  const types = useExampleTypes(app, open);
  const send = useMutation({
    mutationFn: async (values: FormValues) => {
      const body = toExampleBody(values);
      if (body === null) throw new Error(t("endpoints.testNotJson"));
      return must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/send-example", {
          params: { path: { app_id: app, endpoint_id: endpoint.id } },
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
      lead={t("endpoints.testText")}
      open={open}
      onOpenChange={setOpen}
      onSubmit={(values) => send.mutate({ ...values, payload })}
      error={send.error}
      busy={send.isPending || types === null}
    >
      {types === null ? (
        <Loading lines={1} />
      ) : (
        <SelectField
          name="eventType"
          label={t("messages.type")}
          value={endpoint.eventTypes?.find((name) => types.includes(name)) ?? types[0]!}
          choices={types.map((name) => ({ value: name, label: name }))}
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
