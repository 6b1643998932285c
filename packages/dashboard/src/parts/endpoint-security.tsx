import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Tags } from "../components/badge.tsx";
import { AreaField, Form, type FormValues, TextField } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { headersOf } from "../lib/headers-text.ts";
import { useAudience } from "../session/audience.ts";
import { EndpointEgress } from "./endpoint-egress.tsx";
import { Signing } from "./signing.tsx";
import { SaveFoot } from "../components/form-foot.tsx";
import type { Endpoint } from "./endpoint-props.ts";

export interface EndpointSecurityProps {
  readonly app: string;
  readonly endpoint: Endpoint;
}

export function EndpointSecurity({ app, endpoint }: EndpointSecurityProps) {
  const { can } = useAudience();
  return (
    <>
      <Signing app={app} id={endpoint.id} />
      {can("ManageEndpoint") && <Headers app={app} id={endpoint.id} />}
      <EndpointEgress app={app} id={endpoint.id} />
    </>
  );
}

interface Ref {
  readonly app: string;
  readonly id: string;
}

function Headers({ app, id }: Ref) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { app_id: app, endpoint_id: id };
  const key = ["headers", app, id];
  const headers = useQuery({
    queryKey: key,
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/headers", { params: { path } })),
  });
  const save = useMutation({
    mutationFn: ({ headers: text = "", remove = "" }: FormValues) =>
      must(
        api.PATCH("/api/v1/app/{app_id}/endpoint/{endpoint_id}/headers", {
          params: { path },
          body: {
            headers: { ...removedHeaders(headers.data?.headers ?? {}, text), ...headersOf(text) },
            deleteHeaders: remove.split(/[,\s]+/).filter((name) => name !== ""),
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
  });
  if (headers.error !== null) return <Failed error={headers.error} retry={() => void headers.refetch()} />;
  if (headers.data === undefined) return <Loading />;
  const { sensitive } = headers.data;
  const shown = Object.entries(headers.data.headers);
  return (
    <Card title={t("endpoints.headers")} lead={t("endpoints.headersLead")}>
      <Form
        needs="endpoints:write"
        key={headers.dataUpdatedAt}
        onSubmit={(values) => save.mutate(values)}
        error={save.error}
        foot={<SaveFoot save={save} />}
      >
        <AreaField
          name="headers"
          label={t("endpoints.headersText")}
          value={shown.map(([name, value]) => `${name}: ${value}`).join("\n")}
          placeholder={"x-team: billing"}
          rows={4}
        />
        {sensitive.length > 0 && (
          <>
            <p className="muted">
              {t("endpoints.sensitive")} <Tags names={sensitive} />
            </p>
            <TextField name="remove" label={t("endpoints.removeHeaders")} />
          </>
        )}
      </Form>
    </Card>
  );
}

/** Headers that were removed from the text, as a patch. */
function removedHeaders(before: Readonly<Record<string, string>>, text: string): Record<string, null> {
  const names = new Set(Object.keys(headersOf(text)).map((name) => name.toLowerCase()));
  const gone = Object.keys(before).filter((name) => !names.has(name.toLowerCase()));
  return Object.fromEntries(gone.map((name) => [name, null]));
}
