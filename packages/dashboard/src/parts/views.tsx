/** Saved views of a list: a menu that opens, saves and manages them. See `lib/views.ts`. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Bookmark, Check, ChevronDown } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import { Button } from "../components/button.tsx";
import { Menu, MenuGroup, MenuItem, MenuLine } from "../components/menu.tsx";
import { Note } from "../components/state.tsx";
import {
  type CurrentView,
  currentView,
  type Filter,
  readView,
  type SavedView,
  viewLink,
  type ViewList,
  viewQuery,
  viewsWithin,
} from "../lib/views.ts";
import { useAudience } from "../session/audience.ts";
import { type Task, ViewDialog } from "./view-dialog.tsx";
import styles from "./views.module.css";

/** Maximum number of views of a list that the menu shows. The palette finds the others. */
const MAX_SHOWN = 250;

export interface ViewsProps {
  readonly list: ViewList;
  /** Filters of the page, as its address has them. */
  readonly filter: object;
  /** Objects that the list on this page belongs to, by the name of the filter. Only views of the same ones are shown. */
  readonly within?: Filter;
  /** Shows other filters. By default, the page of the list opens with them. */
  readonly onFilter?: (filter: Filter, replace: boolean) => void;
}

const EVERYTHING: Filter = {};

export function Views({ list, filter: chosen, within = EVERYTHING, onFilter }: ViewsProps) {
  const { t } = useTranslation();
  const [task, setTask] = useState<Task | null>(null);
  const views = useQuery({
    queryKey: ["views", list],
    queryFn: () => must(api.GET("/api/v1/saved-view", { params: { query: { list, limit: MAX_SHOWN } } })),
  });
  const all = viewsWithin(views.data?.data ?? [], list, within);
  const filter = { ...within, ...chosen };
  const [current, setOpened] = useCurrent(all, list, filter);
  const navigate = useNavigate();
  // Views with the same filters have the same address, so the page is told which one it shows as soon as it has the filters.
  const show = async (query: string, replace: boolean): Promise<void> => {
    if (onFilter === undefined) await navigate({ ...viewLink(list, query), replace });
    else onFilter(readView(list, query).filter, replace);
  };
  const open = (view: SavedView, replace = false): void => {
    if (viewQuery(readView(list, view.query).filter) === viewQuery(filter)) setOpened(view.id);
    else void show(view.query, replace).then(() => setOpened(view.id));
  };
  const isFiltered = viewQuery(chosen) !== "";
  useDefault(all, isFiltered, { isLoaded: views.isSuccess, open: (view) => open(view, true) });
  const ignored = current === null || current.isChanged ? [] : readView(list, current.view.query).ignored;
  const label = current === null ? t("views.open") : current.view.name;
  return (
    <>
      <Menu
        trigger={
          <Button className={styles["open"]}>
            <Bookmark aria-hidden />
            <span className={styles["name"]}>
              {current?.isChanged === true ? t("views.changed", { name: label }) : label}
            </span>
            <ChevronDown aria-hidden />
          </Button>
        }
      >
        <ViewLinks
          views={all}
          current={current}
          isFiltered={isFiltered}
          onOpen={open}
          onClear={() => void show(viewQuery(within), false)}
        />
        <MenuItem onClick={() => setTask({ kind: "save", view: null })}>{t("views.save")}</MenuItem>
        {current !== null && <Actions list={list} filter={filter} current={current} onTask={setTask} />}
      </Menu>
      {ignored.length > 0 && <Note tone="warn">{t("views.ignored", { names: ignored.join(", ") })}</Note>}
      {task !== null && (
        <ViewDialog
          task={task}
          list={list}
          query={viewQuery(filter)}
          isFiltered={isFiltered}
          onOpen={open}
          onClose={() => setTask(null)}
        />
      )}
    </>
  );
}

/** The view that the page shows, and a function that chooses it by its ID. Remembers it, so that it is still named after the reader changed a filter. */
function useCurrent(
  views: readonly SavedView[],
  list: ViewList,
  filter: object,
): readonly [CurrentView | null, (id: string) => void] {
  const [opened, setOpened] = useState<string | null>(null);
  const current = currentView(views, list, filter, opened);
  const id = current?.view.id ?? null;
  if (views.length > 0 && id !== opened) setOpened(id);
  return [current, setOpened];
}

interface Opening {
  readonly isLoaded: boolean;
  readonly open: (view: SavedView) => void;
}

