import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Send } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { AreaField, Form, type FormValues, SelectField } from "../components/form.tsx";
import { Loading } from "../components/state.tsx";
import { exampleTypes, toExampleBody } from "../lib/send-example.ts";
import { useFace } from "../session/face.ts";
import type { EndpointActionsProps } from "./endpoint-props.ts";

/** Messages that are searched for event types that are not registered. */
const RECENT = 50;

/** Sends an example of an event type to this endpoint only. There is always one: `posthorn.ping` is built in. */
export function SendExample({ app, endpoint }: EndpointActionsProps) {
  const { t } = useTranslation();
  const face = useFace();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const types = useExampleTypes(app, open);
  const send = useMutation({
    mutationFn: async (values: FormValues) => {
      const body = toExampleBody(values);
      if (body === null) throw new Error(t("endpoints.testNotJson"));
      return must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/send-example", {
          params: { path: { app_id: app, endpoint_id: endpoint.id } },
          body: { eventType: values["eventType"]! },
          // As it was typed: numbers such as 1.0 would not survive being parsed and written again.
          bodySerializer: () => body,
        }),
      );
    },
    onSuccess: (message) => navigate(face.message(app, message.id)),
  });
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
        onSubmit={(values) => send.mutate(values)}
        error={send.error}
        foot={
          <>
            <Button onClick={() => setOpen(false)}>{t("actions.cancel")}</Button>
            <Button type="submit" kind="primary" disabled={send.isPending || types === null}>
              {t("actions.send")}
            </Button>
          </>
        }
      >
        <p className="muted">{t("endpoints.testText")}</p>
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
        <AreaField
          name="payload"
          label={t("endpoints.testPayload")}
          help={t("endpoints.testPayloadHelp")}
          placeholder={'{ "id": "inv_1042" }'}
        />
      </Form>
    </Dialog>
  );
}

/** Names of event types of which an example can be sent; `null` while they load. A list that cannot be loaded is left out. */
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
