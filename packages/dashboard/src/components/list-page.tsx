/** Pages and sections that consist of one table, and columns that many tables have. */
import type { ReactNode } from "react";
import { Page, Section } from "./page.tsx";
import type { ColumnSort } from "./sort-select.tsx";
import { type Column, Table, type TableProps } from "./table.tsx";
import { Time } from "./time.tsx";

export interface ListPageProps<Row> extends Omit<TableProps<Row>, "label"> {
  readonly title: string;
  /** Purpose of the list in a sentence. */
  readonly lead: string;
  /** Buttons next to the title, such as one to create a row. */
  readonly actions?: ReactNode;
  /** Content above the table. */
  readonly children?: ReactNode;
}

export function ListPage<Row>({ title, lead, actions, children, ...table }: ListPageProps<Row>) {
  return (
    <Page title={title} lead={lead} actions={actions}>
      {children}
      <Table label={title} {...table} />
    </Page>
  );
}

/** A list as a section of a page, such as of the settings. */
export function ListSection<Row>({ title, lead, actions, children, ...table }: ListPageProps<Row>) {
  return (
    <Section title={title} actions={actions}>
      <p className="muted">{lead}</p>
      {children}
      <Table label={title} {...table} />
    </Section>
  );
}

/** Column with a relative time, at the end of the row. `field` names the time in the row. */
export function timeColumn<Field extends string>(
  label: string,
  field: Field,
  sort?: ColumnSort,
): Column<Readonly<Record<Field, string | null>>> {
  const cell = (row: Readonly<Record<Field, string | null>>) => <Time at={row[field]} relative />;
  return { key: field, label, end: true, tight: true, cell, ...(sort === undefined ? {} : { sort }) };
}
