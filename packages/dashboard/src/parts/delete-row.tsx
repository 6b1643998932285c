import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import type { Needs } from "../components/allowed.tsx";
import { Button } from "../components/button.tsx";
import { Confirm } from "../components/dialog.tsx";

export interface DeleteRowProps extends Needs {
  /** Label of the button, and of the one that confirms. */
  readonly action: string;
  readonly title: string;
  readonly text: string;
  readonly remove: () => Promise<unknown>;
  /** Lists that change with it. */
  readonly lists: readonly QueryKey[];
}

/** Button of a row that deletes it after a confirmation. */
export function DeleteRow({ action, title, text, remove, lists, ...needs }: DeleteRowProps) {
  const queries = useQueryClient();
  const confirm = async (): Promise<void> => {
    await remove();
    await Promise.all(lists.map((queryKey) => queries.invalidateQueries({ queryKey })));
  };
  return (
    <Confirm
      {...needs}
      trigger={
        <Button small kind="danger">
          {action}
        </Button>
      }
      title={title}
      text={text}
      action={action}
      danger
      onConfirm={confirm}
    />
  );
}
