import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Eraser } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge, type Tone } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { Confirm, Dialog } from "../components/dialog.tsx";
import { Form, FormError, type FormValues, TextField } from "../components/form.tsx";
import { ListSection } from "../components/list-page.tsx";
import { Facts, Stack } from "../components/page.tsx";
import { PickField, PickListField } from "../components/pick-field.tsx";
import { Note } from "../components/state.tsx";
import { Time } from "../components/time.tsx";
import { formatNumber } from "../lib/format.ts";
import { eventTypesOf, PLACES } from "../lib/option-sources.ts";
import { namesOf } from "../parts/type-picker.tsx";

type Erasure = components["schemas"]["ErasureOut"];

const POLL_MS = 1000;
const TONES: Readonly<Record<Erasure["state"], Tone>> = {
  running: "info",
  cleaning: "info",
  finished: "good",
  failed: "bad",
};

/** Requests to erase the data of a person, with their progress and receipts. */
export function Privacy() {
  const { i18n, t } = useTranslation();
  const list = useList(["erasures"], (page) => must(api.GET("/api/v1/erasure", { params: { query: page } })), {
    everyMs: 5000,
  });
  return (
    <ListSection
      title={t("privacy.title")}
      lead={t("privacy.lead")}
      actions={<NewErasure />}
      list={list}
      rowKey={(row) => row.id}
      empty={t("privacy.none")}
      columns={[
        { key: "path", label: t("privacy.path"), cell: (row) => <code>{row.path}</code> },
        { key: "state", label: t("privacy.state"), tight: true, cell: (row) => <State erasure={row} /> },
        {
          key: "messages",
          label: t("privacy.messages"),
          cell: (row) => formatNumber(i18n.language, row.counts.messages),
        },
        { key: "reason", label: t("privacy.reason"), wideOnly: true, cell: (row) => row.reason || "–" },
        { key: "by", label: t("privacy.by"), wideOnly: true, cell: (row) => row.requestedBy },
        { key: "created", label: t("privacy.created"), cell: (row) => <Time at={row.createdAt} relative /> },
        { key: "receipt", label: "", tight: true, cell: (row) => <ReceiptDialog erasure={row} /> },
      ]}
    />
  );
}

function State({ erasure: { dryRun, state } }: { readonly erasure: Erasure }) {
  const { t } = useTranslation();
  const name = dryRun && state === "finished" ? "dryRun" : state;
  return <Badge tone={name === "dryRun" ? "neutral" : TONES[state]}>{t(`privacy.states.${name}`)}</Badge>;
}

function ReceiptDialog({ erasure }: { readonly erasure: Erasure }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <Dialog
      trigger={<Button small>{t("privacy.show")}</Button>}
      title={t(erasure.dryRun ? "privacy.dryRun" : "privacy.receipt")}
      open={open}
      onOpenChange={setOpen}
      wide
    >
      {open && <Receipt erasure={erasure} />}
    </Dialog>
  );
}

function Receipt({ erasure }: { readonly erasure: Erasure }) {
  const { t } = useTranslation();
  const { id, appId, path, valueHash, eventTypes, reason, requestedBy, createdAt, erasedAt, finishedAt } = erasure;
  return (
    <>
      <Facts
        facts={[
          [t("privacy.state"), <State key="state" erasure={erasure} />],
          [t("messages.id"), <Copyable key="id" text={id} />],
          [t("privacy.path"), <code key="path">{path}</code>],
          [t("privacy.valueHash"), <Copyable key="hash" text={valueHash} />],
          [t("privacy.application"), appId ?? t("privacy.everything")],
          [t("privacy.eventTypes"), eventTypes === null ? t("privacy.all") : eventTypes.join(", ")],
          [t("privacy.reason"), reason || "–"],
          [t("privacy.by"), requestedBy],
          [t("privacy.created"), <Time key="created" at={createdAt} />],
          [t("privacy.erasedAt"), <Time key="erased" at={erasedAt} />],
          [t("privacy.finishedAt"), <Time key="finished" at={finishedAt} />],
        ]}
      />
      <Counts counts={erasure.counts} />
    </>
  );
}

const COUNTS = [
  "scanned",
  "messages",
  "attempts",
  "deliveries",
  "outbox",
  "broadcasts",
  "quarantined",
  "watchKeys",
  "shareLinks",
  "responses",
  "other",
  "unreadable",
] as const;

/** Number of findings in each place; places without findings are left out. */
function Counts({ counts }: { readonly counts: Erasure["counts"] }) {
  const { i18n, t } = useTranslation();
  const shown = COUNTS.filter((name) => name === "scanned" || name === "messages" || counts[name] > 0);
  return (
    <Facts
      facts={shown.map((name) => [t(`privacy.counts.${name}`), formatNumber(i18n.language, counts[name])] as const)}
    />
  );
}

