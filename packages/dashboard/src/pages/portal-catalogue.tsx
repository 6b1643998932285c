/** Event types that a customer can receive, with schemas, examples, and a form to send an example. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Send } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Badge, Count } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { Form, type FormValues, SelectField } from "../components/form.tsx";
import { Card, Columns, Page, Section } from "../components/page.tsx";
import { Payload } from "../components/payload.tsx";
import { Empty, Failed, Loading } from "../components/state.tsx";
import { examplesOf } from "../../../posthorn/src/domain/event-type/schema-examples.ts";
import { groupTypes, searchGroups } from "../lib/type-groups.ts";
import { useEventType } from "../parts/use-event-type.ts";
import { useAudience } from "../session/audience.ts";
import { useApplication } from "../session/use-application.ts";
import styles from "./portal-catalogue.module.css";

type EventType = components["schemas"]["EventTypeOut"];

export function PortalCatalogue() {
  const { t } = useTranslation();
  const [words, setWords] = useState("");
  const types = useQuery({
    queryKey: ["event-types", "names"],
    queryFn: () => must(api.GET("/api/v1/event-type", { params: { query: { limit: 250 } } })),
  });
  const groups = useMemo(() => groupTypes(types.data?.data ?? []), [types.data]);
  const found = searchGroups(groups, words);
  return (
    <Page title={t("portal.nav.catalogue")} lead={t("portal.catalogue.lead")}>
      {types.error !== null && <Failed error={types.error} retry={() => void types.refetch()} />}
      {types.isPending && <Loading />}
      {types.data !== undefined && (
        <>
          <input
            type="search"
            className={styles["search"]}
            value={words}
            aria-label={t("portal.types.search")}
            placeholder={t("portal.types.search")}
            onChange={(event) => setWords(event.target.value)}
          />
          {found.length === 0 && <Empty>{t("portal.catalogue.none")}</Empty>}
          {found.map((group) => (
            <Section key={group.name} title={group.name} actions={<Count>{group.types.length}</Count>}>
              <ul className={styles["types"]}>
                {group.types.map(({ name, description }) => (
                  <li key={name}>
                    <Link to="/portal/event-types/$name" params={{ name }} className={styles["type"]}>
                      <code>{name}</code>
                      <span>{description}</span>
                    </Link>
                  </li>
                ))}
              </ul>
            </Section>
          ))}
        </>
      )}
    </Page>
  );
}

export function PortalEventType() {
  const { t } = useTranslation();
  const { can } = useAudience();
  const { name } = useParams({ from: "/portal/event-types/$name" });
  const type = useEventType(name);
  if (type.error !== null) return <Failed error={type.error} retry={() => void type.refetch()} />;
  if (type.data === undefined) return <Loading />;
  return (
    <Page
      title={name}
      badge={type.data.archived ? <Badge tone="warn">{t("eventTypes.archived")}</Badge> : undefined}
      {...(type.data.description === "" ? {} : { lead: type.data.description })}
      crumbs={[
        <Link key="all" to="/portal/event-types">
          {t("portal.nav.catalogue")}
        </Link>,
      ]}
    >
      <Versions type={type.data} />
      {can("CreateAttempts") && <SendExample type={type.data} />}
    </Page>
  );
}

function Versions({ type }: { readonly type: EventType }) {
  const { t } = useTranslation();
  const schemas = (type.schemas ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const versions = Object.keys(schemas);
  const [version, setVersion] = useState(versions.at(-1) ?? "");
  const schema = schemas[version];
  if (schema === undefined) return <Empty>{t("portal.catalogue.noSchema")}</Empty>;
  return (
    <>
      {versions.length > 1 && (
        <SelectField
          label={t("eventTypes.version")}
          value={version}
          onChange={setVersion}
          choices={versions.map((value) => ({ value, label: value }))}
        />
      )}
      <Columns>
        <Card title={t("eventTypes.examples")}>
          {examplesOf(schema).map((example, index) => (
            <Payload
              key={index}
              label={t("eventTypes.example", { number: index + 1 })}
              text={JSON.stringify(example)}
              contentType="application/json"
            />
          ))}
        </Card>
        <Card title={t("eventTypes.schema")}>
          <Payload
            label={t("eventTypes.schemaOf", { version })}
            text={JSON.stringify(schema)}
            contentType="application/schema+json"
          />
        </Card>
      </Columns>
    </>
  );
}

/** Sends an example to one endpoint, signed like any other message. */
function SendExample({ type }: { readonly type: EventType }) {
  const { t } = useTranslation();
  const app = useApplication();
  const audience = useAudience();
  const navigate = useNavigate();
  const endpoints = useQuery({
    queryKey: ["endpoints", app, "choices"],
    queryFn: () =>
      must(api.GET("/api/v1/app/{app_id}/endpoint", { params: { path: { app_id: app }, query: { limit: 250 } } })),
  });
  const send = useMutation({
    mutationFn: ({ endpoint = "" }: FormValues) =>
      must(
        api.POST("/api/v1/app/{app_id}/endpoint/{endpoint_id}/send-example", {
          params: { path: { app_id: app, endpoint_id: endpoint } },
          body: { eventType: type.name },
        }),
      ),
    onSuccess: ({ id }) => navigate(audience.message(app, id)),
  });
  const choices = (endpoints.data?.data ?? []).map(({ id, url }) => ({ value: id, label: url }));
  return (
    <Card title={t("portal.catalogue.send")} lead={t("portal.catalogue.sendLead")}>
      {choices.length === 0 ? (
        <p className="muted">{t("endpoints.none")}</p>
      ) : (
        <Form
          onSubmit={(values) => send.mutate(values)}
          error={send.error}
          foot={
            <Button type="submit" kind="primary" disabled={send.isPending}>
              <Send aria-hidden />
              {t("actions.send")}
            </Button>
          }
        >
          <SelectField name="endpoint" label={t("endpoints.one")} value={choices[0]!.value} choices={choices} />
        </Form>
      )}
    </Card>
  );
}
