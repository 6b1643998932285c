/** Retention periods of an application or a source. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Form, FormError, FormRow, type FormValues, TextField } from "../components/form.tsx";
import { SaveFoot } from "../components/form-foot.tsx";
import { Card } from "../components/page.tsx";

type Retention = components["schemas"]["ApplicationRetention"];

const KINDS = ["payload", "attempt", "failure"] as const;

export interface RetentionSettingsProps {
  /** ID of the application or source. */
  readonly app: string;
}

export function RetentionSettings({ app }: RetentionSettingsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const params = { path: { app_id: app } };
  const retention = useQuery({
    queryKey: ["retention", app],
    queryFn: () => must(api.GET("/api/v1/app/{app_id}/retention", { params })),
  });
  const save = useMutation({
    mutationFn: ({ payload = "", attempt = "", failure = "" }: FormValues) =>
      must(
        api.PUT("/api/v1/app/{app_id}/retention", {
          params,
          body: { payloadDays: daysOf(payload), attemptDays: daysOf(attempt), failureDays: daysOf(failure) },
        }),
      ),
    onSuccess: (saved) => queries.setQueryData(["retention", app], saved),
  });
  return (
    <Card title={t("retention.title")} lead={t("retention.lead")}>
      <FormError error={retention.error} />
      {retention.data !== undefined && (
        <Form
          needs="settings:write"
          key={retention.dataUpdatedAt}
          onSubmit={(values) => save.mutate(values)}
          error={save.error}
          foot={<SaveFoot save={save} />}
        >
          <FormRow>
            {KINDS.map((kind) => (
              <Period key={kind} kind={kind} retention={retention.data} />
            ))}
          </FormRow>
        </Form>
      )}
    </Card>
  );
}

function Period({ kind, retention }: { readonly kind: (typeof KINDS)[number]; readonly retention: Retention }) {
  const { t } = useTranslation();
  const { own, server, days, from } = retention[kind];
  const applies = t(from === "server" ? "retention.fromServer" : "retention.fromApplication", { count: days });
  return (
    <TextField
      name={kind}
      type="number"
      min={1}
      max={server}
      label={t(`retention.${kind}`)}
      value={own === null ? "" : String(own)}
      placeholder={String(server)}
      help={t("retention.help", { applies, server })}
    />
  );
}

function daysOf(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}
