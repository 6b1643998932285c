/** Search over everything: a button, and Ctrl-K (⌘K on a Mac) on any page. The dialog is loaded when it is first opened. */
import { Search } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
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
  // Typed before the dialog was loaded.
  const typed = useRef("");
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
        <Suspense fallback={<Waiting onType={(text) => (typed.current = text)} onClose={() => setOpen(false)} />}>
          <PalettePanel
            typed={typed}
            onClose={() => {
              typed.current = "";
              setOpen(false);
            }}
          />
        </Suspense>
      )}
    </>
  );
}

interface WaitingProps {
  readonly onType: (text: string) => void;
  readonly onClose: () => void;
}

/** Collects the typed text until the dialog is loaded. */
function Waiting({ onType, onClose }: WaitingProps) {
  const { t } = useTranslation();
  return (
    <div className={styles["popup"]}>
      <input
        className={styles["input"]}
        aria-label={t("palette.title")}
        placeholder={t("palette.placeholder")}
        autoComplete="off"
        spellCheck={false}
        autoFocus
        onChange={(event) => onType(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && onClose()}
      />
    </div>
  );
}
