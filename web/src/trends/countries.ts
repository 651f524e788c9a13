import codes from "i18n-iso-countries/codes.json" with { type: "json" };
import english from "i18n-iso-countries/langs/en.json" with { type: "json" };

// Names that people and browsers use beside the standard's own.
const OTHER_NAMES: Record<string, string> = {
  "south korea": "410",
  "north korea": "408",
  "united kingdom": "826",
  "great britain": "826",
  "united states": "840",
  "czech republic": "203",
  "ivory coast": "384",
  kosovo: "Kosovo",
  xk: "Kosovo",
  xkx: "Kosovo",
};

const ids = new Map<string, string>();
const numericByAlpha2 = new Map<string, string>();
for (const [alpha2, alpha3, numeric] of codes as string[][]) {
  if (!alpha2 || !alpha3 || !numeric) continue;
  numericByAlpha2.set(alpha2, numeric);
  for (const code of [alpha2, alpha3]) ids.set(code.toLowerCase(), numeric);
}
for (const [alpha2, names] of Object.entries(english.countries as Record<string, string | string[]>)) {
  const id = numericByAlpha2.get(alpha2);
  if (id) for (const name of [names].flat()) ids.set(fold(name), id);
}

// Last, because the standard's list has a code for Kosovo that the map does not know.
for (const [name, id] of Object.entries(OTHER_NAMES)) ids.set(name, id);

/** The map's id (ISO 3166-1 numeric) for a code of two or three letters or an English name; null for no country. */
export function countryId(value: string): string | null {
  return ids.get(fold(value)) ?? null;
}

function fold(name: string): string {
  return name.trim().normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
