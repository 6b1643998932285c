import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { fixedList } from "../api/list.ts";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";
import { type FormValues, SelectField } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { Failed, Loading } from "../components/state.tsx";
import { Table } from "../components/table.tsx";
import { Time } from "../components/time.tsx";
import type { Source } from "../lib/source-form.ts";
import { SourceSecretField } from "./source-secret-field.tsx";
import { type SecretWarning, SecretWarnings } from "./secret-warnings.tsx";
import { AddButton, FormDialog } from "../components/form-dialog.tsx";

/** Seconds for which the previous secrets stay valid; `null` means until they are deleted. */
const OVERLAPS = { stay: null, none: 0, hour: 3600, day: 86_400, week: 604_800 } as const;
type Overlap = keyof typeof OVERLAPS;

/** Secrets that the provider signs with; several during a rotation. */
export function SourceSecrets({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const key = ["source", source.id, "secrets"];
  const [warnings, setWarnings] = useState<readonly SecretWarning[]>([]);
  const secrets = useQuery({
    queryKey: key,
    queryFn: () =>
      must(api.GET("/ingest/api/v1/source/{source_id}/secret", { params: { path: { source_id: source.id } } })),
  });
  const remove = async (id: string): Promise<void> => {
    const params = { path: { source_id: source.id, secret_id: id } };
    await must(api.DELETE("/ingest/api/v1/source/{source_id}/secret/{secret_id}", { params }));
    await queries.invalidateQueries({ queryKey: key });
  };
  return (
    <Card
      title={t("sourceSecrets.title")}
      lead={t("sourceSecrets.lead")}
      actions={<NewSecret source={source} onAdded={setWarnings} />}
    >
      <SecretWarnings warnings={warnings} />
      {secrets.error !== null ? (
        <Failed error={secrets.error} retry={() => void secrets.refetch()} />
      ) : secrets.data === undefined ? (
        <Loading lines={2} />
      ) : (
        <Table
          label={t("sourceSecrets.title")}
          list={fixedList(secrets.data.data)}
          rowKey={(row) => row.id}
          empty={t("sourceSecrets.none")}
          columns={[
            {
              key: "created",
              label: t("sourceSecrets.added"),
              cell: (row) => <Time at={row.createdAt} relative />,
            },
            {
              key: "expires",
              label: t("sourceSecrets.until"),
              cell: (row) => (row.expiresAt === null ? t("sourceSecrets.noExpiry") : <Time at={row.expiresAt} />),
            },
            {
              key: "delete",
              label: "",
              tight: true,
              cell: (row) => (
                <Confirm
                  needs="sources:write"
                  trigger={
                    <Button small kind="danger">
                      {t("actions.delete")}
                    </Button>
                  }
                  title={t("sourceSecrets.deleteTitle")}
                  text={t("sourceSecrets.deleteText")}
                  action={t("actions.delete")}
                  danger
                  onConfirm={() => remove(row.id)}
                />
              ),
            },
          ]}
        />
      )}
    </Card>
  );
}

interface NewSecretProps {
  readonly source: Source;
  readonly onAdded: (warnings: readonly SecretWarning[]) => void;
}

function NewSecret({ source, onAdded }: NewSecretProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const add = useMutation({
    mutationFn: ({ secret = "", overlap = "day" }: FormValues) =>
      must(
        api.POST("/ingest/api/v1/source/{source_id}/secret", {
          params: { path: { source_id: source.id } },
          body: { secret, overlapSeconds: OVERLAPS[overlap as Overlap] },
        }),
      ),
    onSuccess: async ({ warnings = [] }) => {
      setOpen(false);
      onAdded(warnings);
      await queries.invalidateQueries({ queryKey: ["source", source.id, "secrets"] });
    },
  });
  return (
    <FormDialog
      needs="sources:write"
      trigger={
        <AddButton kind="plain" small>
          {t("sourceSecrets.add")}
        </AddButton>
      }
      title={t("sourceSecrets.add")}
      open={open}
      onOpenChange={setOpen}
      submit={t("sourceSecrets.add")}
      onSubmit={(values) => add.mutate(values)}
      error={add.error}
      busy={add.isPending}
    >
      <SourceSecretField help={t("sourceSecrets.addHelp")} required autoFocus />
      <SelectField
        name="overlap"
        label={t("sourceSecrets.overlap")}
        value="day"
        choices={(Object.keys(OVERLAPS) as Overlap[]).map((value) => ({
          value,
          label: t(`sourceSecrets.overlaps.${value}`),
        }))}
      />
    </FormDialog>
  );
}
