import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { Tone } from "../components/badge.tsx";
import styles from "./message-view.module.css";

interface StepProps {
  readonly icon: LucideIcon;
  readonly tone: Tone;
  readonly title: ReactNode;
  readonly badge?: ReactNode;
  readonly end?: ReactNode;
  readonly children?: ReactNode;
}

/** One step in the timeline of a message. */
export function Step({ icon: Icon, tone, title, badge, end, children }: StepProps) {
  return (
    <li className={styles["step"]}>
      <span className={styles["mark"]} data-tone={tone} aria-hidden>
        <Icon />
      </span>
      <div className={styles["inside"]}>
        <div className={styles["title"]}>
          <h2>{title}</h2>
          {badge}
          {end !== undefined && <span className={styles["end"]}>{end}</span>}
        </div>
        {children}
      </div>
    </li>
  );
}
