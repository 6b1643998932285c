import { Dialog } from "@base-ui/react/dialog";
import { useTranslation } from "react-i18next";
import { Brand } from "./brand.tsx";
import { ServerName } from "./server-name.tsx";
import { Navigation } from "./navigation.tsx";
import { NoticesLink } from "./notices.tsx";
import styles from "./shell.module.css";

export interface DrawerPanelProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

export function DrawerPanel({ open, onOpenChange }: DrawerPanelProps) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles["backdrop"]} />
        <Dialog.Popup className={styles["drawer"]}>
          <Dialog.Title className="visually-hidden">{t("app.menu")}</Dialog.Title>
          <Brand />
          <ServerName />
          <Navigation onNavigate={() => onOpenChange(false)} />
          <NoticesLink />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
