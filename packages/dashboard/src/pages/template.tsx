/** One template: its form, a preview of what it creates, and examples. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Tag, Tags } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Form, type FormValues } from "../components/form.tsx";
import { RichText } from "../components/rich-text.tsx";
import { Card, Columns, Facts, Page, Stack } from "../components/page.tsx";
import { Failed, Loading, Note } from "../components/state.tsx";
import { PickField } from "../components/pick-field.tsx";
import { toConfig } from "../lib/destination-config.ts";
import { localKind } from "../lib/kind-texts.ts";
import { APPLICATIONS } from "../lib/option-sources.ts";
import { ruleSummary } from "../lib/watch-summary.ts";
import { DestinationFields } from "../parts/destination-fields.tsx";
import { UnsavedChanges } from "../parts/unsaved-changes.tsx";
import { type Template, useTemplates } from "../parts/use-templates.ts";
import styles from "./templates.module.css";

type Preview = components["schemas"]["TemplateDryRunOut"];
type Instance = components["schemas"]["TemplateInstanceOut"];
type Body = components["schemas"]["TemplateIn"];

export function TemplatePage() {
  const { t, i18n } = useTranslation();
  const { template: id } = useParams({ from: "/operator/templates/$template" });
  const { templates, error, refetch } = useTemplates();
  const template = templates?.find((one) => one.id === id);
  if (error !== null) return <Failed error={error} retry={() => void refetch()} />;
  if (templates === undefined) return <Loading />;
  if (template === undefined) return <Failed error={new Error(t("templates.none"))} />;
  const lang = i18n.language === "en" ? undefined : "en";
  return (
    <Page
      title={template.title}
      badge={<Tag>{t(`templates.categories.${template.category}`)}</Tag>}
      lead={template.summary}
      crumbs={[
        <Link key="all" to="/templates">
          {t("templates.title")}
        </Link>,
      ]}
    >
      {template.problem !== null && (
        <Note tone="warn">
          <span lang={lang}>{template.problem}</span>
        </Note>
      )}
      <Start key={template.id} template={template} />
      <Examples template={template} />
    </Page>
  );
}

function Start({ template }: { readonly template: Template }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { id, title, summary, category, fields, available } = template;
  const declared = { kind: id, title, summary, group: category, fields, setup: [], available, problem: null };
  const kind = localKind(declared, null);
  const path = { template_id: id };
  const preview = useMutation({
    mutationFn: (body: Body) => must(api.POST("/api/v1/template/{template_id}/dry-run", { params: { path }, body })),
  });
  const create = useMutation({
    mutationFn: (body: Body) =>
      must(api.POST("/api/v1/template/{template_id}/instantiate", { params: { path }, body })),
    onSuccess: () => queries.invalidateQueries(),
  });
  // The button that submits the form decides what happens.
  const [action, setAction] = useState<"preview" | "create">("create");
  const [app, setApp] = useState<string | null>(null);
  const [isChanged, setChanged] = useState(false);
  const submit = (values: FormValues): void => {
    const entered = Object.entries(toConfig(template.fields, values)).filter(([, value]) => value !== null);
    const body = {
      values: Object.fromEntries(entered),
      ...(template.needsApplication ? { app: values["app"] ?? "" } : {}),
    };
    setApp(template.needsApplication ? (values["app"] ?? "") : null);
    if (action === "preview") preview.mutate(body);
    else create.mutate(body);
  };
  return (
    <Columns>
      <Stack>
        {template.needs.length > 0 && (
          <Card title={t("templates.needs")}>
            <ul className={styles["list"]}>
              {template.needs.map((need) => (
                <li key={need}>
                  <RichText text={need} isEnglish={false} />
                </li>
              ))}
            </ul>
          </Card>
        )}
        <Card title={t("templates.form")}>
          <UnsavedChanges when={isChanged && !create.isPending && !create.isSuccess} />
          <Form
            onInput={() => setChanged(true)}
            onSubmit={submit}
            error={action === "preview" ? preview.error : create.error}
            foot={
              <>
                <Button type="submit" onClick={() => setAction("preview")} disabled={preview.isPending}>
                  {t("templates.show")}
                </Button>
                <Button
                  needs="endpoints:write"
                  needsIn="anywhere"
                  type="submit"
                  kind="primary"
                  onClick={() => setAction("create")}
                  disabled={create.isPending || create.isSuccess || !template.available}
                >
                  {t("templates.create")}
                </Button>
              </>
            }
          >
            {template.needsApplication && <ApplicationField />}
            <DestinationFields kind={kind} />
          </Form>
        </Card>
      </Stack>
      <Stack>
        {create.data !== undefined && <Created instance={create.data} setup={template.setup} app={app} />}
        {preview.data !== undefined && create.data === undefined && <Planned preview={preview.data} />}
        {preview.data === undefined && create.data === undefined && <Creates template={template} />}
      </Stack>
    </Columns>
  );
}

function ApplicationField() {
  const { t } = useTranslation();
  return (
    <PickField
      source={APPLICATIONS}
      name="app"
      label={t("templates.app")}
      help={t("templates.appHelp")}
      placeholder={t("pick.placeholder")}
    />
  );
}

/** The objects that are created with the defaults. */
function Creates({ template: { creates } }: { readonly template: Template }) {
  const { t } = useTranslation();
  const { source, watch, endpoint, eventTypes } = creates;
  const facts: (readonly [string, ReactNode])[] = [
    ...(source === null ? [] : [[t("templates.source"), source.type] as const]),
    ...(eventTypes.length === 0
      ? []
      : [[t("templates.eventTypes"), <Tags key="types" names={eventTypes.map(({ name }) => name)} />] as const]),
    ...(watch === null ? [] : [[t("templates.watch"), <code key="watch">{watch.emits}.*</code>] as const]),
    [t("templates.endpoint"), <Tags key="endpoint" names={endpoint.eventTypes} none={t("endpoints.allTypes")} />],
  ];
  return (
    <Card title={t("templates.preview")} lead={t("templates.previewLead")}>
      <Facts facts={facts} />
    </Card>
  );
}

