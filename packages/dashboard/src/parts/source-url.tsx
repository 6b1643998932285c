import { useMutation, useQueryClient } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Copyable } from "../components/copy.tsx";
import { type FormValues, SelectField } from "../components/form.tsx";
import { Card } from "../components/page.tsx";
import { Note } from "../components/state.tsx";
import type { Source } from "../lib/source-form.ts";
import { FormDialog } from "../components/form-dialog.tsx";
import { SourceTest } from "./source-test.tsx";

/** Seconds for which the previous URL keeps working. */
const OVERLAPS = { none: 0, hour: 3600, day: 86_400, week: 604_800, month: 2_592_000 } as const;
type Overlap = keyof typeof OVERLAPS;

/** URL of the source, with a dialog to rotate it with an overlap. */
export function SourceUrl({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const rotate = useMutation({
    mutationFn: ({ overlap = "day" }: FormValues) =>
      must(
        api.POST("/ingest/api/v1/source/{source_id}/token/rotate", {
          params: { path: { source_id: source.id } },
          body: { overlapSeconds: OVERLAPS[overlap as Overlap] },
        }),
      ),
    onSuccess: ({ ingestUrl }) => {
      setOpen(false);
      queries.setQueryData(["source", source.id], { ...source, ingestUrl });
    },
  });
  return (
    <Card
      title={t("sources.url")}
      lead={t("sources.urlLead")}
      actions={
        <FormDialog
          needs="sources:write"
          trigger={
            <Button small>
              <RefreshCw aria-hidden />
              {t("sourceUrl.rotate")}
            </Button>
          }
          title={t("sourceUrl.rotate")}
          open={open}
          onOpenChange={setOpen}
          submit={t("sourceUrl.rotate")}
          onSubmit={(values) => rotate.mutate(values)}
          error={rotate.error}
          busy={rotate.isPending}
        >
          <p className="muted">{t("sourceUrl.rotateText")}</p>
          <SelectField
            name="overlap"
            label={t("sourceUrl.overlap")}
            value="day"
            choices={(Object.keys(OVERLAPS) as Overlap[]).map((value) => ({
              value,
              label: t(`sourceUrl.overlaps.${value}`),
            }))}
          />
        </FormDialog>
      }
    >
      <p>
        <Copyable text={source.ingestUrl ?? ""} />
      </p>
      <SourceTest source={source} />
      {rotate.isSuccess && <Note tone="good">{t("sourceUrl.rotated")}</Note>}
    </Card>
  );
}
