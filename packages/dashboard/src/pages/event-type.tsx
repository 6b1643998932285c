import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { buttonClass, Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { Form, FormRow, FormError, type FormValues, SelectField, TextField } from "../components/form.tsx";
import formStyles from "../components/form.module.css";
import { Card, Columns, Page } from "../components/page.tsx";
import { Payload } from "../components/payload.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { examplesOf } from "../../../posthorn/src/domain/event-type/schema-examples.ts";
import { CodeArea } from "../parts/code-area.tsx";
import { UnsavedChanges } from "../parts/unsaved-changes.tsx";
import { useEventType } from "../parts/use-event-type.ts";
import { SaveFoot } from "../components/form-foot.tsx";

type EventType = components["schemas"]["EventTypeOut"];

export function EventTypePage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: "/operator/event-types/$name" });
  const type = useEventType(name);
  if (type.error !== null) return <Failed error={type.error} retry={() => void type.refetch()} />;
  if (type.data === undefined) return <Loading />;
  return (
    <Page
      title={name}
      badge={type.data.archived ? <Badge>{t("eventTypes.archived")}</Badge> : undefined}
      {...(type.data.description === "" ? {} : { lead: type.data.description })}
      crumbs={[
        <Link key="all" to="/event-types">
          {t("eventTypes.title")}
        </Link>,
      ]}
      actions={
        <>
          <Link to="/messages" search={{ type: name }} className={buttonClass()}>
            {t("eventTypes.messages")}
          </Link>
          <Archive type={type.data} />
        </>
      }
    >
      <About key={type.data.updatedAt} type={type.data} />
      <Schemas key={`schemas ${type.data.updatedAt}`} type={type.data} />
    </Page>
  );
}

function useSave(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: components["schemas"]["EventTypePatch"]) =>
      must(api.PATCH("/api/v1/event-type/{event_type_name}", { params: { path: { event_type_name: name } }, body })),
    onSuccess: async (saved) => {
      queries.setQueryData(["event-type", name], saved);
      await queries.invalidateQueries({ queryKey: ["event-types"] });
    },
  });
}

function About({ type }: { readonly type: EventType }) {
  const { t } = useTranslation();
  const save = useSave(type.name);
  const submit = ({ description = "", groupName = "" }: FormValues): void => {
    save.mutate({ description, groupName: groupName.trim() === "" ? null : groupName.trim() });
  };
  return (
    <Card title={t("eventTypes.about")}>
      <Form needs="event-types:write" onSubmit={submit} error={save.error} foot={<SaveFoot save={save} />}>
        <FormRow>
          <TextField name="description" label={t("eventTypes.description")} value={type.description} />
          <TextField
            name="groupName"
            label={t("eventTypes.group")}
            value={type.groupName ?? ""}
            help={t("eventTypes.groupHelp")}
          />
        </FormRow>
      </Form>
    </Card>
  );
}

/** Version of a new schema. Examples are generated from this version. */
const FIRST_VERSION = "1";

/** Editor of the JSON Schema of each version, with examples. */
function Schemas({ type }: { readonly type: EventType }) {
  const { t } = useTranslation();
  const save = useSave(type.name);
  const schemas = type.schemas ?? {};
  const versions = Object.keys(schemas);
  const [version, setVersion] = useState(versions.at(-1) ?? FIRST_VERSION);
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const stored = schemas[version];
  const text = texts[version] ?? (stored === undefined ? "" : JSON.stringify(stored, null, 2));
  const parsed = parse(text);
  const next = String(Math.max(0, ...versions.map(Number).filter(Number.isFinite)) + 1);
  const examples = parsed.schema === null ? [] : examplesOf(parsed.schema);
  const submit = (): void => {
    const others = Object.fromEntries(Object.entries(schemas).filter(([name]) => name !== version));
    const all = parsed.schema === null ? others : { ...others, [version]: parsed.schema };
    save.mutate({ schemas: Object.keys(all).length === 0 ? null : all }, { onSuccess: () => setTexts({}) });
  };
  return (
    <Columns>
      <Card title={t("eventTypes.schema")} lead={t("eventTypes.schemaLead")}>
        <SelectField
          label={t("eventTypes.version")}
          value={version}
          onChange={setVersion}
          choices={[
            ...(versions.length === 0 ? [FIRST_VERSION] : versions).map((name) => ({ value: name, label: name })),
            ...(versions.length === 0 ? [] : [{ value: next, label: t("eventTypes.newVersion", { name: next }) }]),
          ]}
        />
        <CodeArea
          label={t("eventTypes.schemaOf", { version })}
          rows={18}
          value={text}
          onChange={(changed) => setTexts({ ...texts, [version]: changed })}
          {...(parsed.fault === null ? {} : { help: t("editor.notJson") })}
          invalid={parsed.fault !== null}
          language="json"
          subject="schema"
          placeholder={'{\n  "type": "object",\n  "properties": {}\n}'}
        />
        <FormError error={save.error} />
        <div className={formStyles["foot"]}>
          {save.isSuccess && <span role="status">{t("actions.saved")}</span>}
          <Button
            needs="event-types:write"
            kind="primary"
            onClick={submit}
            disabled={parsed.fault !== null || save.isPending}
          >
            {t("actions.save")}
          </Button>
        </div>
      </Card>
      <UnsavedChanges when={Object.keys(texts).length > 0 && !save.isPending} />
      <Card title={t("eventTypes.examples")} lead={t("eventTypes.examplesLead")}>
        {examples.length === 0 ? (
          <p className="muted">{t("eventTypes.noExamples")}</p>
        ) : (
          examples.map((example, index) => (
            <Payload
              key={index}
              label={t("eventTypes.example", { number: index + 1 })}
              text={JSON.stringify(example)}
              contentType="application/json"
            />
          ))
        )}
      </Card>
    </Columns>
  );
}

interface Parsed {
  readonly schema: Record<string, unknown> | null;
  readonly fault: string | null;
}

function parse(text: string): Parsed {
  if (text.trim() === "") return { schema: null, fault: null };
  try {
    return { schema: JSON.parse(text) as Record<string, unknown>, fault: null };
  } catch (error) {
    return { schema: null, fault: (error as Error).message };
  }
}

function Archive({ type }: { readonly type: EventType }) {
  const { t } = useTranslation();
  const save = useSave(type.name);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const remove = async (): Promise<void> => {
    await must(
      api.DELETE("/api/v1/event-type/{event_type_name}", {
        params: { path: { event_type_name: type.name }, query: { expunge: true } },
      }),
    );
    await queries.invalidateQueries({ queryKey: ["event-types"] });
    await navigate({ to: "/event-types" });
  };
  return (
    <>
      <Button
        needs="event-types:write"
        onClick={() => save.mutate({ archived: !type.archived })}
        disabled={save.isPending}
      >
        {t(type.archived ? "eventTypes.unarchive" : "eventTypes.archive")}
      </Button>
      <Confirm
        needs="event-types:write"
        trigger={<Button kind="danger">{t("actions.delete")}</Button>}
        title={t("eventTypes.deleteTitle", { name: type.name })}
        text={t("eventTypes.deleteText")}
        action={t("actions.delete")}
        danger
        onConfirm={remove}
      />
    </>
  );
}
