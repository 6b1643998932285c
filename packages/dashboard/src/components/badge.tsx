import type { ReactNode } from "react";
import styles from "./badge.module.css";

export type Tone = "neutral" | "good" | "bad" | "warn" | "info";

/** A state in a word. The colour only repeats what the word says. */
export function Badge({ tone = "neutral", children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return <span className={`${styles["badge"]} ${tone === "neutral" ? "" : styles[tone]}`}>{children}</span>;
}
