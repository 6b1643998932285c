import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Power } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Button } from "../components/button.tsx";
import { Confirm, Dialog } from "../components/dialog.tsx";
import { Form, type FormValues, SelectField, TextField } from "../components/form.tsx";
import { formatNumber } from "../lib/format.ts";
import { fromLocalInput } from "../lib/local-input.ts";
import { useAudience } from "../session/audience.ts";
import type { EndpointActionsProps } from "./endpoint-props.ts";
import { useEndpointState } from "./use-endpoint-state.ts";

const HELD = ["replay", "newest", "since", "discard"] as const;
type Held = (typeof HELD)[number];

const DAY_MS = 86_400_000;
/** Number of days whose failed messages are resent when the endpoint is enabled. */
const AGAIN_DAYS = { none: 0, day: 1, week: 7, twoWeeks: 14 } as const;
type Again = keyof typeof AGAIN_DAYS;

/** Enables or disables an endpoint. Enabling asks what to do with the deliveries on hold. */
export function EndpointSwitch({ app, endpoint }: EndpointActionsProps) {
  const queries = useQueryClient();
  const refresh = async (): Promise<void> => {
    await Promise.all([
      queries.invalidateQueries({ queryKey: ["endpoint", app, endpoint.id] }),
      queries.invalidateQueries({ queryKey: ["endpoints", app] }),
      queries.invalidateQueries({ queryKey: ["stats"] }),
    ]);
  };
  return endpoint.disabled ? (
    <Enable app={app} id={endpoint.id} onDone={refresh} />
  ) : (
    <Disable app={app} id={endpoint.id} onDone={refresh} />
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
      needs="endpoints:write"
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
  return held === "since" ? { held, since: fromLocalInput(since) } : { held };
}

function Enable({ app, id, onDone }: SwitchProps) {
  const { t, i18n } = useTranslation();
  const state = useEndpointState(app, id);
  const [open, setOpen] = useState(false);
  const audience = useAudience();
  const navigate = useNavigate();
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
    onSuccess: async (_state, { again = "none" }) => {
      const days = AGAIN_DAYS[again as Again] ?? 0;
      if (days > 0) await sendAgain(days);
      await onDone();
    },
  });
  const sendAgain = async (days: number): Promise<void> => {
    const body = { since: new Date(Date.now() - days * DAY_MS).toISOString() };
    const { id: replay } = await must(
      api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/recover", { params: { path }, body }),
    );
    await navigate(audience.replay(app, replay));
  };
  const waiting = state.data?.waiting;
  return (
    <Dialog
      needs="endpoints:write"
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
        {audience.can("CreateAttempts") && (
          <SelectField
            name="again"
            label={t("portal.health.again")}
            value="none"
            choices={(Object.keys(AGAIN_DAYS) as Again[]).map((value) => ({
              value,
              label: t(`portal.health.choices.${value}`),
            }))}
          />
        )}
      </Form>
    </Dialog>
  );
}
