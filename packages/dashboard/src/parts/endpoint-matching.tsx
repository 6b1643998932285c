import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Form, type FormValues, TextField } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { isSource } from "../lib/source.ts";
import { useAudience } from "../session/audience.ts";
import { FilterCard } from "./filter-editor.tsx";
import { Transformation } from "./transformation.tsx";
import { namesOf, TypePicker } from "./type-picker.tsx";
import { routesKey } from "./use-routes.ts";
import { SaveFoot } from "../components/form-foot.tsx";
import type { Endpoint } from "./endpoint-props.ts";

export interface EndpointMatchingProps {
  readonly app: string;
  readonly endpoint: Endpoint;
}

/** Subscription of an endpoint: event types, channels, filter and transformation. */
export function EndpointMatching({ app, endpoint }: EndpointMatchingProps) {
  const { can } = useAudience();
  return (
    <>
      <EndpointTypes app={app} endpoint={endpoint} />
      <FilterCard app={app} id={endpoint.id} />
      {can("ManageTransformations") && <Transformation app={app} id={endpoint.id} />}
    </>
  );
}

function EndpointTypes({ app, endpoint }: EndpointMatchingProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  // Received events have no channels.
  const withChannels = !isSource(app);
  const save = useMutation({
    mutationFn: ({ eventTypes, channels }: FormValues) =>
      must(
        api.PATCH("/api/v1/app/{app_id}/endpoint/{endpoint_id}", {
          params: { path: { app_id: app, endpoint_id: endpoint.id } },
          body: { eventTypes: namesOf(eventTypes), ...(withChannels ? { channels: namesOf(channels) } : {}) },
        }),
      ),
    onSuccess: async (saved) => {
      queries.setQueryData(["endpoint", app, endpoint.id], saved);
      await queries.invalidateQueries({ queryKey: routesKey(app) });
    },
  });
  return (
    <Card title={t("endpoints.matching")} lead={t(withChannels ? "endpoints.matchingLead" : "routes.matchingLead")}>
      <Form
        needs="endpoints:write"
        key={endpoint.updatedAt}
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={<SaveFoot save={save} />}
      >
        <TypePicker app={app} value={endpoint.eventTypes ?? []} />
        {withChannels && (
          <TextField
            name="channels"
            label={t("messages.channels")}
            help={t("endpoints.channelsHelp")}
            value={endpoint.channels?.join(", ") ?? ""}
          />
        )}
      </Form>
    </Card>
  );
}
