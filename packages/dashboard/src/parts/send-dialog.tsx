import { Send } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import { FormDialog, type FormDialogProps } from "../components/form-dialog.tsx";

export interface SendDialogProps extends Pick<
  FormDialogProps,
  "open" | "onOpenChange" | "onSubmit" | "error" | "busy" | "needs"
> {
  /** Name of the button, and of the dialog that it opens. */
  readonly title: string;
  readonly lead: string;
  readonly children: ReactNode;
}

/** Button and dialog that send something, by default to one endpoint, which needs `messages:replay`. */
export function SendDialog({ title, lead, children, ...dialog }: SendDialogProps) {
  const { t } = useTranslation();
  const trigger = (
    <Button>
      <Send aria-hidden />
      {title}
    </Button>
  );
  return (
    <FormDialog needs="messages:replay" {...dialog} trigger={trigger} title={title} submit={t("actions.send")}>
      <p className="muted">{lead}</p>
      {children}
    </FormDialog>
  );
}
