import { useMutation, useQueryClient } from "@tanstack/react-query";
import { BadgeCheck } from "lucide-react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { FormError } from "../components/form.tsx";
import { Note } from "../components/state.tsx";
import type { Source } from "../lib/source-form.ts";

/** Sends the source a request that the server signs as the provider would, and shows how it was answered. */
export function SourceTest({ source }: { readonly source: Source }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const test = useMutation({
    mutationFn: () =>
      must(api.POST("/ingest/api/v1/source/{source_id}/test", { params: { path: { source_id: source.id } } })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["recent-messages", source.id] });
      await queries.invalidateQueries({ queryKey: ["source", source.id] });
    },
  });
  return (
    <>
      <p className="muted">{t("sourceTest.lead")}</p>
      <p>
        <Button needs="messages:publish" onClick={() => test.mutate()} disabled={test.isPending}>
          <BadgeCheck aria-hidden />
          {t("sourceTest.send")}
        </Button>
      </p>
      <FormError error={test.error} />
      <div role="status">
        {test.data !== undefined && (
          <Note tone={test.data.accepted ? "good" : "bad"}>
            {t(test.data.accepted ? "sourceTest.accepted" : "sourceTest.refused", { status: test.data.status })}
          </Note>
        )}
      </div>
    </>
  );
}