/** Opens the list with the default view of the reader, once, if the address has no filters. */
function useDefault(views: readonly SavedView[], isFiltered: boolean, { isLoaded, open }: Opening): void {
  const done = useRef(false);
  useEffect(() => {
    if (done.current) return;
    if (isFiltered) done.current = true;
    if (!isLoaded || done.current) return;
    done.current = true;
    const view = views.find((one) => one.default);
    if (view !== undefined) open(view);
  }, [views, isFiltered, isLoaded, open]);
}

interface LinksProps {
  readonly views: readonly SavedView[];
  readonly current: CurrentView | null;
  readonly isFiltered: boolean;
  readonly onOpen: (view: SavedView) => void;
  /** Removes the filters. */
  readonly onClear: () => void;
}

function ViewLinks({ views, current, isFiltered, onOpen, onClear }: LinksProps) {
  const { t } = useTranslation();
  const groups = [
    ["own", views.filter(({ own }) => own)],
    ["others", views.filter(({ own }) => !own)],
  ] as const;
  return (
    <>
      {groups.map(
        ([name, rows]) =>
          rows.length > 0 && (
            <MenuGroup key={name} label={t(`views.${name}`)}>
              {rows.map((view) => (
                <MenuItem key={view.id} onClick={() => onOpen(view)}>
                  <span className={styles["mark"]}>
                    {current?.view.id === view.id && <Check aria-label={t("views.current")} />}
                  </span>
                  <span>
                    {view.name}
                    <Facts view={view} />
                  </span>
                </MenuItem>
              ))}
            </MenuGroup>
          ),
      )}
      {isFiltered && <MenuItem onClick={onClear}>{t("views.none")}</MenuItem>}
      {(views.length > 0 || isFiltered) && <MenuLine />}
    </>
  );
}

/** Owners without a name: tokens have none, and removed users and keys lose theirs. */
const NAMELESS = { token: "views.organisation", user: "views.formerUser", key: "views.formerKey" } as const;

/** Labels of a view: whether it is shared, its owner, and whether the list opens with it. */
function Facts({ view: { own, shared, owner, default: isDefault } }: { readonly view: SavedView }) {
  const { t } = useTranslation();
  const nameOfOwner = owner.name ?? t(NAMELESS[owner.kind]);
  const facts = [
    ...(own ? (shared ? [t("views.isShared")] : []) : [nameOfOwner]),
    ...(isDefault ? [t("views.isDefault")] : []),
  ];
  return facts.length === 0 ? null : <span className={styles["facts"]}>{facts.join(" · ")}</span>;
}

interface ActionsProps {
  readonly list: ViewList;
  readonly filter: object;
  readonly current: CurrentView;
  readonly onTask: (task: Task) => void;
}

/** Actions on the view that the page shows. */
function Actions({ list, filter, current: { view, isChanged }, onTask }: ActionsProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const mayShare = useAudience().may("views:share");
  const changing = useMutation({
    mutationFn: (run: () => Promise<unknown>) => run(),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["views", list] }),
  });
  const params = { path: { view_id: view.id } };
  const patch = (body: { readonly query?: string; readonly shared?: boolean }): void =>
    changing.mutate(() => must(api.PATCH("/api/v1/saved-view/{view_id}", { params, body })));
  const setDefault = (): void =>
    changing.mutate(() =>
      must(
        view.default
          ? api.DELETE("/api/v1/saved-view/{view_id}/default", { params })
          : api.POST("/api/v1/saved-view/{view_id}/default", { params }),
      ),
    );
  return (
    <>
      <MenuLine />
      <MenuGroup label={view.name}>
        {isChanged && view.mayChange && (
          <MenuItem onClick={() => patch({ query: viewQuery(filter) })}>{t("views.update")}</MenuItem>
        )}
        <MenuItem onClick={setDefault}>{t(view.default ? "views.unsetDefault" : "views.setDefault")}</MenuItem>
        <MenuItem onClick={() => onTask({ kind: "duplicate", view })}>{t("views.duplicate")}</MenuItem>
        {view.mayChange && <MenuItem onClick={() => onTask({ kind: "rename", view })}>{t("views.rename")}</MenuItem>}
        {view.own && view.shared && <MenuItem onClick={() => patch({ shared: false })}>{t("views.unshare")}</MenuItem>}
        {view.own && !view.shared && mayShare && (
          <MenuItem onClick={() => onTask({ kind: "share", view })}>{t("views.share")}</MenuItem>
        )}
        {(view.own || view.mayChange) && (
          <MenuItem danger onClick={() => onTask({ kind: "delete", view })}>
            {t("views.delete")}
          </MenuItem>
        )}
      </MenuGroup>
    </>
  );
}
