import type { ButtonHTMLAttributes } from "react";
import styles from "./button.module.css";

export type ButtonKind = "plain" | "primary" | "danger" | "quiet";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly kind?: ButtonKind;
}

export function buttonClass(kind: ButtonKind): string {
  return kind === "plain" ? styles["button"]! : `${styles["button"]} ${styles[kind]}`;
}

/** A button does nothing by itself: `type` is "button" unless it is said to submit. */
export function Button({ kind = "plain", type = "button", className, ...rest }: ButtonProps) {
  return <button type={type} className={`${buttonClass(kind)} ${className ?? ""}`} {...rest} />;
}
