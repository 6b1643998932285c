import type { ComponentProps, ReactNode } from "react";
import styles from "./button.module.css";

export type ButtonKind = "plain" | "primary" | "danger" | "quiet";

export interface ButtonProps extends ComponentProps<"button"> {
  readonly kind?: ButtonKind;
  readonly small?: boolean;
}

export function buttonClass(kind: ButtonKind = "plain", small = false): string {
  return [styles["button"], kind === "plain" ? "" : styles[kind], small ? styles["small"] : ""]
    .filter((name) => name !== "")
    .join(" ");
}

/** Button whose `type` defaults to "button", so that it does not submit forms by accident. */
export function Button({ kind = "plain", small = false, type = "button", className, ...rest }: ButtonProps) {
  return <button type={type} className={`${buttonClass(kind, small)} ${className ?? ""}`} {...rest} />;
}

/** Button with an icon only. Its label is the accessible name and the tooltip. */
export function IconButton({
  label,
  children,
  kind = "quiet",
  small = false,
  type = "button",
  ...rest
}: ButtonProps & { readonly label: string; readonly children: ReactNode }) {
  return (
    <button
      type={type}
      className={`${buttonClass(kind, small)} ${styles["icon"]}`}
      aria-label={label}
      title={label}
      {...rest}
    >
      {children}
    </button>
  );
}
