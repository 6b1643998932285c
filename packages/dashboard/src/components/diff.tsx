import { diffLines } from "diff";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import styles from "./diff.module.css";

/** Maximum length of both texts together. Comparing longer texts would block the page. */
const MAX_LENGTH = 200_000;

export interface DiffProps {
  readonly label: string;
  readonly before: string;
  readonly after: string;
}

/** Line-by-line comparison of two texts. */
export function Diff({ label, before, after }: DiffProps) {
  const { t } = useTranslation();
  const tooLong = before.length + after.length > MAX_LENGTH;
  const parts = useMemo(
    () => (tooLong ? [] : diffLines(withFinalLineBreak(before), withFinalLineBreak(after))),
    [tooLong, before, after],
  );
  if (tooLong) return <p className="muted">{t("diff.tooLong")}</p>;
  return (
    // Scrollable regions must be reachable by keyboard.
    <div className={styles["diff"]} tabIndex={0} role="group" aria-label={label}>
      {parts.map((part, index) => {
        const kind = part.added ? "added" : part.removed ? "removed" : "same";
        return part.value
          .replace(/\n$/, "")
          .split("\n")
          .map((line, number) => (
            <div key={`${index} ${number}`} className={styles["line"]} data-kind={kind}>
              <span>{kind === "added" ? "+" : kind === "removed" ? "−" : ""}</span>
              <span>{line}</span>
            </div>
          ));
      })}
    </div>
  );
}

/** Adds a final line break, so that a missing one is not shown as a difference. */
function withFinalLineBreak(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
