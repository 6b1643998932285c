import { useMutation } from "@tanstack/react-query";
import { Stethoscope } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Form, FormError, type FormValues, TextField } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { parseRequest } from "../lib/raw-request.ts";
import { useAudience } from "../session/audience.ts";
import { CodeArea } from "./code-area.tsx";
import { Diagnosis } from "./diagnosis.tsx";

const EXAMPLE = `POST /webhooks HTTP/1.1
webhook-id: msg_…
webhook-timestamp: 1700000000
webhook-signature: v1,…

{"the": "body, exactly as it came"}`;

/** Diagnoses why a pasted request fails verification. It runs in the browser and sends nothing to the server. */
export function SignatureDoctor({ app, id }: { readonly app: string; readonly id: string }) {
  const { t } = useTranslation();
  const { can } = useAudience();
  const [pasted, setPasted] = useState("");
  const own = can("ViewEndpointSecret");
  const diagnose = useMutation({
    mutationFn: async ({ secret = "" }: FormValues) => {
      const { diagnoseStandard } = await import("@posthorn/webhooks/doctor");
      return diagnoseStandard(parseRequest(pasted), secret.trim() === "" ? await secretOf(app, id) : secret);
    },
  });
  return (
    <Card title={t("portal.doctor.title")} lead={t("portal.doctor.lead")}>
      <Form
        onSubmit={(values) => diagnose.mutate(values)}
        foot={
          <Button type="submit" kind="primary" disabled={pasted.trim() === "" || diagnose.isPending}>
            <Stethoscope aria-hidden />
            {t("doctor.ask")}
          </Button>
        }
      >
        <CodeArea
          label={t("portal.doctor.request")}
          help={t("portal.doctor.requestHelp")}
          value={pasted}
          onChange={setPasted}
          rows={9}
          placeholder={EXAMPLE}
        />
        <TextField
          name="secret"
          type="password"
          label={t("portal.doctor.secret")}
          help={t(own ? "portal.doctor.secretOwn" : "portal.doctor.secretHelp")}
          required={!own}
        />
      </Form>
      <FormError error={diagnose.error} />
      <div role="status">
        {diagnose.data !== undefined && <Diagnosis diagnosis={diagnose.data} ok={t("portal.doctor.ok")} />}
      </div>
    </Card>
  );
}

async function secretOf(app: string, id: string): Promise<string> {
  const path = { app_id: app, endpoint_id: id };
  const { key } = await must(api.GET("/api/v1/app/{app_id}/endpoint/{endpoint_id}/secret", { params: { path } }));
  return key;
}
