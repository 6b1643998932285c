import { AlertDialog } from "@base-ui/react/alert-dialog";
import { useBlocker } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { Button } from "../components/button.tsx";
import styles from "../components/dialog.module.css";

/** Asks before the page is left with unsaved changes, by a link, by the browser's buttons, or by closing the tab. */
export function UnsavedChanges({ when }: { readonly when: boolean }) {
  const { t } = useTranslation();
  const blocker = useBlocker({
    disabled: !when,
    enableBeforeUnload: when,
    // Changes of filters on the same page lose nothing.
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname || tabOf(current) !== tabOf(next),
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <AlertDialog.Root open onOpenChange={(open) => !open && blocker.reset()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles["backdrop"]} data-backdrop />
        <AlertDialog.Popup className={styles["popup"]}>
          <AlertDialog.Title>{t("editor.leaveTitle")}</AlertDialog.Title>
          <AlertDialog.Description className={styles["text"]}>{t("editor.leaveText")}</AlertDialog.Description>
          <div className={styles["foot"]}>
            <Button onClick={blocker.reset}>{t("editor.stay")}</Button>
            <Button kind="danger" onClick={blocker.proceed}>
              {t("editor.leave")}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

function tabOf({ search }: { readonly search: object }): unknown {
  return "tab" in search ? search.tab : undefined;
}
