import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { ErrorText } from "../components/error-text.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { type FormValues, SelectField, TextField } from "../components/form.tsx";
import { PickField } from "../components/pick-field.tsx";
import { endpointsOf } from "../lib/option-sources.ts";
import { ListSection } from "../components/list-page.tsx";
import { Note } from "../components/state.tsx";
import { builtInLanguage } from "../i18n/i18n.ts";
import { Time } from "../components/time.tsx";
import { Url } from "../components/url.tsx";
import { useAudience } from "../session/audience.ts";
import { DeleteRow } from "./delete-row.tsx";

type Recipient = components["schemas"]["AlertRecipientOut"];

const DIGESTS = ["off", "hourly", "daily"] as const;
const recipientsOf = (app: string) => ["alert-recipients", app] as const;
const pathOf = (app: string, recipient: Recipient) => ({ path: { app_id: app, recipient_id: recipient.id } });

/** Email addresses and endpoints that are notified when an endpoint of the application fails. */
export function AlertRecipients({ app }: { readonly app: string }) {
  const { t } = useTranslation();
  const mayChange = useAudience().can("ManageEndpoint");
  const options = useQuery({ queryKey: [...recipientsOf(app), "options"], queryFn: () => read(app) });
  const endpoints = useEndpoints(app);
  const list = useList(recipientsOf(app), async () => ({ data: (await read(app)).data, done: true }));
  const { enabled = true, emailAvailable = false } = options.data ?? {};
  return (
    <ListSection
      title={t("recipients.title")}
      lead={t("recipients.lead")}
      actions={mayChange && enabled && <NewRecipient app={app} hasEmail={emailAvailable} endpoints={endpoints ?? []} />}
      list={list}
      rowKey={({ id }) => id}
      empty={t("recipients.none")}
      columns={[
        {
          key: "to",
          label: t("recipients.to"),
          cell: ({ email, endpointId }) =>
            email ?? <Url url={endpoints?.find(({ id }) => id === endpointId)?.url ?? endpointId ?? ""} />,
        },
        {
          key: "state",
          label: t("recipients.state"),
          tight: true,
          cell: ({ state }) => (
            <Badge tone={state === "active" ? "good" : "warn"}>{t(`recipients.states.${state}`)}</Badge>
          ),
        },
        { key: "digest", label: t("alerts.digest"), tight: true, cell: ({ digest }) => t(`alerts.digests.${digest}`) },
        {
          key: "sent",
          label: t("recipients.sent"),
          tight: true,
          cell: ({ sentAt }) => (sentAt === null ? t("recipients.never") : <Time at={sentAt} relative />),
        },
        {
          key: "actions",
          label: t("subscriptions.actions"),
          tight: true,
          end: true,
          cell: (recipient) => mayChange && <RowActions app={app} recipient={recipient} />,
        },
      ]}
    >
      {!enabled && <Note tone="info">{t("recipients.off")}</Note>}
    </ListSection>
  );
}

function read(app: string) {
  return must(api.GET("/api/v1/app/{app_id}/alert-recipient", { params: { path: { app_id: app } } }));
}

/** A customer has few endpoints. */
function useEndpoints(app: string) {
  const endpoints = useQuery({
    queryKey: ["endpoints", app, "recipients"],
    queryFn: () =>
      must(api.GET("/api/v1/app/{app_id}/endpoint", { params: { path: { app_id: app }, query: { limit: 250 } } })),
  });
  return endpoints.data?.data;
}

function RowActions({ app, recipient }: { readonly app: string; readonly recipient: Recipient }) {
  const { t } = useTranslation();
  const resend = useMutation({
    mutationFn: () =>
      must(api.POST("/api/v1/app/{app_id}/alert-recipient/{recipient_id}/resend", { params: pathOf(app, recipient) })),
  });
  return (
    <>
      {recipient.state === "unconfirmed" && (
        <Button small disabled={resend.isPending || resend.isSuccess} onClick={() => resend.mutate()}>
          {t(resend.isSuccess ? "recipients.resent" : "recipients.resend")}
        </Button>
      )}
      <DeleteRow
        needs="endpoints:write"
        action={t("recipients.remove")}
        title={t("recipients.removeTitle")}
        text={t("recipients.removeText")}
        lists={[recipientsOf(app)]}
        remove={() =>
          must(api.DELETE("/api/v1/app/{app_id}/alert-recipient/{recipient_id}", { params: pathOf(app, recipient) }))
        }
      />
      {resend.error !== null && <ErrorText error={resend.error} />}
    </>
  );
}

interface NewRecipientProps {
  readonly app: string;
  /** Whether the server sends emails. */
  readonly hasEmail: boolean;
  readonly endpoints: readonly { readonly id: string; readonly url: string }[];
}

function NewRecipient({ app, hasEmail, endpoints }: NewRecipientProps) {
  const { t, i18n } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  // `hasEmail` becomes known only after the first rendering.
  const [chosen, setChosen] = useState<"email" | "endpoint" | null>(null);
  const kind = chosen ?? (hasEmail ? "email" : "endpoint");
  const add = useMutation({
    mutationFn: ({ email = "", endpoint = "", digest = "off" }: FormValues) =>
      must(
        api.POST("/api/v1/app/{app_id}/alert-recipient", {
          params: { path: { app_id: app } },
          body: {
            ...(kind === "email" ? { email } : { endpoint }),
            digest: digest as (typeof DIGESTS)[number],
            locale: builtInLanguage(i18n.language),
          },
        }),
      ),
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: recipientsOf(app) });
    },
  });
  return (
    <FormDialog
      needs="endpoints:write"
      trigger={<AddButton>{t("recipients.add")}</AddButton>}
      title={t("recipients.add")}
      open={open}
      onOpenChange={setOpen}
      submit={t(kind === "email" ? "recipients.sendLink" : "actions.create")}
      onSubmit={(values) => add.mutate(values)}
      error={add.error}
      busy={add.isPending}
    >
      {hasEmail && (
        <SelectField
          label={t("recipients.kind")}
          value={kind}
          onChange={(value) => setChosen(value === "endpoint" ? "endpoint" : "email")}
          choices={(["email", "endpoint"] as const).map((value) => ({ value, label: t(`recipients.kinds.${value}`) }))}
        />
      )}
      {kind === "email" ? (
        <TextField name="email" type="email" label={t("recipients.email")} help={t("recipients.emailHelp")} required />
      ) : (
        <PickField
          name="endpoint"
          source={endpointsOf(app)}
          label={t("endpoints.one")}
          help={t("recipients.endpointHelp")}
          value={endpoints[0]?.id ?? ""}
          required
        />
      )}
      <SelectField
        name="digest"
        label={t("alerts.digest")}
        value="off"
        choices={DIGESTS.map((value) => ({ value, label: t(`alerts.digests.${value}`) }))}
      />
    </FormDialog>
  );
}
