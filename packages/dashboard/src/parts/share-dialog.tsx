/** Dialog that creates, lists and revokes shared links of a message or an attempt. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Share2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { Dialog } from "../components/dialog.tsx";
import { AreaField, Form, type FormValues, SelectField, SwitchField, TextField } from "../components/form.tsx";
import { Facts } from "../components/page.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";

const DAYS = ["1", "7", "30", "90"] as const;

export interface ShareDialogProps {
  readonly app: string;
  readonly message: string;
  /** Absent: shares the message. */
  readonly attempt?: string;
}

export function ShareDialog(props: ShareDialogProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <Dialog
      needs="payloads:read"
      trigger={
        <Button small>
          <Share2 aria-hidden />
          {t("share.open")}
        </Button>
      }
      title={t(props.attempt === undefined ? "share.title" : "share.titleAttempt")}
      open={open}
      onOpenChange={setOpen}
      wide
    >
      {open && <ShareForm {...props} />}
      {open && <Links {...props} />}
    </Dialog>
  );
}

function ShareForm({ app, message, attempt }: ShareDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [days, setDays] = useState<string>("7");
  const [hidesBodies, setHidesBodies] = useState(false);
  const creating = useMutation({
    mutationFn: (values: FormValues) =>
      must(
        api.POST("/api/v1/app/{app_id}/msg/{msg_id}/share", {
          params: { path: { app_id: app, msg_id: message } },
          body: {
            attemptId: attempt ?? null,
            expiresInSeconds: Number(days) * 86_400,
            redact: {
              hideBodies: hidesBodies,
              headers: words(values["headers"], /[\s,]+/),
              fields: words(values["fields"], /\n/),
            },
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["shares", app, message] }),
  });
  return (
    <Form
      onSubmit={(values) => creating.mutate(values)}
      error={creating.error}
      foot={
        <Button type="submit" kind="primary" disabled={creating.isPending}>
          {t("share.create")}
        </Button>
      }
    >
      <p className="muted">{t("share.lead")}</p>
      <SelectField
        label={t("share.validity")}
        value={days}
        onChange={setDays}
        choices={DAYS.map((value) => ({ value, label: t("share.days", { count: Number(value) }) }))}
      />
      <SwitchField label={t("share.hideBodies")} checked={hidesBodies} onChange={setHidesBodies} />
      {!hidesBodies && (
        <AreaField
          name="fields"
          label={t("share.fields")}
          help={t("share.fieldsHelp")}
          placeholder="$.customer.email"
          rows={2}
        />
      )}
      <TextField name="headers" label={t("share.headers")} help={t("share.headersHelp")} />
      {creating.data !== undefined && (
        <>
          <Note tone="good">{t("share.created")}</Note>
          <CodeBlock label={t("share.url")} text={creating.data.url} />
        </>
      )}
    </Form>
  );
}

function words(value: string | undefined, separator: RegExp): string[] {
  return (value ?? "")
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function Links({ app, message, attempt }: ShareDialogProps) {
  const { t } = useTranslation();
  const path = { app_id: app, msg_id: message };
  const links = useQuery({
    queryKey: ["shares", app, message],
    queryFn: () =>
      must(api.GET("/api/v1/app/{app_id}/msg/{msg_id}/share", { params: { path, query: { limit: 250 } } })),
  });
  const rows = (links.data?.data ?? []).filter(({ attemptId }) => attemptId === (attempt ?? null));
  if (rows.length === 0) return null;
  return (
    <>
      <h3>{t("share.links")}</h3>
      {rows.map((row) => (
        <LinkRow key={row.id} link={row} queryKey={["shares", app, message]} />
      ))}
    </>
  );
}

function LinkRow({
  link,
  queryKey,
}: {
  readonly link: components["schemas"]["ShareOut"];
  readonly queryKey: readonly string[];
}) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const revoking = useMutation({
    mutationFn: () => must(api.DELETE("/api/v1/share/{share_id}", { params: { path: { share_id: link.id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey }),
  });
  return (
    <>
      <Facts
        facts={[
          [t("endpoints.state"), <Badge key="state">{t(`share.states.${link.state}`)}</Badge>],
          [t("share.createdBy"), link.createdBy],
          [t("share.expires"), <Time key="end" at={link.expiresAt} />],
          [t("share.views"), String(link.views)],
        ]}
      />
      {link.state === "active" && (
        <Button small kind="danger" disabled={revoking.isPending} onClick={() => revoking.mutate()}>
          {t("share.revoke")}
        </Button>
      )}
      {revoking.error !== null && <Note tone="bad">{revoking.error.message}</Note>}
    </>
  );
}
