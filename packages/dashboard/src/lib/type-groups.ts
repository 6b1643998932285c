/** Groups event types by their group, or by the part before the first dot. */

export interface TypeOfGroup {
  readonly name: string;
  readonly description: string;
}

export interface TypeGroup {
  readonly name: string;
  readonly types: readonly TypeOfGroup[];
}

export function groupTypes(types: readonly (TypeOfGroup & { readonly groupName?: string | null })[]): TypeGroup[] {
  const groups = new Map<string, TypeOfGroup[]>();
  for (const { name, description, groupName } of types.toSorted((a, b) => a.name.localeCompare(b.name))) {
    const group = groupName ?? name.split(".")[0]!;
    const inside = groups.get(group) ?? [];
    inside.push({ name, description });
    groups.set(group, inside);
  }
  return [...groups]
    .map(([name, inside]) => ({ name, types: inside }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Filters groups by text in the name or description of their types. */
export function searchGroups(groups: readonly TypeGroup[], words: string): readonly TypeGroup[] {
  const searched = words.trim().toLowerCase();
  if (searched === "") return groups;
  return groups.flatMap((group) => {
    const types = group.name.toLowerCase().includes(searched)
      ? group.types
      : group.types.filter(({ name, description }) => `${name} ${description}`.toLowerCase().includes(searched));
    return types.length === 0 ? [] : [{ ...group, types }];
  });
}
