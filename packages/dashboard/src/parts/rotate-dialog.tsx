import { useMutation } from "@tanstack/react-query";
import { type ReactElement, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Needs } from "../components/allowed.tsx";
import { FormDialog } from "../components/form-dialog.tsx";
import type { FormValues } from "../components/form.tsx";
import { GRACE, type Grace } from "../lib/grace.ts";
import { GraceField } from "./grace-field.tsx";

export interface RotateDialogProps<Result> extends Needs {
  readonly trigger: ReactElement;
  /** Information for the receiver in addition to the grace period. */
  readonly text?: string;
  /** Replaces the token. Earlier ones stay valid for this many seconds. */
  readonly rotate: (graceSeconds: number) => Promise<Result>;
  readonly onRotated: (result: Result) => unknown;
}

/** Replaces a token after asking how long the earlier one stays valid. */
export function RotateDialog<Result>({ trigger, text, rotate, onRotated, ...needs }: RotateDialogProps<Result>) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const change = useMutation({
    mutationFn: ({ grace = "day" }: FormValues) => rotate(GRACE[grace as Grace]),
    onSuccess: async (result) => {
      setOpen(false);
      await onRotated(result);
    },
  });
  return (
    <FormDialog
      {...needs}
      trigger={trigger}
      title={t("feed.rotateTitle")}
      open={open}
      onOpenChange={setOpen}
      submit={t("feed.rotate")}
      onSubmit={(values) => change.mutate(values)}
      error={change.error}
      busy={change.isPending}
    >
      {text !== undefined && <p className="muted">{text}</p>}
      <GraceField label={t("feed.grace")} />
    </FormDialog>
  );
}
