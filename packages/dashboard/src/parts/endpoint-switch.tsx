import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Power } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { Confirm, Dialog } from "../components/dialog.tsx";
import { Form, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { formatNumber } from "../lib/format.ts";
import type { EndpointActionsProps } from "./endpoint-actions.tsx";
import { useFlow } from "./use-flow.ts";

const HELD = ["replay", "newest", "since", "discard"] as const;
type Held = (typeof HELD)[number];

/** On or off. What is owed to an endpoint that is off is held; who switches it on says what becomes of that. */
export function EndpointSwitch({ app, endpoint }: EndpointActionsProps) {
  const queries = useQueryClient();
  const renew = async (): Promise<void> => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["endpoint", app, endpoint.id] }),
      queries.invalidateQueries({ queryKey: ["endpoints", app] }),
      queries.invalidateQueries({ queryKey: ["stats"] }),
    ]);
  };
  return endpoint.disabled ? (
    <Enable app={app} id={endpoint.id} onDone={renew} />
  ) : (
    <Disable app={app} id={endpoint.id} onDone={renew} />
  );
}

interface SwitchProps {
  readonly app: string;
  readonly id: string;
  readonly onDone: () => Promise<void>;
}

function Disable({ app, id, onDone }: SwitchProps) {
  const { t } = useTranslation();
  const path = { app_id: app, endpoint_id: id };
  return (
    <Confirm
      trigger={
        <Button>
          <Power aria-hidden />
          {t("actions.disable")}
        </Button>
      }
      title={t("endpoints.disableTitle")}
      text={t("endpoints.disableText")}
      action={t("actions.disable")}
      onConfirm={async () => {
        await must(
          api.PATCH("/api/v1/app/{app_id}/endpoint/{endpoint_id}", { params: { path }, body: { disabled: true } }),
        );
        await onDone();
      }}
    />
  );
}

function enableBody(held: Held, since: string): components["schemas"]["EndpointEnableIn"] {
  return held === "since" ? { held, since: new Date(since).toISOString() } : { held };
}

function Enable({ app, id, onDone }: SwitchProps) {
  const { t, i18n } = useTranslation();
  const flow = useFlow(app, id);
  const [open, setOpen] = useState(false);
  const [held, setHeld] = useState<Held>("replay");
  const path = { app_id: app, endpoint_id: id };
  const enable = useMutation({
    mutationFn: ({ since = "" }: FormValues) =>
      must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/enable", {
          params: { path },
          body: enableBody(held, since),
        }),
      ),
    onSuccess: onDone,
  });
  const waiting = flow.data?.waiting;
  return (
    <Dialog
      trigger={
        <Button kind="primary">
          <Power aria-hidden />
          {t("actions.enable")}
        </Button>
      }
      title={t("endpoints.enableTitle")}
      open={open}
      onOpenChange={setOpen}
    >
      <Form
        onSubmit={(values) => enable.mutate(values)}
        error={enable.error}
        foot={
          <>
            <Button onClick={() => setOpen(false)}>{t("actions.cancel")}</Button>
            <Button type="submit" kind={held === "discard" ? "danger" : "primary"} disabled={enable.isPending}>
              {t("actions.enable")}
            </Button>
          </>
        }
      >
        {waiting !== undefined && (
          <p>
            {t("endpoints.heldNow", {
              count: waiting.due,
              value: `${formatNumber(i18n.language, waiting.due)}${waiting.exact ? "" : "+"}`,
            })}
          </p>
        )}
        <SelectField
          name="held"
          label={t("endpoints.heldLabel")}
          help={t(`endpoints.heldTexts.${held}`)}
          value={held}
          onChange={(value) => setHeld(HELD.find((one) => one === value) ?? "replay")}
          choices={HELD.map((value) => ({ value, label: t(`endpoints.heldChoices.${value}`) }))}
        />
        {held === "since" && <TextField name="since" type="datetime-local" label={t("filters.after")} required />}
      </Form>
    </Dialog>
  );
}
