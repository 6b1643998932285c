import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { CodeBlock } from "../components/code-block.tsx";
import { SelectField } from "../components/form.tsx";
import { publishSnippets, type PublishTarget } from "../lib/publish-snippets.ts";
import styles from "../pages/first-run.module.css";

export interface PublishCodeProps {
  readonly target: PublishTarget;
  /** Content above the code, such as the API key that it needs. */
  readonly children?: ReactNode;
}

/** Code that publishes a message, in nine languages. */
export function PublishCode({ target, children }: PublishCodeProps) {
  const { t } = useTranslation();
  const snippets = publishSnippets(target);
  const [language, setLanguage] = useState(snippets[0]!.id);
  const { label, install, code } = snippets.find(({ id }) => id === language) ?? snippets[0]!;
  return (
    <details>
      <summary>{t("firstRun.code")}</summary>
      <div className={styles["code"]}>
        <p className="muted">{t("firstRun.codeLead")}</p>
        {children}
        <SelectField
          label={t("portal.signing.language")}
          value={language}
          onChange={setLanguage}
          choices={snippets.map((one) => ({ value: one.id, label: one.label }))}
        />
        {install !== null && <CodeBlock label={t("portal.signing.install")} text={install} />}
        <CodeBlock label={`${t("firstRun.code")}: ${label}`} text={code} />
      </div>
    </details>
  );
}
