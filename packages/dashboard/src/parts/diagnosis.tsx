import { useTranslation } from "react-i18next";
import { ServerSentence } from "../components/server-sentence.tsx";
import { Note } from "../components/state.tsx";
import { serverText } from "../lib/server-text.ts";
import styles from "./diagnosis.module.css";

interface Finding {
  readonly code: string;
  readonly message: string;
}

export interface DiagnosisProps {
  readonly diagnosis: {
    readonly ok: boolean;
    readonly error?: Finding | null | undefined;
    readonly findings: readonly Finding[];
    readonly hints: readonly Finding[];
    /** Why the diagnosis stopped early. */
    readonly stopped?: string | null | undefined;
  };
  /** Text for a request that verifies. */
  readonly ok: string;
  /** Code of the verification error that the page already shows, so that it is not repeated. */
  readonly known?: string;
}

/** Result of a signature diagnosis: proven causes, or suspicions when nothing was proven. */
export function Diagnosis({ diagnosis, ok, known }: DiagnosisProps) {
  const { t, i18n } = useTranslation();
  const { error, findings, hints, stopped } = diagnosis;
  if (diagnosis.ok) return <Note tone="good">{ok}</Note>;
  const shown = findings.length > 0 ? findings : hints;
  const fault = error?.code === known ? null : error;
  return (
    <>
      <Note tone={findings.length > 0 ? "warn" : "info"}>
        {findings.length > 0 && t("doctor.proved")}
        {findings.length === 0 && !fault && t("doctor.nothing")}
        {findings.length === 0 && fault && (
          <ServerSentence {...serverText(i18n, "quarantine", fault.code, fault.message)} />
        )}
      </Note>
      {shown.length > 0 && (
        <ul className={styles["findings"]}>
          {shown.map(({ code, message }) => (
            <li key={code}>
              <ServerSentence {...serverText(i18n, "doctor", code, message)} /> <code className="muted">{code}</code>
            </li>
          ))}
        </ul>
      )}
      {findings.length === 0 && typeof stopped === "string" && <p className="muted">{t("doctor.stopped")}</p>}
    </>
  );
}