/** Runs a dry run first, which enables the erasure. */
function NewErasure() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <Dialog
      needs="privacy:manage"
      trigger={
        <Button kind="primary">
          <Eraser aria-hidden />
          {t("privacy.new")}
        </Button>
      }
      title={t("privacy.new")}
      open={open}
      onOpenChange={setOpen}
      wide
    >
      {open && <ErasureForm onDone={() => setOpen(false)} />}
    </Dialog>
  );
}

function bodyOf({ path = "", value = "", app = "", eventTypes, reason = "" }: FormValues, dryRun: boolean) {
  return { path, value, app: app === "" ? null : app, eventTypes: namesOf(eventTypes) ?? null, reason, dryRun };
}

function ErasureForm({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [app, setApp] = useState("");
  const [eventTypes, setEventTypes] = useState<readonly string[]>([]);
  const [counted, setCounted] = useState<{ readonly id: string; readonly values: FormValues } | null>(null);
  const create = async (values: FormValues, dryRun: boolean): Promise<Erasure> => {
    const erasure = await must(api.POST("/api/v1/erasure", { body: bodyOf(values, dryRun) }));
    await queries.invalidateQueries({ queryKey: ["erasures"] });
    return erasure;
  };
  const counting = useMutation({
    mutationFn: async (values: FormValues) => setCounted({ id: (await create(values, true)).id, values }),
  });
  return (
    <Form
      onSubmit={(values) => counting.mutate(values)}
      error={counting.error}
      foot={
        <>
          <Button onClick={onDone}>{t("actions.cancel")}</Button>
          <Button type="submit" kind="primary" disabled={counting.isPending}>
            {t("privacy.count")}
          </Button>
        </>
      }
    >
      {/* The counts no longer match the form. */}
      <div onInput={() => setCounted(null)}>
        <Stack>
          <TextField
            name="path"
            label={t("privacy.path")}
            help={t("privacy.pathHelp")}
            placeholder="$.customer.email"
            required
            autoFocus
          />
          <TextField name="value" label={t("privacy.value")} help={t("privacy.valueHelp")} required />
          <PickField
            source={PLACES}
            name="app"
            label={t("privacy.application")}
            help={t("privacy.applicationHelp")}
            value={app}
            onChange={(chosen) => {
              setApp(chosen);
              setCounted(null);
            }}
          />
          <PickListField
            source={eventTypesOf(undefined)}
            name="eventTypes"
            label={t("privacy.eventTypes")}
            help={t("privacy.eventTypesHelp")}
            value={eventTypes}
            onChange={(chosen) => {
              setEventTypes(chosen);
              setCounted(null);
            }}
          />
          <TextField name="reason" label={t("privacy.reason")} help={t("privacy.reasonHelp")} />
        </Stack>
      </div>
      {counted !== null && (
        <Counted
          key={counted.id}
          id={counted.id}
          onErase={async () => {
            await create(counted.values, false);
            onDone();
          }}
        />
      )}
    </Form>
  );
}

/** The result of a dry run, and the button that erases the findings. */
function Counted({ id, onErase }: { readonly id: string; readonly onErase: () => Promise<void> }) {
  const { i18n, t } = useTranslation();
  const { data, error } = useQuery({
    queryKey: ["erasures", id],
    queryFn: () => must(api.GET("/api/v1/erasure/{erasure_id}", { params: { path: { erasure_id: id } } })),
    refetchInterval: ({ state }) => (isEnded(state.data) ? false : POLL_MS),
  });
  if (data === undefined) return <FormError error={error} />;
  if (data.state === "failed") return <Note tone="bad">{t("privacy.countFailed")}</Note>;
  const { messages } = data.counts;
  return (
    <section aria-label={t("privacy.dryRun")}>
      <Note tone={isEnded(data) ? "good" : "warn"}>{t(isEnded(data) ? "privacy.counted" : "privacy.counting")}</Note>
      <Stack>
        <Counts counts={data.counts} />
        {isEnded(data) && (
          <Confirm
            needs="privacy:manage"
            trigger={<Button kind="danger">{t("privacy.erase")}</Button>}
            title={t("privacy.eraseTitle")}
            text={t("privacy.eraseText", { count: messages, messages: formatNumber(i18n.language, messages) })}
            action={t("privacy.erase")}
            danger
            onConfirm={onErase}
          />
        )}
      </Stack>
    </section>
  );
}

function isEnded(erasure: Erasure | undefined): boolean {
  return erasure?.state === "finished" || erasure?.state === "failed";
}
