import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { RotateCcw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { ErrorText } from "../components/error-text.tsx";
import { SelectField, TextField } from "../components/form.tsx";
import { FormDialog } from "../components/form-dialog.tsx";
import { useDelayed } from "../components/use-delayed.ts";
import { useDialog } from "../components/use-dialog.ts";
import { formatNumber } from "../lib/format.ts";
import { fromLocalInput, toLocalInput } from "../lib/local-input.ts";
import { useAudience } from "../session/audience.ts";
import type { EndpointActionsProps } from "./endpoint-props.ts";
import { LeftOut } from "./left-out.tsx";

const HOUR_MS = 3_600_000;
const SPANS = { hour: 1, day: 24, week: 168 } as const;
type Span = keyof typeof SPANS;
const WHATS = ["failed", "missing"] as const;
type What = (typeof WHATS)[number];
/** Delay between typing a time and counting again. */
const WAIT_MS = 400;

/** Recovers messages that failed, or that were never sent to the endpoint, since a time that the reader chooses. */
export function RecoverEndpoint({ app, endpoint }: EndpointActionsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const audience = useAudience();
  const [open, setOpen] = useDialog("recover");
  const [what, setWhat] = useState<What>("failed");
  const [span, setSpan] = useState<Span | "custom">("day");
  const [custom, setCustom] = useState("");
  // The time at which the dialog was opened, so that the same messages are counted and recovered.
  const [now, setNow] = useState(() => Date.now());
  const since = span === "custom" ? timeOf(custom) : now - SPANS[span] * HOUR_MS;
  const path = { app_id: app, endpoint_id: endpoint.id };
  const recover = useMutation({
    mutationFn: () => {
      const body = { since: new Date(since).toISOString() };
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
      onOpenChange={(next) => {
        if (next) setNow(Date.now());
        setOpen(next);
      }}
      submit={t("endpoints.recover")}
      onSubmit={() => recover.mutate()}
      error={recover.error}
      busy={recover.isPending}
    >
      <SelectField
        label={t("endpoints.recoverWhat")}
        value={what}
        onChange={(value) => setWhat(value as What)}
        choices={[
          { value: "failed", label: t("endpoints.recoverFailed") },
          { value: "missing", label: t("endpoints.recoverMissing") },
        ]}
      />
      <SelectField
        label={t("filters.range")}
        value={span}
        onChange={(value) => {
          setSpan(value as Span | "custom");
          if (value === "custom") setCustom(toLocalInput(now - HOUR_MS));
        }}
        choices={[
          ...(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: t(`endpoints.spans.${value}`) })),
          { value: "custom", label: t("endpoints.recoverSince") },
        ]}
      />
      {span === "custom" && (
        <TextField
          name="since"
          type="datetime-local"
          label={t("filters.after")}
          value={toLocalInput(now - HOUR_MS)}
          onValue={setCustom}
          help={t("endpoints.recoverSinceHelp")}
          required
        />
      )}
      {open && what === "failed" && <Count app={app} endpoint={endpoint.id} since={since} />}
    </FormDialog>
  );
}

/** Unix milliseconds; NaN while the time is incomplete. */
function timeOf(local: string): number {
  return local === "" ? Number.NaN : Date.parse(fromLocalInput(local));
}

interface CountProps {
  readonly app: string;
  readonly endpoint: string;
  /** Unix milliseconds; NaN while it is being typed. */
  readonly since: number;
}

/** Number of messages that would be sent again, and of those that are left out, with the reasons. */
function Count({ app, endpoint, since }: CountProps) {
  const { t, i18n } = useTranslation();
  const settled = useDelayed(since, WAIT_MS);
  const plan = useQuery({
    queryKey: ["recover-count", app, endpoint, settled],
    queryFn: () =>
      must(
        api.POST("/api/v1/app/{app_id}/replay/dry-run", {
          params: { path: { app_id: app } },
          body: {
            since: new Date(settled).toISOString(),
            endpoints: [endpoint],
            statuses: ["fail", "sending"],
            order: "oldest",
          },
        }),
      ),
    enabled: !Number.isNaN(settled),
    gcTime: 0,
  });
  if (plan.error !== null) {
    return (
      <p role="status">
        <ErrorText error={plan.error} />
      </p>
    );
  }
  if (plan.data === undefined) return <p role="status">{t("list.loading")}</p>;
  const { toSend, exact, endpoints } = plan.data;
  return (
    <>
      <p role="status">
        <strong>
          {t(exact ? "replays.wouldSend" : "replays.wouldSendMore", {
            count: toSend,
            value: formatNumber(i18n.language, toSend),
          })}
        </strong>
      </p>
      <LeftOut skipped={endpoints.map(({ skipped }) => skipped)} />
    </>
  );
}
