import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { type FormValues, SelectField } from "../components/form.tsx";
import { useAudience } from "../session/audience.ts";
import { EndpointSwitch } from "./endpoint-switch.tsx";
import { SendExample } from "./send-example.tsx";
import { TestDestination } from "./test-destination.tsx";
import { FormDialog } from "../components/form-dialog.tsx";

import type { EndpointActionsProps } from "./endpoint-props.ts";

export function EndpointActions({ app, endpoint }: EndpointActionsProps) {
  const { can } = useAudience();
  return (
    <>
      {can("CreateAttempts") && endpoint.kind === "http" && <SendExample app={app} endpoint={endpoint} />}
      {can("CreateAttempts") && endpoint.kind !== "http" && <TestDestination app={app} endpoint={endpoint} />}
      {can("CreateAttempts") && <Recover app={app} endpoint={endpoint} />}
      {can("ManageEndpoint") && !endpoint.disabled && <EndpointSwitch app={app} endpoint={endpoint} />}
    </>
  );
}

const HOUR_MS = 3_600_000;
const SPANS = { hour: 1, day: 24, week: 168 } as const;
type Span = keyof typeof SPANS;

/** Recovers messages that failed, or that were never sent to the endpoint. */
function Recover({ app, endpoint }: EndpointActionsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const audience = useAudience();
  const [open, setOpen] = useState(false);
  const path = { app_id: app, endpoint_id: endpoint.id };
  const recover = useMutation({
    mutationFn: ({ span, what }: FormValues) => {
      const body = { since: new Date(Date.now() - SPANS[span as Span] * HOUR_MS).toISOString() };
      return what === "missing"
        ? must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/replay-missing", { params: { path }, body }))
        : must(api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/recover", { params: { path }, body }));
    },
    onSuccess: async ({ id }) => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: ["replays"] });
      await navigate(audience.replay(app, id));
    },
  });
  return (
    <FormDialog
      needs="messages:replay"
      trigger={
        <Button>
          <RotateCcw aria-hidden />
          {t("endpoints.recover")}
        </Button>
      }
      title={t("endpoints.recoverTitle")}
      open={open}
      onOpenChange={setOpen}
      submit={t("endpoints.recover")}
      onSubmit={(values) => recover.mutate(values)}
      error={recover.error}
      busy={recover.isPending}
    >
      <SelectField
        name="what"
        label={t("endpoints.recoverWhat")}
        value="failed"
        choices={[
          { value: "failed", label: t("endpoints.recoverFailed") },
          { value: "missing", label: t("endpoints.recoverMissing") },
        ]}
      />
      <SelectField
        name="span"
        label={t("filters.range")}
        value="day"
        choices={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: t(`endpoints.spans.${value}`) }))}
      />
    </FormDialog>
  );
}
