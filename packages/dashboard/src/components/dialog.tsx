import { Dialog as BaseDialog } from "@base-ui/react/dialog";
import { type ReactElement, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";
import { Allowed, type Needs } from "./allowed.tsx";
import { ErrorText } from "./error-text.tsx";
import styles from "./dialog.module.css";

export interface DialogProps extends Needs {
  /** Element that opens the dialog. If absent, something else opens it, such as a menu item. */
  readonly trigger?: ReactElement;
  readonly title: string;
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly wide?: boolean;
  readonly children: ReactNode;
}

export function Dialog({ needs, needsIn, ...props }: DialogProps) {
  if (needs === undefined) return <PlainDialog {...props} />;
  return (
    <Allowed to={needs} app={needsIn}>
      <PlainDialog {...props} />
    </Allowed>
  );
}

function PlainDialog({ trigger, title, open, onOpenChange, wide = false, children }: Omit<DialogProps, keyof Needs>) {
  return (
    <BaseDialog.Root open={open} onOpenChange={onOpenChange}>
      {trigger !== undefined && <BaseDialog.Trigger render={trigger} />}
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className={styles["backdrop"]} data-backdrop />
        <BaseDialog.Popup className={`${styles["popup"]} ${wide ? styles["wide"] : ""}`}>
          <BaseDialog.Title>{title}</BaseDialog.Title>
          {children}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  );
}

export interface ConfirmProps extends Needs {
  readonly trigger: ReactElement;
  readonly title: string;
  readonly text: string;
  /** Label of the confirm button. */
  readonly action: string;
  readonly danger?: boolean;
  readonly onConfirm: () => Promise<unknown>;
  /** Further content above the buttons. */
  readonly children?: ReactNode;
}

/** Confirmation dialog. Stays open and shows the error when the action fails. */
export function Confirm({ trigger, title, text, action, danger = false, onConfirm, children, ...needs }: ConfirmProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await onConfirm();
      setOpen(false);
    } catch (failure) {
      setError(failure as Error);
    }
    setBusy(false);
  };
  return (
    <Dialog trigger={trigger} title={title} open={open} onOpenChange={setOpen} {...needs}>
      <p className={styles["text"]}>{text}</p>
      {children}
      {error !== null && (
        <p className={styles["error"]} role="alert">
          <ErrorText error={error} />
        </p>
      )}
      <div className={styles["foot"]}>
        <Button onClick={() => setOpen(false)}>{t("actions.cancel")}</Button>
        <Button kind={danger ? "danger" : "primary"} onClick={() => void confirm()} disabled={busy}>
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
