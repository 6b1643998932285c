import { Menu as MenuIcon } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../components/button.tsx";

const DrawerPanel = lazy(async () => {
  const { DrawerPanel: component } = await import("./drawer-panel.tsx");
  return { default: component };
});

/** Navigation of narrow windows: a button, and a panel that is loaded when it is first opened. */
export function Drawer() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState(false);
  const show = (): void => {
    setAsked(true);
    setOpen(true);
  };
  return (
    <>
      <IconButton label={t("app.menu")} aria-haspopup="dialog" aria-expanded={open} onClick={show}>
        <MenuIcon aria-hidden />
      </IconButton>
      {asked && (
        <Suspense fallback={null}>
          <DrawerPanel open={open} onOpenChange={setOpen} />
        </Suspense>
      )}
    </>
  );
}
