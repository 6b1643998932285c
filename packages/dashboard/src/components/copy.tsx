import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";

export function Copy({ text }: { readonly text: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <Button kind="quiet" onClick={() => void copy()} aria-live="polite">
      {t(copied ? "actions.copied" : "actions.copy")}
    </Button>
  );
}
