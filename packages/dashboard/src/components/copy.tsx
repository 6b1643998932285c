import { Check, Copy as CopyIcon } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import styles from "./copy.module.css";
import { Button, IconButton } from "./button.tsx";

const SHOWN_MS = 2000;

function useCopy(text: string | (() => string)): { readonly copied: boolean; readonly copy: () => void } {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (): void => {
    void navigator.clipboard.writeText(typeof text === "string" ? text : text()).then(() => setCopied(true));
  };
  return { copied, copy };
}

/** Button that copies a text. `label` replaces "Copy" where the context does not make clear what is copied. */
export function Copy({ text, label }: { readonly text: string | (() => string); readonly label?: string }) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy(text);
  return (
    <Button small onClick={copy} aria-live="polite">
      {copied ? <Check aria-hidden /> : <CopyIcon aria-hidden />}
      {copied ? t("actions.copied") : (label ?? t("actions.copy"))}
    </Button>
  );
}

/** A short value such as an ID, with a button that copies it. */
export function Copyable({ text, children }: { readonly text: string; readonly children?: string }) {
  const { t } = useTranslation();
  const { copied, copy } = useCopy(text);
  return (
    <span className={styles["copyable"]}>
      <code>{children ?? text}</code>
      <IconButton small label={copied ? t("actions.copied") : t("actions.copyThis", { text })} onClick={copy}>
        {copied ? <Check aria-hidden /> : <CopyIcon aria-hidden />}
      </IconButton>
    </span>
  );
}
