import { Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Button, type ButtonProps } from "./button.tsx";
import { Dialog, type DialogProps } from "./dialog.tsx";
import { Form, type FormValues } from "./form.tsx";

export interface FormDialogProps extends DialogProps {
  /** Label of the submit button. */
  readonly submit: string;
  readonly danger?: boolean;
  readonly onSubmit: (values: FormValues) => void;
  readonly error: Error | null;
  /** Disables the submit button while the request is in flight. */
  readonly busy: boolean;
}

/** Dialog with a form, a cancel button and a submit button. Stays open and shows the error when the request fails. */
export function FormDialog({ submit, danger = false, onSubmit, error, busy, children, ...dialog }: FormDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog {...dialog}>
      <Form
        onSubmit={onSubmit}
        error={error}
        foot={
          <>
            <Button onClick={() => dialog.onOpenChange(false)}>{t("actions.cancel")}</Button>
            <Button type="submit" kind={danger ? "danger" : "primary"} disabled={busy}>
              {submit}
            </Button>
          </>
        }
      >
        {children}
      </Form>
    </Dialog>
  );
}

/** Button that opens the dialog to create something. */
export function AddButton({ children, kind = "primary", ...rest }: ButtonProps) {
  return (
    <Button kind={kind} {...rest}>
      <Plus aria-hidden />
      {children}
    </Button>
  );
}
