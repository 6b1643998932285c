/** Dialogs that save, rename, duplicate, share and delete a view of a list. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import dialogStyles from "../components/dialog.module.css";
import { FormDialog } from "../components/form-dialog.tsx";
import { type FormValues, SwitchField, TextField } from "../components/form.tsx";
import { type SavedView, searchesPayloads, type ViewList } from "../lib/views.ts";
import { useAudience } from "../session/audience.ts";

export type Task =
  | { readonly kind: "save"; readonly view: null }
  | { readonly kind: "rename" | "duplicate" | "share" | "delete"; readonly view: SavedView };

export interface ViewDialogProps {
  readonly task: Task;
  readonly list: ViewList;
  /** Filters of the page, and the objects that its list belongs to. */
  readonly query: string;
  readonly isFiltered: boolean;
  /** Opens the view that was saved. */
  readonly onOpen: (view: SavedView) => void;
  readonly onClose: () => void;
}

const SUBMIT = {
  save: "actions.save",
  rename: "actions.save",
  duplicate: "actions.save",
  share: "views.shareAction",
  delete: "actions.delete",
} as const;

export function ViewDialog({ task, list, query, isFiltered, onOpen, onClose }: ViewDialogProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const mayShare = useAudience().may("views:share");
  const [isShared, setShared] = useState(false);
  const saving = useMutation({
    mutationFn: ({ name = "" }: FormValues) => run(task, { list, query, name, shared: isShared }),
    onSuccess: async (saved) => {
      await queries.invalidateQueries({ queryKey: ["views", list] });
      // A copy has the filters of the view, which can differ from those on the page.
      if (isNew && saved !== undefined) onOpen(saved);
      onClose();
    },
  });
  const { kind, view } = task;
  const isNew = kind === "save" || kind === "duplicate";
  const shareHelp = t(searchesPayloads(list, view?.query ?? query) ? "views.shareSearchHelp" : "views.shareHelp");
  return (
    <FormDialog
      title={t(`views.titles.${kind}`)}
      open
      onOpenChange={(open) => !open && onClose()}
      submit={t(SUBMIT[kind])}
      danger={kind === "delete"}
      onSubmit={(values) => saving.mutate(values)}
      error={saving.error}
      busy={saving.isPending}
    >
      {kind === "delete" ? (
        <p className={dialogStyles["text"]}>
          {t(view.shared ? "views.deleteShared" : "views.deleteText", { name: view.name })}
        </p>
      ) : kind === "share" ? (
        <p className={dialogStyles["text"]}>{shareHelp}</p>
      ) : (
        <TextField
          name="name"
          label={t("applications.name")}
          value={kind === "duplicate" ? t("views.copyOf", { name: view.name }) : (view?.name ?? "")}
          {...(kind === "save" ? { help: t(isFiltered ? "views.help" : "views.helpPlain") } : {})}
          required
          autoFocus
        />
      )}
      {isNew && mayShare && (
        <SwitchField label={t("views.share")} help={shareHelp} checked={isShared} onChange={setShared} />
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

function run({ kind, view }: Task, { list, query, name, shared }: NewView): Promise<SavedView | undefined> {
  if (kind === "save") return must(api.POST("/api/v1/saved-view", { body: { list, name, query, shared } }));
  if (kind === "duplicate")
    return must(api.POST("/api/v1/saved-view", { body: { list, name, query: view.query, shared } }));
  const params = { path: { view_id: view.id } };
  if (kind === "delete") return must(api.DELETE("/api/v1/saved-view/{view_id}", { params }));
  const body = kind === "rename" ? { name } : { shared: true };
  return must(api.PATCH("/api/v1/saved-view/{view_id}", { params, body }));
}
