/** Dialog that publishes a message to an application, and shows the code that would publish the same. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { type FormValues, SelectField, TextField } from "../components/form.tsx";
import { PickField } from "../components/pick-field.tsx";
import { useDialog } from "../components/use-dialog.ts";
import { baseUrl } from "../lib/base.ts";
import { composeMessage, DELAYS } from "../lib/compose.ts";
import { bodyOf } from "../lib/publish-body.ts";
import { eventTypesOf } from "../lib/option-sources.ts";
import { useAudience } from "../session/audience.ts";
import { CodeArea } from "./code-area.tsx";
import { PayloadFields } from "./payload-fields.tsx";
import { PublishCode } from "./publish-code.tsx";
import { SendDialog } from "./send-dialog.tsx";
import { UnsavedChanges } from "./unsaved-changes.tsx";

const START: FormValues = { eventType: "", payload: '{\n  "id": "inv_1042"\n}', tags: "", delay: "0", key: "" };

interface PublishMessageProps {
  /** ID of the application. */
  readonly app: string;
}

export function PublishMessage({ app }: PublishMessageProps) {
  const { t } = useTranslation();
  const audience = useAudience();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useDialog("publish");
  const [values, setValues] = useState(START);
  const composed = composeMessage(values);
  const isChanged = Object.entries(START).some(([name, value]) => values[name] !== value);
  const publish = useMutation({
    mutationFn: async () => {
      if (composed === null) throw new Error(t("compose.notJson"));
      const { idempotencyKey } = composed;
      return must(
        api.POST("/api/v1/app/{app_id}/msg", {
          params: { path: { app_id: app } },
          ...(idempotencyKey === null ? {} : { headers: { "idempotency-key": idempotencyKey } }),
          body: { eventType: composed.eventType },
          // Sent as text: parsing and serialising would change numbers such as 1.0.
          bodySerializer: () => bodyOf(composed),
        }),
      );
    },
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["messages"] });
      await navigate(audience.message(app, id));
    },
  });
  return (
    <SendDialog
      needs="messages:publish"
      title={t("compose.title")}
      lead={t("compose.lead")}
      open={open}
      onOpenChange={setOpen}
      onSubmit={() => publish.mutate()}
      error={publish.error}
      busy={publish.isPending}
    >
      <Fields values={values} onChange={setValues} isJson={composed !== null} />
      <UnsavedChanges when={open && isChanged && !publish.isPending} />
      {composed !== null && <PublishCode target={{ url: baseUrl(), app, ...composed }} />}
    </SendDialog>
  );
}

interface FieldsProps {
  readonly values: FormValues;
  readonly onChange: (change: (values: FormValues) => FormValues) => void;
  readonly isJson: boolean;
}

function Fields({ values, onChange, isJson }: FieldsProps) {
  const { t } = useTranslation();
  const set = (name: string) => (value: string) => onChange((before) => ({ ...before, [name]: value }));
  return (
    <>
      <PickField
        source={eventTypesOf(undefined)}
        label={t("messages.type")}
        placeholder="invoice.paid"
        value={values["eventType"]}
        onChange={set("eventType")}
        required
        autoFocus
      />
      <PayloadFields
        eventType={values["eventType"]!}
        payload={values["payload"]!}
        isUnchanged={values["payload"] === START["payload"]}
        onPayload={set("payload")}
      />
      <CodeArea
        label={t("compose.payload")}
        {...(isJson ? {} : { help: t("compose.notJson") })}
        value={values["payload"]!}
        onChange={set("payload")}
        rows={8}
        invalid={!isJson}
        language="json"
      />
      <TextField
        name="tags"
        label={t("messages.tags")}
        help={t("compose.tagsHelp")}
        value={values["tags"]!}
        onValue={set("tags")}
      />
      <SelectField
        label={t("compose.delay")}
        value={values["delay"]!}
        onChange={set("delay")}
        choices={DELAYS.map((seconds) => ({ value: String(seconds), label: t(`compose.delays.${seconds}`) }))}
      />
      <TextField
        name="key"
        label={t("compose.key")}
        help={t("compose.keyHelp")}
        value={values["key"]!}
        onValue={set("key")}
      />
    </>
  );
}
