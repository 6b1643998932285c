import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, must } from "../api/client.ts";
import type { components } from "../api/schema.ts";
import { Requester } from "../components/requester.tsx";
import { Button } from "../components/button.tsx";
import { AreaField, Form } from "../components/form.tsx";
import { Card, Stack } from "../components/page.tsx";
import { Time } from "../components/time.tsx";

export interface IncidentNotesProps {
  readonly id: string;
  readonly notes: components["schemas"]["IncidentDetailOut"]["notes"];
}

/** Notes of an incident, newest first, with a form for another one. */
export function IncidentNotes({ id, notes }: IncidentNotesProps) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [saved, setSaved] = useState(0);
  const add = useMutation({
    mutationFn: (text: string) =>
      must(api.POST("/api/v1/incident/{incident_id}/note", { params: { path: { incident_id: id } }, body: { text } })),
    onSuccess: async () => {
      setSaved((count) => count + 1);
      await queries.invalidateQueries({ queryKey: ["incident", id] });
    },
  });
  return (
    <Card title={t("incidents.notes")}>
      <Stack>
        {notes.length === 0 ? (
          <p className="muted">{t("incidents.notesNone")}</p>
        ) : (
          notes.map((note) => (
            <div key={note.id}>
              <p className="muted">
                <Requester id={note.author} name={note.authorName} /> · <Time at={note.at} />
              </p>
              <p>{note.text}</p>
            </div>
          ))
        )}
        <Form
          // Empties the field after a note was saved.
          key={saved}
          needs="messages:replay"
          onSubmit={({ text = "" }) => add.mutate(text)}
          error={add.error}
          foot={
            <Button type="submit" disabled={add.isPending}>
              {t("incidents.addNote")}
            </Button>
          }
        >
          <AreaField name="text" label={t("incidents.note")} rows={3} required />
        </Form>
      </Stack>
    </Card>
  );
}
