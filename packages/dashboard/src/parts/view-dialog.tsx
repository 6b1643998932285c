/** Dialogs that save, rename, duplicate and delete a view of a list. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import dialogStyles from "../components/dialog.module.css";
import { FormDialog } from "../components/form-dialog.tsx";
import { type FormValues, SwitchField, TextField } from "../components/form.tsx";
import { type SavedView, viewLink, type ViewList } from "../lib/views.ts";
import { useAudience } from "../session/audience.ts";

export type Task =
  | { readonly kind: "save"; readonly view: null }
  | { readonly kind: "rename" | "duplicate" | "delete"; readonly view: SavedView };

export interface ViewDialogProps {
  readonly task: Task;
  readonly list: ViewList;
  /** Filters of the page. */
  readonly query: string;
  readonly onClose: () => void;
}

const SUBMIT = { save: "save", rename: "save", duplicate: "save", delete: "delete" } as const;

export function ViewDialog({ task, list, query, onClose }: ViewDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const mayShare = useAudience().may("views:share");
  const [isShared, setShared] = useState(false);
  const saving = useMutation({
    mutationFn: ({ name = "" }: FormValues) => run(task, { list, query, name, shared: isShared }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["views", list] });
      // The copy has the filters of the view, of which the page may show others.
      if (task.kind === "duplicate") await navigate(viewLink(list, task.view.query));
      onClose();
    },
  });
  const { kind, view } = task;
  const isNew = kind === "save" || kind === "duplicate";
  return (
    <FormDialog
      title={t(`views.titles.${kind}`)}
      open
      onOpenChange={(open) => !open && onClose()}
      submit={t(`actions.${SUBMIT[kind]}`)}
      danger={kind === "delete"}
      onSubmit={(values) => saving.mutate(values)}
      error={saving.error}
      busy={saving.isPending}
    >
      {kind === "delete" ? (
        <p className={dialogStyles["text"]}>
          {t(view.shared ? "views.deleteShared" : "views.deleteText", { name: view.name })}
        </p>
      ) : (
        <TextField
          name="name"
          label={t("applications.name")}
          value={kind === "duplicate" ? t("views.copyOf", { name: view.name }) : (view?.name ?? "")}
          {...(kind === "save" ? { help: t(query === "" ? "views.helpPlain" : "views.help") } : {})}
          required
          autoFocus
        />
      )}
      {isNew && mayShare && (
        <SwitchField label={t("views.share")} help={t("views.shareHelp")} checked={isShared} onChange={setShared} />
      )}
    </FormDialog>
  );
}

interface NewView {
  readonly list: ViewList;
  readonly query: string;
  readonly name: string;
  readonly shared: boolean;
}

function run({ kind, view }: Task, { list, query, name, shared }: NewView): Promise<unknown> {
  if (kind === "save") return must(api.POST("/api/v1/saved-view", { body: { list, name, query, shared } }));
  if (kind === "duplicate")
    return must(api.POST("/api/v1/saved-view", { body: { list, name, query: view.query, shared } }));
  const params = { path: { view_id: view.id } };
  return kind === "rename"
    ? must(api.PATCH("/api/v1/saved-view/{view_id}", { params, body: { name } }))
    : must(api.DELETE("/api/v1/saved-view/{view_id}", { params }));
}