function Planned({ preview }: { readonly preview: Preview }) {
  const { t, i18n } = useTranslation();
  const { source, watch, endpoint, eventTypes, filter, transformation } = preview;
  const rule = watch === null ? null : watch.rule;
  const facts: (readonly [string, ReactNode])[] = [
    ...(source === null ? [] : [[t("templates.source"), `${source.name} (${source.type})`] as const]),
    ...(eventTypes.length === 0
      ? []
      : [
          [
            t("templates.eventTypes"),
            <Tags
              key="types"
              names={eventTypes.map(
                ({ name, isNew }) => `${name} (${t(isNew ? "templates.isNew" : "templates.existing")})`,
              )}
            />,
          ] as const,
        ]),
    ...(watch === null ? [] : [[t("templates.watch"), <code key="watch">{watch.emit.type}.*</code>] as const]),
    ...(rule === null ? [] : [[t("templates.rule"), ruleSummary(i18n, rule)] as const]),
    [t("templates.endpoint"), <code key="endpoint">{endpoint.url === "" ? endpoint.kind : endpoint.url}</code>],
    [t("endpoints.types"), <Tags key="of" names={endpoint.eventTypes} none={t("endpoints.allTypes")} />],
  ];
  return (
    <Card title={t("templates.preview")} lead={t("templates.previewLead")}>
      <Facts facts={facts} />
      {filter !== null && <Code title={t("templates.filter")} text={JSON.stringify(filter, null, 2)} />}
      {transformation !== null && <Code title={t("templates.transformation")} text={transformation} />}
    </Card>
  );
}

interface CreatedProps {
  readonly instance: Instance;
  /** What to do next, in the language of the page. */
  readonly setup: readonly string[];
  /** Application of the endpoint; `null`: it belongs to the source. */
  readonly app: string | null;
}

function Created({ instance, setup, app }: CreatedProps) {
  const { t } = useTranslation();
  const { source, watch, endpoint } = instance;
  const place = source?.id ?? app ?? "";
  return (
    <Card title={t("templates.created")}>
      <Note tone="good">
        <ul className={styles["list"]}>
          {source !== null && (
            <li>
              {t("templates.source")}:{" "}
              <Link to="/sources/$source" params={{ source: source.id }}>
                {source.name}
              </Link>
            </li>
          )}
          {watch !== null && (
            <li>
              {t("templates.watch")}:{" "}
              <Link to="/watches/$app/$watch" params={{ app: watch.app.id, watch: watch.id }}>
                {watch.name}
              </Link>
            </li>
          )}
          <li>
            {t("templates.endpoint")}:{" "}
            <Link to="/applications/$app/endpoints/$endpoint" params={{ app: place, endpoint: endpoint.id }}>
              {endpoint.description === "" ? endpoint.id : endpoint.description}
            </Link>
          </li>
        </ul>
      </Note>
      {setup.length > 0 && (
        <>
          <h3>{t("templates.next")}</h3>
          <ol className={styles["list"]}>
            {setup.map((step) => (
              <li key={step}>
                <RichText text={step} isEnglish={false} />
              </li>
            ))}
          </ol>
        </>
      )}
    </Card>
  );
}

interface CodeProps {
  readonly title: string;
  /** Distinguishes this template from others with the same title. */
  readonly label?: string;
  readonly text: string;
}

function Code({ title, label = title, text }: CodeProps) {
  return (
    <>
      <h3>{title}</h3>
      <pre className={styles["code"]} tabIndex={0} role="group" aria-label={label}>
        {text}
      </pre>
    </>
  );
}

type Example = Template["examples"][number];

function Examples({ template: { examples } }: { readonly template: Template }) {
  const { t } = useTranslation();
  return (
    <Card title={t("templates.examples")} lead={t("templates.examplesLead")}>
      {examples.map((example) => (
        <details key={example.title}>
          <summary>{example.title}</summary>
          <div className={styles["example"]}>
            {example.steps.map((step, index) => (
              <Step key={index} step={step} number={index + 1} />
            ))}
            <p>
              {t("templates.receives")}: <Tags names={example.receives} none={t("templates.receivesNone")} />
            </p>
          </div>
        </details>
      ))}
    </Card>
  );
}

interface StepProps {
  readonly step: Example["steps"][number];
  readonly number: number;
}

function Step({ step, number }: StepProps) {
  const { t } = useTranslation();
  const { kind, eventType = "", payload, body, minutes = 0 } = step;
  if (kind === "wait") return <p>{t("templates.steps.wait", { count: minutes })}</p>;
  const title = t(`templates.steps.${kind}`, { type: eventType });
  const content: unknown = payload ?? body ?? "";
  const text = typeof content === "string" ? content : JSON.stringify(content, null, 2);
  return <Code title={title} label={`${number}. ${title}`} text={text} />;
}
