/** Tabs of a page. Each has its own URL (`?tab=`), so that it can be bookmarked and shared. */
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import styles from "./tabs.module.css";

export interface TabOf<Name extends string> {
  readonly name: Name;
  readonly label: string;
  readonly extra?: ReactNode;
}

export interface TabsProps<Name extends string> {
  readonly label: string;
  readonly tabs: readonly TabOf<Name>[];
  readonly current: Name;
}

export function Tabs<Name extends string>({ label, tabs, current }: TabsProps<Name>) {
  const first = tabs[0]?.name;
  const row = useRef<HTMLElement>(null);
  // Scrolls the current tab into view where the tabs are wider than the window, also when a phone is turned.
  useEffect(() => {
    const all = row.current;
    const shown = all?.querySelector<HTMLElement>(`[data-tab="${current}"]`);
    if (!all || !shown) return;
    const observer = new ResizeObserver(() => {
      all.scrollTo({ left: shown.offsetLeft - (all.clientWidth - shown.offsetWidth) / 2 });
    });
    observer.observe(all);
    return () => observer.disconnect();
  }, [current]);
  return (
    <nav ref={row} className={styles["tabs"]} aria-label={label}>
      {tabs.map(({ name, label: text, extra }) => (
        <Link
          key={name}
          to="."
          search={name === first ? {} : ({ tab: name } as never)}
          className={styles["tab"]}
          data-tab={name}
          activeProps={{ "aria-current": name === current ? "page" : undefined }}
          aria-current={name === current ? "page" : undefined}
          activeOptions={{ exact: true, includeSearch: true }}
          resetScroll={false}
        >
          {text}
          {extra}
        </Link>
      ))}
    </nav>
  );
}

/** The tab named in the URL, or the first one. */
export function tabOf<Name extends string>(names: readonly Name[], asked: unknown): Name {
  return names.find((name) => name === asked) ?? names[0]!;
}
