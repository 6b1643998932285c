import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import type { components } from "../api/schema.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { CodeBlock } from "../components/code-block.tsx";
import { Copyable } from "../components/copy.tsx";
import { Confirm } from "../components/dialog.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";
import { FormError, type FormValues, TextField } from "../components/form.tsx";
import { ListSection, timeColumn } from "../components/list-page.tsx";
import { subscribeCommand, topicsKey } from "../lib/subscriptions.ts";
import { DeleteRow } from "./delete-row.tsx";
import styles from "./row-actions.module.css";
import { TypePicker } from "./type-picker.tsx";

type Topic = components["schemas"]["WebSubTopicOut"];

interface HubTopicsProps {
  readonly app: string;
}

/** Topics of the WebSub hub, with the URLs that subscribers need. */
export function HubTopics({ app }: HubTopicsProps) {
  const { t } = useTranslation();
  const list = useList(topicsKey(app), (query) =>
    must(api.GET("/api/v1/app/{app_id}/websub/topic", { params: { path: { app_id: app }, query } })),
  );
  return (
    <ListSection
      title={t("subscriptions.topics")}
      lead={t("subscriptions.topicsLead")}
      actions={<NewTopic app={app} />}
      list={list}
      rowKey={({ id }) => id}
      empty={t("subscriptions.noTopics")}
      emptyAction={<CodeBlock label={t("subscriptions.subscribeCommand")} text={subscribeCommand("TOPIC_URL")} />}
      columns={[
        { key: "topic", label: t("subscriptions.topic"), cell: (topic) => <Name topic={topic} /> },
        {
          key: "events",
          label: t("subscriptions.events"),
          cell: ({ eventTypes }) => eventTypes?.join(", ") ?? t("endpoints.allTypes"),
        },
        { key: "state", label: t("subscriptions.state"), cell: (topic) => <State topic={topic} /> },
        timeColumn(t("applications.created"), "createdAt"),
        {
          key: "actions",
          label: t("subscriptions.actions"),
          tight: true,
          end: true,
          cell: (topic) => <Actions app={app} topic={topic} />,
        },
      ]}
    />
  );
}

interface TopicProps {
  readonly topic: Topic;
}

function Name({ topic: { id, description, url } }: TopicProps) {
  return (
    <div>
      <strong>{description === "" ? id : description}</strong>
      <br />
      <Copyable text={url}>{`…/${url.slice(-8)}`}</Copyable>
    </div>
  );
}

function State({ topic: { disabled } }: TopicProps) {
  const { t } = useTranslation();
  return disabled ? (
    <Badge tone="warn">{t("subscriptions.states.disabled")}</Badge>
  ) : (
    <Badge tone="good">{t("subscriptions.states.active")}</Badge>
  );
}

function Actions({ app, topic: { id, disabled } }: TopicProps & HubTopicsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = { app_id: app, topic_id: id };
  const refresh = () => queries.invalidateQueries({ queryKey: topicsKey(app) });
  const rotate = async (): Promise<void> => {
    await must(api.POST("/api/v1/app/{app_id}/websub/topic/{topic_id}/rotate", { params: { path } }));
    await refresh();
  };
  const toggle = useMutation({
    mutationFn: () =>
      must(
        api.PATCH("/api/v1/app/{app_id}/websub/topic/{topic_id}", { params: { path }, body: { disabled: !disabled } }),
      ),
    onSuccess: refresh,
  });
  return (
    <div className={styles["actions"]}>
      <FormError error={toggle.error} />
      <Button needs="endpoints:write" small disabled={toggle.isPending} onClick={() => toggle.mutate()}>
        {t(disabled ? "subscriptions.enable" : "subscriptions.disable")}
      </Button>
      <Confirm
        needs="endpoints:write"
        trigger={<Button small>{t("subscriptions.rotateUrl")}</Button>}
        title={t("subscriptions.rotateUrlTitle")}
        text={t("subscriptions.rotateUrlText")}
        action={t("subscriptions.rotateUrl")}
        danger
        onConfirm={rotate}
      />
      <DeleteRow
        needs="endpoints:write"
        action={t("actions.delete")}
        title={t("subscriptions.deleteTopicTitle")}
        text={t("subscriptions.deleteTopicText")}
        lists={[["hub", app]]}
        remove={() => must(api.DELETE("/api/v1/app/{app_id}/websub/topic/{topic_id}", { params: { path } }))}
      />
    </div>
  );
}

const DEFAULT_MAX = 1000;
const MOST = 10_000;

function NewTopic({ app }: HubTopicsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const create = useMutation({
    mutationFn: ({ description = "", eventTypes = "", max = "" }: FormValues) => {
      const names = eventTypes.split(",").flatMap((name) => (name.trim() === "" ? [] : [name.trim()]));
      return must(
        api.POST("/api/v1/app/{app_id}/websub/topic", {
          params: { path: { app_id: app } },
          body: { description, eventTypes: names, maxSubscriptions: Number(max), disabled: false },
        }),
      );
    },
    onSuccess: async () => {
      setOpen(false);
      await queries.invalidateQueries({ queryKey: topicsKey(app) });
    },
  });
  return (
    <FormDialog
      needs="endpoints:write"
      trigger={<AddButton kind="plain">{t("subscriptions.newTopic")}</AddButton>}
      title={t("subscriptions.newTopic")}
      open={open}
      onOpenChange={setOpen}
      submit={t("actions.create")}
      onSubmit={(values) => create.mutate(values)}
      error={create.error}
      busy={create.isPending}
    >
      <TextField
        name="description"
        label={t("subscriptions.description")}
        help={t("subscriptions.descriptionHelp")}
        autoFocus
      />
      <TypePicker app={app} value={[]} />
      <TextField
        name="max"
        type="number"
        label={t("subscriptions.maxSubscriptions")}
        value={String(DEFAULT_MAX)}
        min={1}
        max={MOST}
        required
      />
    </FormDialog>
  );
}
