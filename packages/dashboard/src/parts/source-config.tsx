/** Settings of a source that Posthorn reads. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { SaveFoot } from "../components/form-foot.tsx";
import { Form, FormRow, TextField } from "../components/form.tsx";
import { Card, Stack } from "../components/page.tsx";
import { Loading } from "../components/state.tsx";
import type { Source, SourceIn } from "../lib/source-form.ts";
import { configForm, sourceOfForm } from "../lib/source-kind.ts";
import { DestinationFields } from "./destination-fields.tsx";
import { useSourceKind } from "./use-destination-kinds.ts";

export function SourceConfig({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const kind = useSourceKind(source.kind);
  const save = useMutation({
    mutationFn: (body: SourceIn) =>
      must(api.PUT("/ingest/api/v1/source/{source_id}", { params: { path: { source_id: source.id } }, body })),
    onSuccess: async (saved) => {
      queries.setQueryData(["source", source.id], saved);
      await queries.invalidateQueries({ queryKey: ["sources"] });
    },
  });
  if (kind === undefined) return <Loading />;
  const form = configForm(source, kind);
  const { name, uid, dailyQuota, updatedAt } = source;
  return (
    <Form
      needs="sources:write"
      onSubmit={(values) => save.mutate(sourceOfForm(source, form, values))}
      error={save.error}
      foot={<SaveFoot save={save} />}
    >
      <Stack key={updatedAt}>
        <Card title={t("sourceEdit.general")}>
          <FormRow>
            <TextField name="name" label={t("applications.name")} value={name} required />
            <TextField name="uid" label={t("applications.uid")} value={uid ?? ""} help={t("sourceEdit.uidHelp")} />
          </FormRow>
          <TextField
            name="dailyQuota"
            type="number"
            min={1}
            label={t("sourceEdit.quota")}
            value={dailyQuota === null ? "" : String(dailyQuota)}
            help={t("sourceKinds.quotaHelp")}
          />
        </Card>
        <Card title={kind.title} lead={t("sourceKinds.configLead")}>
          <DestinationFields kind={form.kind} config={form.config} secrets={form.secrets} />
        </Card>
      </Stack>
    </Form>
  );
}
