import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import atlas from "world-atlas/countries-110m.json";
import type { Shape } from "../options/map.ts";

const ANTARCTICA = "010";

const topology = atlas as unknown as Topology<{ countries: GeometryCollection<{ name: string }> }>;
const countries = feature(topology, topology.objects.countries)
  .features.filter((country) => country.id !== ANTARCTICA)
  .map((country) => {
    const { name } = country.properties;
    // Places without a code in the standard are known by their name.
    return { ...country, properties: { id: country.id === undefined ? name : String(country.id), name } };
  });

/** What the map knows, by the ids that `countryId` answers. */
export const shapes: readonly Shape[] = countries.map((country) => country.properties);

/** GeoJSON for ECharts. */
export const world = { type: "FeatureCollection", features: countries } as Parameters<
  typeof import("echarts/core").registerMap
>[1];
