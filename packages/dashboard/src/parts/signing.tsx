import { useTranslation } from "react-i18next";
import { useState } from "react";
import { CodeBlock } from "../components/code-block.tsx";
import { SelectField } from "../components/form.tsx";
import { Card, Columns } from "../components/page.tsx";
import { customerSnippets, SNIPPETS } from "../lib/verify-snippets.ts";
import { useAudience } from "../session/audience.ts";
import { Secret } from "./endpoint-secret.tsx";
import { SignatureDoctor } from "./signature-doctor.tsx";
import styles from "./signing.module.css";

/** Signing of an endpoint: the secret, verification code, and the signature doctor. */
export function Signing({ app, id }: { readonly app: string; readonly id: string }) {
  return (
    <Columns>
      <div className={styles["stack"]}>
        <Secret app={app} id={id} />
        <SignatureDoctor app={app} id={id} />
      </div>
      <VerifyCode />
    </Columns>
  );
}

export function VerifyCode() {
  const { t } = useTranslation();
  const isPortal = useAudience().kind === "portal";
  const snippets = isPortal ? customerSnippets() : SNIPPETS;
  const [language, setLanguage] = useState(snippets[0]!.id);
  const { install, code, label } = snippets.find(({ id }) => id === language) ?? snippets[0]!;
  return (
    <Card title={t("portal.signing.code")} lead={t("portal.signing.codeLead")}>
      <SelectField
        label={t("portal.signing.language")}
        value={language}
        onChange={setLanguage}
        choices={snippets.map((one) => ({ value: one.id, label: one.label }))}
      />
      {install !== null && <CodeBlock label={t("portal.signing.install")} text={install} />}
      <CodeBlock label={`${t("portal.signing.code")}: ${label}`} text={code} />
    </Card>
  );
}
