/** Search over everything: a button, and Ctrl-K (⌘K on a Mac) on any page. The dialog is loaded when it is first opened. */
import { Search } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { IconButton } from "../components/button.tsx";
import styles from "./palette.module.css";

const PalettePanel = lazy(async () => {
  const { PalettePanel: component } = await import("./palette-panel.tsx");
  return { default: component };
});

interface PaletteProps {
  /** A button with an icon only, for narrow windows, where another palette handles the keys. */
  readonly compact?: boolean;
}

export function Palette({ compact = false }: PaletteProps) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (compact) return undefined;
    const press = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      setOpen((open) => !open);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [compact]);
  return (
    <>
      {compact ? (
        <IconButton label={t("palette.open")} onClick={() => setOpen(true)}>
          <Search aria-hidden />
        </IconButton>
      ) : (
        <button
          type="button"
          className={styles["open"]}
          aria-keyshortcuts="Control+K Meta+K"
          onClick={() => setOpen(true)}
        >
          <Search aria-hidden />
          <span>{t("palette.open")}</span>
          <kbd aria-hidden>{t("palette.keys")}</kbd>
        </button>
      )}
      {isOpen && (
        <Suspense fallback={null}>
          <PalettePanel onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
