import { useMutation } from "@tanstack/react-query";
import { Eye, RefreshCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { FormError, type FormValues, TextField } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { Card } from "../components/page.tsx";
import { useAudience } from "../session/audience.ts";
import { FormDialog } from "../components/form-dialog.tsx";
import { GRACE, type Grace } from "../lib/grace.ts";
import { GraceField } from "./grace-field.tsx";

interface Ref {
  readonly app: string;
  readonly id: string;
}

/** Signing secret of an endpoint. It is loaded only when the reader reveals it. */
export function Secret({ app, id }: Ref) {
  const { t } = useTranslation();
  const { can } = useAudience();
  const path = { app_id: app, endpoint_id: id };
  const reveal = useMutation({
    mutationFn: () => must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/secret", { params: { path } })),
  });
  return (
    <Card
      title={t("endpoints.secret")}
      lead={t(can("ViewEndpointSecret") ? "endpoints.secretLead" : "portal.signing.hidden")}
    >
      {reveal.data === undefined ? (
        <p>
          <code>whsec_••••••••••••••••</code>
        </p>
      ) : (
        <p>
          <Copyable text={reveal.data.key} />
        </p>
      )}
      <FormError error={reveal.error} />
      <div className={formStyles["foot"]} data-start>
        {can("ViewEndpointSecret") && (
          <Button onClick={() => reveal.mutate()} disabled={reveal.isPending || reveal.data !== undefined}>
            <Eye aria-hidden />
            {t("actions.show")}
          </Button>
        )}
        {can("ManageEndpointSecret") && <Rotate app={app} id={id} onRotated={() => reveal.reset()} />}
      </div>
    </Card>
  );
}

function Rotate({ app, id, onRotated }: Ref & { readonly onRotated: () => void }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState(false);
  const rotate = useMutation({
    mutationFn: ({ key = "", grace = "day" }: FormValues) =>
      must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/secret/rotate", {
          params: { path: { app_id: app, endpoint_id: id } },
          body: { gracePeriodSeconds: GRACE[grace as Grace], ...(key.trim() === "" ? {} : { key: key.trim() }) },
        }),
      ),
    onSuccess: () => {
      setOpen(false);
      setDone(true);
      onRotated();
    },
  });
  return (
    <>
      {done && <span role="status">{t("endpoints.rotated")}</span>}
      <FormDialog
        needs="endpoints:write"
        trigger={
          <Button>
            <RefreshCw aria-hidden />
            {t("endpoints.rotate")}
          </Button>
        }
        title={t("endpoints.rotateTitle")}
        open={open}
        onOpenChange={setOpen}
        submit={t("endpoints.rotate")}
        onSubmit={(values) => rotate.mutate(values)}
        error={rotate.error}
        busy={rotate.isPending}
      >
        <p className="muted">{t("endpoints.rotateText")}</p>
        <GraceField label={t("endpoints.grace")} />
        <TextField name="key" label={t("endpoints.ownSecret")} help={t("endpoints.ownSecretHelp")} />
      </FormDialog>
    </>
  );
}
