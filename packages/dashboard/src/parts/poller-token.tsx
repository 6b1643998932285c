import { useMutation } from "@tanstack/react-query";
import { Eye, RefreshCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { FormDialog } from "../components/form-dialog.tsx";
import { FormError, type FormValues, SelectField } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { Card } from "../components/page.tsx";
import { GRACE, type Grace } from "../lib/grace.ts";

export interface PollerTokenProps {
  readonly app: string;
  readonly endpoint: string;
}

/** Token that reads the feed of one endpoint. The first look creates it. */
export function PollerToken({ app, endpoint }: PollerTokenProps) {
  const { t } = useTranslation();
  const path = { app_id: app, endpoint_id: endpoint };
  const [revoked, setRevoked] = useState(false);
  const reveal = useMutation({
    mutationFn: () => must(api.GET("/api/v1/auth/app/{app_id}/poller/{endpoint_id}/token", { params: { path } })),
    onSuccess: () => setRevoked(false),
  });
  const revoke = async (): Promise<void> => {
    await must(api.DELETE("/api/v1/auth/app/{app_id}/poller/{endpoint_id}/token", { params: { path } }));
    reveal.reset();
    setRevoked(true);
  };
  return (
    <Card title={t("feed.token")} lead={t("feed.tokenLead")}>
      <p>{reveal.data === undefined ? <code>sk_poll_••••••••••••••••</code> : <Copyable text={reveal.data.token} />}</p>
      <FormError error={reveal.error} />
      {revoked && <p role="status">{t("feed.revoked")}</p>}
      <div className={formStyles["foot"]} data-start>
        <Button onClick={() => reveal.mutate()} disabled={reveal.isPending || reveal.data !== undefined}>
          <Eye aria-hidden />
          {t("actions.show")}
        </Button>
        <Rotate app={app} endpoint={endpoint} onRotated={() => reveal.mutate()} />
        <Confirm
          trigger={<Button kind="danger">{t("keys.revoke")}</Button>}
          title={t("feed.revokeTitle")}
          text={t("feed.revokeText")}
          action={t("keys.revoke")}
          danger
          onConfirm={revoke}
        />
      </div>
    </Card>
  );
}

function Rotate({ app, endpoint, onRotated }: PollerTokenProps & { readonly onRotated: () => void }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const rotate = useMutation({
    mutationFn: ({ grace = "day" }: FormValues) =>
      must(
        api.POST("/api/v1/auth/app/{app_id}/poller/{endpoint_id}/token/rotate", {
          params: { path: { app_id: app, endpoint_id: endpoint } },
          body: { oldTokenExpiry: GRACE[grace as Grace] },
        }),
      ),
    onSuccess: () => {
      setOpen(false);
      onRotated();
    },
  });
  return (
    <FormDialog
      trigger={
        <Button>
          <RefreshCw aria-hidden />
          {t("feed.rotate")}
        </Button>
      }
      title={t("feed.rotateTitle")}
      open={open}
      onOpenChange={setOpen}
      submit={t("feed.rotate")}
      onSubmit={(values) => rotate.mutate(values)}
      error={rotate.error}
      busy={rotate.isPending}
    >
      <GraceField label={t("feed.grace")} />
    </FormDialog>
  );
}

/** How long an earlier token or secret stays valid. */
export function GraceField({ label }: { readonly label: string }) {
  const { t } = useTranslation();
  return (
    <SelectField
      name="grace"
      label={label}
      value="day"
      choices={(Object.keys(GRACE) as Grace[]).map((value) => ({ value, label: t(`endpoints.graces.${value}`) }))}
    />
  );
}
