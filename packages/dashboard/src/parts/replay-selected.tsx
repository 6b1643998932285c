/** Replays the selected messages of a list: a dialog with a dry run, which starts an ordinary replay. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { type LinkProps, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Allowed } from "../components/allowed.tsx";
import { Button } from "../components/button.tsx";
import { Dialog } from "../components/dialog.tsx";
import { SelectField } from "../components/form.tsx";
import { Stack } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { REPLAYED, replayBody, type ReplayedStatuses } from "../lib/replay-selected.ts";
import { useAudience } from "../session/audience.ts";
import { AcrossResult } from "./across-result.tsx";
import { DryRunResult } from "./dry-run-result.tsx";
import type { StartReplayProps } from "./start-replay.tsx";

/** The server replays up to this number of messages that a request names. */
export const MAX_REPLAYED = 250;

interface SelectedMessage {
  readonly id: string;
  readonly timestamp: string;
}

interface ReplaySelectedProps {
  /** `undefined`: messages of any application or source. */
  readonly app: string | undefined;
  readonly selected: readonly SelectedMessage[];
}

export function ReplaySelected({ app, selected }: ReplaySelectedProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  // As they were when the dialog was opened: new messages can push rows out of the list.
  const [items, setItems] = useState(selected);
  const change = (next: boolean): void => {
    setOpen(next);
    if (next) setItems(selected);
  };
  return (
    <Allowed to="messages:replay" app={app ?? "anywhere"}>
      <Dialog
        wide
        trigger={<Button small>{t("replaySelected.replay")}</Button>}
        title={t("replaySelected.title", { count: open ? items.length : selected.length })}
        open={open}
        onOpenChange={change}
      >
        {open && <Planned app={app} selected={items} />}
      </Dialog>
    </Allowed>
  );
}

function Planned({ app, selected }: ReplaySelectedProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  const navigate = useNavigate();
  const [which, setWhich] = useState<ReplayedStatuses>("failed");
  const body = replayBody(selected, which);
  const start = useMutation({
    mutationFn: async (how: object): Promise<LinkProps> => {
      if (app === undefined) {
        const { id } = await must(api.POST("/api/v1/replay", { body: { ...body, ...how } }));
        return { to: "/replays/all/$replay", params: { replay: id } };
      }
      const params = { path: { app_id: app } };
      const { id } = await must(api.POST("/api/v1/app/{app_id}/replay", { params, body: { ...body, ...how } }));
      return audience.replay(app, id);
    },
    onSuccess: (link) => navigate(link),
  });
  return (
    <>
      <SelectField
        label={t("replays.statuses")}
        value={which}
        onChange={(value) => setWhich(value as ReplayedStatuses)}
        choices={REPLAYED.map((value) => ({ value, label: t(`replaySelected.statuses.${value}`) }))}
      />
      <Plan app={app} body={body} busy={start.isPending} error={start.error} onStart={(how) => start.mutate(how)} />
    </>
  );
}

interface PlanProps extends Omit<StartReplayProps, "toSend"> {
  readonly app: string | undefined;
  readonly body: ReturnType<typeof replayBody>;
}

/** The dry run, which is made again for other statuses. */
function Plan({ app, body, ...start }: PlanProps) {
  const plan = useQuery({
    queryKey: ["replay-plan", app, body],
    queryFn: async () =>
      app === undefined
        ? { across: await must(api.POST("/api/v1/replay/dry-run", { body })), own: null }
        : {
            across: null,
            own: await must(
              api.POST("/api/v1/app/{app_id}/replay/dry-run", { params: { path: { app_id: app } }, body }),
            ),
          },
    // Counts change with every attempt.
    staleTime: 0,
    gcTime: 0,
  });
  if (plan.error !== null) return <Failed error={plan.error} retry={() => void plan.refetch()} />;
  if (plan.data === undefined) return <Loading lines={4} />;
  const { across, own } = plan.data;
  return (
    <Stack>
      {across === null ? <DryRunResult plan={own} {...start} /> : <AcrossResult plan={across} {...start} />}
    </Stack>
  );
}
