import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { useList } from "../api/list.ts";
import { Badge } from "../components/badge.tsx";
import { Button } from "../components/button.tsx";
import { AddButton } from "../components/form-dialog.tsx";
import { ListSection } from "../components/list-page.tsx";
import { DeleteRow } from "../parts/delete-row.tsx";
import { type RedactionRule, RuleDialog } from "../parts/redaction-rule-form.tsx";
import { CREATE_REDACTION_RULE } from "../lib/api-command.ts";
import { ApiCommand } from "../parts/api-command.tsx";

const LIST = ["redaction-rules"] as const;
const DAY_SECONDS = 86_400;

/** Rules that hide values of payloads before they are stored. */
export function RedactionRules() {
  const { t } = useTranslation();
  const list = useList([...LIST], (page) => must(api.GET("/api/v1/redaction-rule", { params: { query: page } })));
  return (
    <ListSection
      title={t("redaction.title")}
      lead={t("redaction.lead")}
      actions={<NewRule />}
      list={list}
      rowKey={(row) => row.id}
      empty={t("redaction.none")}
      emptyAction={<ApiCommand call={CREATE_REDACTION_RULE} />}
      columns={[
        { key: "what", label: t("redaction.what"), cell: (row) => <Target rule={row} /> },
        { key: "action", label: t("redaction.action"), cell: (row) => t(`redaction.actions.${row.action}`) },
        { key: "where", label: t("redaction.where"), cell: (row) => <Scope rule={row} /> },
        {
          key: "kept",
          label: t("redaction.kept"),
          wideOnly: true,
          cell: ({ keepExactSeconds: seconds }) =>
            seconds === 0
              ? t("redaction.keptNone")
              : t("redaction.keptDays", { count: Math.round((seconds / DAY_SECONDS) * 10) / 10 }),
        },
        { key: "edit", label: "", tight: true, cell: (row) => <EditRule rule={row} /> },
        {
          key: "delete",
          label: "",
          tight: true,
          cell: (row) => (
            <DeleteRow
              needs="settings:write"
              action={t("actions.delete")}
              title={t("redaction.deleteTitle", { rule: row.path ?? row.pattern })}
              text={t("redaction.deleteText")}
              remove={() =>
                must(api.DELETE("/api/v1/redaction-rule/{rule_id}", { params: { path: { rule_id: row.id } } }))
              }
              lists={[[...LIST]]}
            />
          ),
        },
      ]}
    />
  );
}

function Target({ rule: { path, pattern, description, disabled } }: { readonly rule: RedactionRule }) {
  const { t } = useTranslation();
  return (
    <>
      <code>{path ?? pattern}</code> {disabled && <Badge>{t("redaction.disabled")}</Badge>}
      {description !== "" && <div className="muted">{description}</div>}
    </>
  );
}

function Scope({ rule: { appId, sourceId, eventTypes } }: { readonly rule: RedactionRule }) {
  const { t } = useTranslation();
  const only = appId ?? sourceId;
  return (
    <>
      {only === null ? t("redaction.everywhere") : <code>{only}</code>}
      <div className="muted">{eventTypes === null ? t("redaction.allTypes") : eventTypes.join(", ")}</div>
    </>
  );
}

function NewRule() {
  const { t } = useTranslation();
  const saved = useSaved();
  return (
    <RuleDialog
      trigger={<AddButton>{t("redaction.new")}</AddButton>}
      title={t("redaction.new")}
      submit={t("actions.create")}
      rule={null}
      save={({ scope, ...body }) => {
        const limit = scope === "" ? {} : scope.startsWith("src_") ? { sourceId: scope } : { appId: scope };
        return must(api.POST("/api/v1/redaction-rule", { body: { ...body, ...limit } }));
      }}
      onSaved={saved}
    />
  );
}

function EditRule({ rule }: { readonly rule: RedactionRule }) {
  const { t } = useTranslation();
  const saved = useSaved();
  return (
    <RuleDialog
      trigger={<Button small>{t("actions.edit")}</Button>}
      title={t("redaction.edit")}
      submit={t("actions.save")}
      rule={rule}
      save={({ scope: _scope, ...body }) =>
        must(api.PATCH("/api/v1/redaction-rule/{rule_id}", { params: { path: { rule_id: rule.id } }, body }))
      }
      onSaved={saved}
    />
  );
}

function useSaved(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: [...LIST] });
}
