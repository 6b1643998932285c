import type { ReactNode } from "react";
import styles from "./badge.module.css";

export type Tone = "neutral" | "good" | "bad" | "warn" | "info";

/** A state in a word. The colour only repeats what the word says. */
export function Badge({ tone = "neutral", children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return (
    <span className={`${styles["badge"]} ${styles["dot"]} ${tone === "neutral" ? "" : styles[tone]}`}>{children}</span>
  );
}

/** A number beside a word, such as how many rows a tab holds. */
export function Count({ children }: { readonly children: ReactNode }) {
  return <span className={`${styles["badge"]} numeric`}>{children}</span>;
}

/** A name that people gave: an event type, a channel, a tag. */
export function Tag({ children }: { readonly children: ReactNode }) {
  return <span className={styles["tag"]}>{children}</span>;
}

/** Names beside each other, or a dash. Those over `max` are counted. */
export function Tags({
  names,
  max = 8,
  none = "–",
}: {
  readonly names: readonly string[] | null | undefined;
  readonly max?: number;
  readonly none?: string;
}) {
  if (names === null || names === undefined || names.length === 0) return <span className="muted">{none}</span>;
  return (
    <span className={styles["tags"]}>
      {names.slice(0, max).map((name) => (
        <Tag key={name}>{name}</Tag>
      ))}
      {names.length > max && <Count>+{names.length - max}</Count>}
    </span>
  );
}
