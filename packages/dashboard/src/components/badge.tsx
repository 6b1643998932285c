import type { ReactNode } from "react";
import styles from "./badge.module.css";

export type Tone = "neutral" | "good" | "bad" | "warn" | "info";

/** A status in one word. Its colour carries no further information. */
export function Badge({ tone = "neutral", children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return (
    <span className={`${styles["badge"]} ${styles["dot"]} ${tone === "neutral" ? "" : styles[tone]}`}>{children}</span>
  );
}

/** A number next to a label. */
export function Count({ children }: { readonly children: ReactNode }) {
  return <span className={`${styles["badge"]} numeric`}>{children}</span>;
}

/** A user-defined name: an event type, a channel or a tag. */
export function Tag({ children }: { readonly children: ReactNode }) {
  return <span className={styles["tag"]}>{children}</span>;
}

/** List of names, or a dash when there are none. Names beyond `max` are counted. */
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
